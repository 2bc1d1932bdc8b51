"""Sheets with words burnt in, and the animation over the epochs."""

import io

import numpy as np
import pytest
from PIL import Image

from ocrgen.imaging.labelled import MAX_FRAMES, MAX_SIDE, animate, labelled_rows, pairs, spaced

DIGITS = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)


def frames(gif: bytes) -> list[np.ndarray]:
    picture, found = Image.open(io.BytesIO(gif)), []
    for i in range(picture.n_frames):
        picture.seek(i)
        found.append(np.asarray(picture.convert("L")))
    return found


def test_an_animation_shows_every_sheet_with_its_label_and_repeats():
    sheets, words = [*DIGITS[:3], DIGITS[2]], ["Epoch 1", "Epoch 2", "Epoch 3", "Epoch 4"]
    gif = animate(sheets, words, zoom=2)
    picture = Image.open(io.BytesIO(gif))
    assert picture.n_frames == 4 and picture.info["loop"] == 0
    shown = frames(gif)
    for sheet, frame in zip(sheets, shown, strict=True):
        assert (frame[:56] == sheet.repeat(2, 0).repeat(2, 1)).all()
    labels = [frame[56:] for frame in shown]  # alone tell the last two apart
    assert all(label.max() > 200 for label in labels) and (labels[2] != labels[3]).any()
    picture.seek(0)
    first = picture.info["duration"]
    picture.seek(3)
    assert picture.info["duration"] == 4 * first


def test_an_animation_stays_within_its_bounds():
    large = np.zeros((500, 300), np.uint8)
    assert max(frames(animate([large], ["Epoch 1"], zoom=9))[0].shape) <= MAX_SIDE
    with pytest.raises(ValueError, match="frames"):
        animate([large] * (MAX_FRAMES + 1), ["x"] * (MAX_FRAMES + 1))
    assert len(spaced(range(1, 501), MAX_FRAMES)) == MAX_FRAMES
    assert spaced([1, 2, 3], 12) == [1, 2, 3] and spaced(range(1, 101), 3) == [1, 51, 100]


def test_rows_and_pairs_keep_their_images_and_carry_their_words():
    sheet = labelled_rows(DIGITS.reshape(3, 4, 28, 28), ["1", "20", "300"], zoom=1)
    assert sheet.shape == (3 * 28 + 2 * 2, 20 + 4 * 28 + 3 * 2)
    assert (sheet[30:58, 20:48] == DIGITS[4]).all() and sheet[:28, :20].max() > 200
    plain, other = (pairs(DIGITS[:4], DIGITS[4:8], [word] * 4, 2, zoom=1) for word in ("0.100", "0.200"))
    assert plain.shape == other.shape and (plain != other).any()
    inside = 3  # frame and margin
    assert (plain[inside : inside + 28, inside : inside + 28] == DIGITS[0]).all()
    assert (plain[inside : inside + 28, inside + 29 : inside + 57] == DIGITS[4]).all()
