"""CPU seconds until a reader reads 99 % right: our recipe against the plain one, both chosen on validation data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np
import torch
import torch.nn.functional as F

from ocrgen.benchmark.baselines.loops import Items
from ocrgen.benchmark.lab import Lab, Part
from ocrgen.benchmark.measure import Times, timed
from ocrgen.datasets import Digits, Splits, load_digits
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.runs.jobs import Cancelled

TARGETS = {"mnist": 0.99}  # on validation data, by which alone is chosen; they are harder than the test images
OTHER_TARGET, QUICK_TARGET = 0.95, 0.9  # of data that are fewer, or harder; of a demo
BATCH, RATE = 64, 1e-3  # of the plain recipe
MOST_EPOCHS = 10
ROUNDS = 3  # each takes a minute or more


@dataclass(frozen=True)
class Recipe:
    """A way to train a reader for so many epochs, and the epochs that are tried, in order, to find how many it needs.

    `grow`: trains on from epoch to epoch; else each number of epochs is a training of its own, whose rate ends at zero.
    """

    name: str
    train: Callable[[Lab, Splits, float, int, float], tuple[Reader, float]]
    step: float
    grow: bool


def quick_recipe(lab: Lab, data: Splits, epochs: float, seed: int, target: float = 2.0) -> tuple[Reader, float]:
    """Our reader and the epochs that it took."""
    config = Reader.presets["fast"]
    steps = max(1, round(epochs * len(data.train) / config.batch))
    return train_reader(data.train, data.validation, config, steps, seed, stop=lab.stop).reader, epochs


def plain_recipe(lab: Lab, data: Splits, epochs: float, seed: int, target: float = 2.0) -> tuple[Reader, float]:
    """The same network the plain way: DataLoader, float32, Adam at one rate; ends where validation is at the target."""
    from torch.utils.data import DataLoader

    torch.manual_seed(seed)
    reader = Reader(Reader.presets["fast"]).to(memory_format=torch.contiguous_format)
    optimiser = torch.optim.Adam(reader.parameters(), RATE)
    loader = DataLoader(Items(data.train), batch_size=BATCH, shuffle=True)
    for epoch in count(1):
        reader.train()
        for images, labels in loader:
            optimiser.zero_grad()
            loss = F.cross_entropy(reader(images), labels)
            loss.backward()
            optimiser.step()
            loss.item()
            if lab.stop():
                raise Cancelled
        if epoch >= epochs or accuracy(reader, data.validation) >= target:
            return reader.eval(), epoch


RECIPES = (
    Recipe("reader, fast", quick_recipe, 0.5, grow=False),
    Recipe("plain recipe, fp32", plain_recipe, 1.0, grow=True),
)


def parts(lab: Lab) -> list[Part]:
    """One comparison."""
    return [partial(to_target, lab)]


def needed(lab: Lab, data: Splits, recipe: Recipe, target: float) -> float:
    """Epochs with which the recipe comes to the target on validation data; MOST_EPOCHS where it does not."""
    if recipe.grow:
        return recipe.train(lab, data, MOST_EPOCHS, 0, target)[1]
    # The first is one epoch, as short as anybody would train; a quick look doubles it until that is enough.
    for tried in (1, 2, 4, 8) if lab.config.quick else np.arange(1, MOST_EPOCHS, recipe.step):
        if accuracy(recipe.train(lab, data, float(tried), 0)[0], data.validation) >= target:
            return float(tried)
    return float(MOST_EPOCHS)


def to_target(lab: Lab) -> Iterator[dict]:
    """How many epochs each recipe needs is found with one seed; that many are timed, in turn, with others.

    Quick is on the bundled digits, which take seconds.
    """
    data = load_digits("digits") if lab.config.quick else lab.data
    name = data.train.name
    target = QUICK_TARGET if lab.config.quick else TARGETS.get(name, OTHER_TARGET)
    rounds = 1 if lab.config.quick else min(ROUNDS, lab.config.rounds)
    epochs = [needed(lab, data, recipe, target) for recipe in RECIPES]  # the warm-up, too
    spent = np.empty((rounds, len(RECIPES), 2))
    read = np.empty((rounds, len(RECIPES), 2))
    for i in range(rounds):
        for j, recipe in enumerate(RECIPES):
            found: list[Reader] = []
            spent[i, j] = timed(lambda r=recipe, k=epochs[j], s=i + 1, f=found: f.append(r.train(lab, data, k, s)[0]))
            read[i, j] = accuracy(found[0], data.validation), accuracy(found[0], data.test)
    a, b = (Times(recipe.name, 1, spent[:, j, 0], spent[:, j, 1]) for j, recipe in enumerate(RECIPES))
    told = [
        f"{recipe.name}: {epochs[j]:g} epochs, validation {read[:, j, 0].mean():.2%}, test {read[:, j, 1].mean():.2%}"
        for j, recipe in enumerate(RECIPES)
    ]
    note = f"to {target:.1%} of {len(data.validation):,} validation images of {name}; {'; '.join(told)}"
    yield lab.versus(a, b, "seconds", size=len(data.train), note=note)


def accuracy(reader: Reader, digits: Digits) -> float:
    """Share of the digits that it reads right."""
    return float((probabilities(reader, digits.images).argmax(1) == digits.labels).mean())
