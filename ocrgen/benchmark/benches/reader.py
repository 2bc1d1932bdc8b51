"""CPU seconds to train a reader to 99 % accuracy: our recipe against a plain one, both tuned on validation data."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from ocrgen.benchmark.baselines.loops import TransformedImages
from ocrgen.benchmark.lab import Lab, Part
from ocrgen.benchmark.measure import Times, timed
from ocrgen.datasets import Characters, Splits, load_data
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.runs.jobs import Cancelled

TARGETS = {"mnist": 0.99}  # on validation data, which are harder than the test images
OTHER_TARGET, QUICK_TARGET = 0.95, 0.9  # of other data sets; of a quick benchmark
BATCH, RATE = 64, 1e-3  # of the plain recipe
MAX_EPOCHS = 10
ROUNDS = 3  # each takes a minute or more


class Train(Protocol):
    """Train a reader for `epochs`, or until it reaches `target` on validation data: the reader and its epochs."""

    def __call__(
        self, lab: Lab, data: Splits, epochs: float, seed: int, target: float = ...
    ) -> tuple[Reader, float]: ...


@dataclass(frozen=True)
class Recipe:
    """A way to train a reader, and the steps of epochs by which the number that it needs is searched for.

    grow: whether one training continues from epoch to epoch until the target is reached; else each number of epochs is
    a training of its own, since its learning rate decays to zero.
    """

    name: str
    train: Train
    step: float
    grow: bool


def quick_recipe(lab: Lab, data: Splits, epochs: float, seed: int, target: float = 2.0) -> tuple[Reader, float]:
    """Our recipe: preset `fast`, for exactly `epochs`."""
    config = Reader.presets["fast"]
    steps = max(1, round(epochs * len(data.train) / config.batch))
    return train_reader(data.train, data.validation, config, steps, seed, stop=lab.stop).reader, epochs


def plain_recipe(lab: Lab, data: Splits, epochs: float, seed: int, target: float = 2.0) -> tuple[Reader, float]:
    """The same network with DataLoader, float32 and Adam at a constant rate, until it reaches the target."""
    torch.manual_seed(seed)
    reader = Reader(Reader.presets["fast"], data.train.classes).to(memory_format=torch.contiguous_format)
    optimiser = torch.optim.Adam(reader.parameters(), RATE)
    loader = DataLoader(TransformedImages(data.train), batch_size=BATCH, shuffle=True)
    epoch = 0
    while True:
        epoch += 1
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


def epochs_needed(lab: Lab, data: Splits, recipe: Recipe, target: float) -> float:
    """Epochs that the recipe needs to reach the target on validation data; MAX_EPOCHS if it does not."""
    if recipe.grow:
        return recipe.train(lab, data, MAX_EPOCHS, 0, target)[1]
    # From one epoch on; a quick benchmark doubles it until it is enough.
    for epochs in (1, 2, 4, 8) if lab.config.quick else np.arange(1, MAX_EPOCHS, recipe.step):
        if accuracy(recipe.train(lab, data, float(epochs), 0)[0], data.validation) >= target:
            return float(epochs)
    return float(MAX_EPOCHS)


def to_target(lab: Lab) -> Iterator[dict]:
    """Find the epochs that each recipe needs with one seed, then time that many, in turn, with others.

    A quick benchmark uses the bundled digits, which take seconds.
    """
    data = load_data("digits") if lab.config.quick else lab.data
    name = data.train.name
    target = QUICK_TARGET if lab.config.quick else TARGETS.get(name, OTHER_TARGET)
    rounds = 1 if lab.config.quick else min(ROUNDS, lab.config.rounds)
    epochs = [epochs_needed(lab, data, recipe, target) for recipe in RECIPES]  # the warm-up, too
    spent = np.empty((rounds, len(RECIPES), 2))
    accuracies = np.empty((rounds, len(RECIPES), 2))
    for i in range(rounds):
        for j, recipe in enumerate(RECIPES):
            trained: list[Reader] = []
            spent[i, j] = timed(
                lambda r=recipe, k=epochs[j], s=i + 1, readers=trained: readers.append(r.train(lab, data, k, s)[0])
            )
            accuracies[i, j] = accuracy(trained[0], data.validation), accuracy(trained[0], data.test)
    a, b = (Times(recipe.name, 1, spent[:, j, 0], spent[:, j, 1]) for j, recipe in enumerate(RECIPES))
    summaries = [
        f"{recipe.name}: {k:g} epochs, validation {validation:.2%}, test {test:.2%}"
        for recipe, k, (validation, test) in zip(RECIPES, epochs, accuracies.mean(0), strict=True)
    ]
    note = f"to {target:.1%} of {len(data.validation):,} validation images of {name}; {'; '.join(summaries)}"
    yield lab.versus(a, b, "seconds", size=len(data.train), note=note)


def accuracy(reader: Reader, characters: Characters) -> float:
    """The share of images that are classified correctly."""
    return float((probabilities(reader, characters.images).argmax(1) == characters.labels).mean())
