"""A store of letters: own data drawn from a font, a reader, a small study and a scored generator of it."""

import numpy as np

from ocrgen.generators.scoring import ScoreConfig, score_epochs
from ocrgen.imaging.geometry import to_frame
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.plan import StudyConfig
from ocrgen.study.runner import run_study
from tests.helpers.letters import drawn
from tests.helpers.readers import train
from tests.helpers.runs import train_here
from tests.helpers.studies import SMALL_STUDY

LETTERS = tuple("أبتثجحخدذرزسشص")
FACE = "DejaVuSans"  # the one that has them
N = 56  # labelled images of the study: four of each letter


def fill(store: RunStore) -> None:
    """Train, study and score; of the first letter there are too few images for a distance of its own."""
    counts = [12] + [32] * (len(LETTERS) - 1)
    labels = np.repeat(np.arange(len(LETTERS)), counts)
    seeds = np.concatenate([np.arange(n) for n in counts])
    images = [to_frame(drawn(LETTERS[c], 56, 0.7, int(s), FACE), False) for c, s in zip(labels, seeds, strict=True)]
    store.root.mkdir(parents=True, exist_ok=True)
    file = data(store)
    np.savez(file, images=np.stack(images), labels=labels, classes=np.array(LETTERS))
    train(store, dataset=str(file), steps=150)
    config = StudyConfig(**SMALL_STUDY | {"dataset": str(file), "n": [N], "seeds": 1})
    run = store.create("study", config.model_dump(), "study-fair-letters")
    assert jobs.execute(run, store, lambda run, stop: run_study(run, stop, lambda step, total: None)) == "done"
    generator = train_here(store, dataset=str(file), train={"epochs": 1})
    score_epochs(generator, ScoreConfig(run=generator.name, n=300), lambda: False, lambda step, total: None)


def data(store: RunStore):
    """The file of the letters."""
    return store.root.parent / "letters.npz"


def study_of(store: RunStore) -> Run:
    (run,) = store.list("study")
    return run
