"""Digits that touch are parted where a reader reads the parts; one digit stays whole, however wide."""

from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.components import Component, cropped
from ocrgen.imaging.cuts import candidate_cuts
from ocrgen.imaging.lattice import HEIGHT, Lattice
from ocrgen.imaging.normalisation import normalise_part
from ocrgen.imaging.touching import separate
from ocrgen.readers.runs import geometry_of, load
from ocrgen.readers.wholeness import judge_of
from ocrgen.runs.store import SHIPPED, RunStore
from tests.helpers.photos import draw
from tests.helpers.photos.pages import bundled


def drawn(draw) -> np.ndarray:
    """A mask of what `draw` does to a page of 300 x 200 pixels."""
    draw(ImageDraw.Draw(page := Image.new("L", (300, 200))))
    return np.asarray(page) > 128


def component(mask: np.ndarray) -> Component:
    return cropped(Component(0, mask.shape[0], 0, mask.shape[1], mask))


def two_rings(pen: ImageDraw.ImageDraw) -> None:
    for x in (40, 150):
        pen.ellipse((x, 50, x + 96, 150), outline=255, width=14)
    pen.line((130, 100, 156, 100), fill=255, width=8)


def ring(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((30, 60, 260, 160), outline=255, width=14)


@pytest.mark.parametrize("slant", [-0.5, 0, 0.4])
def test_a_cut_leads_through_the_contact_of_two_slanted_strokes(slant):
    def strokes(pen: ImageDraw.ImageDraw) -> None:
        for x in (110, 160):
            pen.line((x - 50 * slant, 150, x + 50 * slant, 50), fill=255, width=12)
        pen.line((110, 100, 160, 100), fill=255, width=4)

    ink = component(drawn(strokes)).mask[::2, ::2].astype(np.float32)
    through = [cut for cut in candidate_cuts(ink, 6) if cut.length <= 4 and cut.strokes == 1]
    assert min(abs(ink[cut.left].sum() / ink.sum() - 0.5) for cut in through) < 0.1


def test_parts_are_the_ink_between_the_cuts():
    lattice = Lattice(component(drawn(two_rings)))
    assert lattice.cuts and all(part.ink.shape[0] <= HEIGHT for part in lattice.parts.values())
    for k in range(1, len(lattice.cuts) + 1):
        left, right = lattice.divide([k])
        areas = [int(part.mask.sum()) for part in (left, right, lattice.component)]
        # Only slivers are lost.
        assert 0.92 * areas[2] <= areas[0] + areas[1] <= areas[2]


def test_without_a_reader_the_shape_decides():
    two, one = component(drawn(two_rings)), component(drawn(ring))
    parts = separate([two, one], 100)
    assert len(parts) == 3 and parts[2] is one
    assert parts[0].right <= parts[1].left


def test_what_is_single_by_its_shape_is_not_even_judged():
    def judge(parts):
        raise AssertionError("no need")

    stroke = component(drawn(lambda pen: pen.line((150, 30, 140, 170), fill=255, width=12)))
    dot = component(drawn(lambda pen: pen.ellipse((100, 100, 130, 120), fill=255)))
    assert [id(part) for part in separate([stroke, stroke, dot], 140, judge)] == [id(stroke), id(stroke), id(dot)]


@cache
def mnist_reader():
    reader, metadata = load(RunStore(SHIPPED, None).get("reader-augmented-mnist"))
    return reader, geometry_of(metadata)


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["touching barely", "touching ligature"])
def test_photographs_of_digits_that_touch(condition):
    # The reader misreads many of the bundled digits, which were 8 x 8 pixels, but it can tell how many there are.
    reader, geometry = mnist_reader()
    photos = [draw(condition, seed, bundled()) for seed in range(8)]
    pages = [read_picture(photo.data, geometry=geometry, judge=judge_of(reader)) for photo in photos]
    assert sum(len(page.characters) == 2 for page in pages) >= 6


@pytest.mark.slow
def test_single_digits_stay_whole():
    reader, geometry = mnist_reader()
    judged = judge_of(reader)

    def judge(parts):
        images = np.stack([normalise_part(part.ink, geometry) for part in parts])
        return judged.probabilities(images), judged.wholeness(np.stack([part.frame for part in parts]))

    cut = 0
    for image in bundled().images[:120]:
        mask = np.asarray(Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC)) > 100
        digit = component(mask)
        cut += len(separate([digit], digit.height, judge)) > 1
    assert cut <= 1
