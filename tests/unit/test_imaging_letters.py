"""A picture of a letter: one character with all its ink, at the size and in the shades of the letters of its set."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import Geometry, to_frame
from ocrgen.imaging.segmentation import whole
from ocrgen.readers.checkpoint import stored_geometry
from tests.helpers.letters import LATIN, characters, drawn, png
from tests.helpers.photos.pages import make
from tests.helpers.pictures import mass_centre

LETTERS = Geometry(box=16, centre=(14.0, 14.0), min_stroke=1.0, single=True, sizes=(8.0, 24.0))


def only(data: bytes, geometry: Geometry = LETTERS) -> np.ndarray:
    (character,) = read_picture(data, "letter.png", geometry).characters
    return character.image


def longest(image: np.ndarray) -> int:
    return int(np.ptp(np.argwhere(image > 64), 0).max()) + 1


@pytest.mark.parametrize("text", [*"ثشيiéÄ÷ن"])
@pytest.mark.parametrize("invert", [False, True])
def test_dots_and_accents_belong_to_their_letter(text, invert):
    page = drawn(text, 320, 0.6, face="DejaVuSans")
    image = only(png(255 - page if invert else page))
    expected = to_frame(page, False)
    assert np.abs(mass_centre(image) - 14).max() <= 0.51
    assert abs(longest(image) - longest(expected)) <= 1
    extents = [np.ptp(np.argwhere(i > 64), 0) for i in (image, expected)]
    assert np.abs(extents[0] - extents[1]).max() <= 1, "dots are as far away as they were"
    shift = np.rint(mass_centre(image) - mass_centre(expected)).astype(int)
    assert np.corrcoef(np.roll(expected, shift, (0, 1)).ravel(), image.ravel())[0, 1] > 0.8


def test_a_letter_keeps_its_size_within_those_of_its_set():
    for share in (0.25, 0.45, 0.85, 1.2):
        page = drawn("H", 320, share, face="DejaVuSans")
        expected = np.clip(longest(to_frame(page, False)), 8, 24)
        assert abs(longest(only(png(page))) - expected) <= 1
    tiny = only(png(drawn("H", 900, 0.08, face="DejaVuSans")))
    assert abs(longest(tiny) - LETTERS.box) <= 1, "so small a letter is in a picture that is laid out otherwise"
    assert abs(longest(only(png(drawn("H", 320, 0.85)), replace(LETTERS, sizes=None))) - LETTERS.box) <= 1


def test_a_faint_dot_is_kept_and_specks_are_not():
    page = drawn("ı", 320, 0.6, face="DejaVuSans").copy()
    bare = only(png(page))
    page[66:88, 150:172] = 170
    dotted = only(png(page))
    assert longest(dotted) > longest(bare) + 2
    page[5:9, 300:304] = 120
    assert longest(only(png(page))) == longest(dotted)


def test_whole_joins_what_is_large_enough():
    mask = np.zeros((200, 200), bool)
    mask[80:180, 60:80] = mask[40:60, 60:80] = True
    mask[10:14, 150:154] = True
    (character,), dropped = whole(mask, 20)
    assert (character.top, character.bottom, character.left, character.right, dropped) == (40, 180, 60, 80, 1)
    assert character.mask.sum() == 2400
    assert whole(mask & False, 20) == ([], 0)
    assert whole(mask, 150) == ([], 3), "too small for a character"
    mask[::20, ::20] = True
    crowd = np.kron(np.indices((8, 8)).sum(0) % 2 == 0, np.ones((25, 25), bool)) & (
        np.indices((200, 200)) % 25 < 15
    ).all(0)
    assert whole(crowd, 10)[0] == [], "so many pieces are no character"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "inverse", "shadow", "edge", "ruled", "jpeg", "colour"])
def test_a_photographed_letter_is_one_character(kind):
    letter = characters(LATIN, 1)[3:6]
    for seed in range(2):
        data, (label,) = make(seed, kind, letter)
        image = only(data)
        assert image.max() == 255 and 7 <= longest(image) <= 25
        alike = [
            np.corrcoef(image.ravel(), moved.ravel())[0, 1]
            for moved in _moved(letter.images[letter.labels == label][0])
        ]
        assert max(alike) > 0.7


def _moved(image: np.ndarray) -> list[np.ndarray]:
    """The letter at sizes and places near those of LETTERS."""
    large = Image.fromarray(255 - image).resize((280, 280), Image.Resampling.BICUBIC)
    pages = []
    for zoom in np.linspace(0.4, 1.3, 10):
        page, side = Image.new("L", (280, 280), 255), round(280 * zoom)
        page.paste(large.resize((side, side)), ((280 - side) // 2,) * 2)
        small = to_frame(np.asarray(page), False)
        pages += [np.roll(small, (dy, dx), (0, 1)) for dy in range(-2, 3) for dx in range(-2, 3)]
    return pages


def test_a_blank_picture_and_a_crowd_are_told():
    with pytest.raises(ImageError, match="letter.png is blank"):
        only(png(np.full((200, 200), 240, np.uint8)))
    page = np.full((400, 400), 255, np.uint8)
    for y in range(30, 350, 60):
        for x in range(30, 370, 40):
            page[y : y + 40, x : x + 8] = 0
    with pytest.raises(ImageError, match=r"shows .*; expected one character on plain paper. Photograph it alone"):
        only(png(page))


def test_the_geometry_of_a_set_is_measured_and_kept():
    images = characters(LATIN, 4).images
    geometry = Geometry.of(images)
    sizes = [longest(image) for image in images]
    assert geometry.single and abs(geometry.box - np.median(sizes)) <= 1
    assert geometry.sizes[0] <= np.quantile(sizes, 0.05) and geometry.sizes[1] >= np.quantile(sizes, 0.95)
    assert np.abs(np.mean([mass_centre(image) for image in images], 0) - geometry.centre).max() < 0.01
    assert stored_geometry({"geometry": asdict(geometry)}) == geometry
    assert Geometry.of(images * 0) == Geometry(single=True)
