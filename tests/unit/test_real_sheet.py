"""Real images that stay with a training are read again as what they are, or not at all."""

import io

import numpy as np
import pytest
from PIL import Image

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.generators.reference_grid import GRID_ROWS, load_reference_grid, save_reference_grid
from tests.helpers.letters import LATIN, characters
from tests.helpers.runs import request


@pytest.fixture
def run(store):
    return store.create("train", request("cvae"), "a")


def test_kept_images_are_training_images_in_turn(run):
    train = load_data("digits").train
    save_reference_grid(train, run)
    kept = load_reference_grid(run, DIGITS)
    assert len(kept) == 10 * GRID_ROWS and kept.labels[:11].tolist() == [*range(10), 0]
    for image, label in zip(kept.images, kept.labels, strict=True):
        of_label = train.images[train.labels == label]
        assert (of_label == image).all((1, 2)).any()


@pytest.mark.parametrize("k", [2, 26])
def test_a_grid_has_a_column_for_each_class(run, k):
    letters = characters(LATIN[:k], 3)
    save_reference_grid(letters, run)
    kept = load_reference_grid(run, letters.classes)
    assert kept.classes == letters.classes and kept.counts.tolist() == [GRID_ROWS] * k
    for image, label in zip(kept.images, kept.labels, strict=True):
        assert (letters.images[letters.labels == label] == image).all((1, 2)).any()
    assert load_reference_grid(run, DIGITS) is None, "of other classes"


def png(size: tuple[int, int], mode: str = "L") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((size[1], size[0], *[3] * (mode == "RGB")), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [None, b"", b"nothing", png((280, 224))[:60], png((280, 252)), png((280, 224), "RGB"), png((20_000, 20_000))],
    ids=["missing", "empty", "noise", "cut", "tall", "colour", "huge"],
)
def test_what_is_no_such_sheet_is_none(run, content):
    if content is not None:
        (run.folder("samples") / "real.png").write_bytes(content)
    assert load_reference_grid(run, DIGITS) is None
