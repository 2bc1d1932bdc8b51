"""A store of Arabic letters: own data drawn from a font, a reader, a small study and a scored generator of it."""

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.generators.scoring import ScoreConfig, score_epochs
from ocrgen.imaging.geometry import to_frame
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.config import StudyConfig
from ocrgen.study.runner import run_study
from tests.helpers.readers import train
from tests.helpers.runs import train_here
from tests.helpers.studies import SMALL_STUDY

LETTERS = tuple("أبتثجحخدذرزسشص")
N = 56  # labelled images of the study: four of each letter


@cache
def font(points: int) -> ImageFont.FreeTypeFont:
    """A font that comes with matplotlib and has Arabic letters."""
    (folder,) = find_spec("matplotlib").submodule_search_locations
    return ImageFont.truetype(Path(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf"), points)


def drawn(text: str, side: int, seed: int) -> np.ndarray:
    """A letter, black on white, uint8 (side, side), moved and turned a little by the seed."""
    rng = np.random.default_rng([seed, *map(ord, text)])
    page = Image.new("L", (side, side), 255)
    at = tuple(side / 2 + rng.uniform(-0.04, 0.04, 2) * side)
    ImageDraw.Draw(page).text(at, text, fill=0, font=font(round(0.7 * side)), anchor="mm")
    return np.asarray(page.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, fillcolor=255))


def png(text: str, seed: int = 99) -> bytes:
    """A picture of a letter that no reader here has learned from."""
    Image.fromarray(drawn(text, 300, seed)).save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


def fill(store: RunStore) -> None:
    """Train, study and score; of the first letter there are too few images for a distance of its own."""
    counts = [12] + [32] * (len(LETTERS) - 1)
    labels = np.repeat(np.arange(len(LETTERS)), counts)
    seeds = np.concatenate([np.arange(n) for n in counts])
    images = [to_frame(drawn(LETTERS[c], 56, int(s)), False) for c, s in zip(labels, seeds, strict=True)]
    store.root.mkdir(parents=True, exist_ok=True)
    file = data(store)
    np.savez(file, images=np.stack(images), labels=labels, classes=np.array(LETTERS))
    train(store, dataset=str(file), steps=150)
    config = StudyConfig(**SMALL_STUDY | {"dataset": str(file), "n": [N], "seeds": 1})
    run = store.create("study", config.model_dump(), "study-fair-arabic")
    assert jobs.execute(run, store, lambda run, stop: run_study(run, stop, lambda step, total: None)) == "done"
    generator = train_here(store, dataset=str(file), train={"epochs": 1})
    score_epochs(generator, ScoreConfig(run=generator.name, n=300), lambda: False, lambda step, total: None)


def data(store: RunStore):
    """The file of the letters."""
    return store.root.parent / "arabic.npz"


def study_of(store: RunStore) -> Run:
    (run,) = store.list("study")
    return run
