"""The door of the Arabic letters, on little trees of files in the layout of the authors: always exercised for real."""

import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ocrgen.datasets import DataError, arabic, arabic_letters, arabic_letters_published
from ocrgen.datasets.formats import archive
from ocrgen.imaging.geometry import shrink
from tests.helpers.letters import drawn

WRITERS = 6
COUNTS = {"Train": WRITERS * 28 * 8, "Test": WRITERS * 28 * 2}
ZIP = "Arabic Handwritten Characters Dataset CSV.zip"


@pytest.fixture(autouse=True)
def _of_six_writers(monkeypatch):
    for name, value in (("COUNTS", COUNTS), ("TEST_WRITERS", 2), ("VALIDATION_WRITERS", 1)):
        monkeypatch.setattr(arabic_letters, name, value)


@cache
def images(part: str) -> np.ndarray:
    """Letters from a font, upright, uint8 (N, 32, 32), in the authors' order; no two are equal."""
    letters = np.stack([255 - drawn(text, 32, 0.6, face="DejaVuSans") for text in arabic_letters.CLASSES])
    times = arabic_letters.PER_LETTER[part]
    rows = np.tile(np.repeat(letters, times, 0), (WRITERS, 1, 1))
    rows[:, 0, :3] = np.stack(np.unravel_index(np.arange(len(rows)), (8, 30, 30)), 1) + (8 * (part == "Test"))
    return rows


@cache
def files() -> dict[str, bytes]:
    content = {}
    for part, count in COUNTS.items():
        rows = images(part).transpose(0, 2, 1).reshape(count, -1)
        content[f"csv{part}Images {count}x1024.csv"] = "\n".join(",".join(map(str, row)) for row in rows.tolist())
        labels = np.tile(np.repeat(np.arange(1, 29), arabic_letters.PER_LETTER[part]), WRITERS)
        content[f"csv{part}Label {count}x1.csv"] = "\n".join(map(str, labels))
    return {name: f"{text}\n".encode() for name, text in content.items()}


def unpacked(folder: Path, change=lambda name: name) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / change(name)).write_bytes(content)
    return folder


def zipped(path: Path, wrap: str = "", extra: dict[str, bytes] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in (files() | (extra or {})).items():
            file.writestr(wrap + name, content)
    return path


PLACES = {
    "csv at the top": unpacked,
    "csv in folders": lambda root: unpacked(root / "AHCD" / "of somebody"),
    "csv renamed by a browser": lambda root: unpacked(root, lambda name: name.replace(" ", "_").upper()),
    "zip": lambda root: zipped(root / "AHCD" / ZIP),
    "zip of another name": lambda root: zipped(root / "a" / "b" / "archive (3).ZIP"),
    "zip with a folder": lambda root: zipped(root / ZIP, "CSV/of 2017/", {"readme.txt": b"?", "__MACOSX/._x": b""}),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_letters_are_found_anywhere_and_come_out_upright(place, tmp_path):
    (tmp_path / "other.zip").write_bytes(b"no zip at all")
    PLACES[place](tmp_path)
    assert arabic_letters.missing(tmp_path) is None
    train, test = arabic_letters.read(tmp_path)
    for part, found in (("Train", train), ("Test", test)):
        expected = np.rint(shrink(images(part))).astype(np.uint8)
        assert np.array_equal(found.images, expected)
        assert found.classes == arabic_letters.CLASSES and np.array_equal(found.labels[:2], [0, 0])
        assert np.bincount(found.writers).tolist() == [len(found) // WRITERS] * WRITERS


def test_no_writer_is_in_two_parts(tmp_path):
    unpacked(tmp_path)
    parts = arabic_letters.load(tmp_path)
    writers = [set(part.writers.tolist()) for part in parts]
    assert [len(part) for part in writers] == [3, 1, 2] and len(set.union(*writers)) == WRITERS
    assert [part.counts.tolist() for part in parts] == [[30] * 28, [10] * 28, [20] * 28]
    published = arabic_letters_published.load(tmp_path)
    assert len(published.test) == COUNTS["Test"] and set(published.test.writers.tolist()) == set(range(WRITERS))
    assert published.train.writers is None and published.validation.counts.min() > 0


def test_shuffled_rows_have_no_writers(tmp_path):
    unpacked(tmp_path)
    order = np.random.default_rng(0).permutation(COUNTS["Train"])
    for name in (name for name in files() if "Train" in name):
        lines = files()[name].splitlines()
        (tmp_path / name).write_bytes(b"\n".join(lines[i] for i in order))
    with pytest.raises(DataError, match=r"not in their published order.*get the files again, or take arabic-letters-p"):
        arabic_letters.load(tmp_path)
    shuffled = arabic_letters_published.load(tmp_path)
    assert len(shuffled.train) + len(shuffled.validation) == COUNTS["Train"]


@pytest.mark.parametrize("absent", range(4))
def test_one_file_missing_is_named_with_its_place(absent, tmp_path):
    folder = unpacked(tmp_path / "AHCD")
    name = list(files())[absent]
    (folder / name).unlink()
    message = arabic_letters.missing(tmp_path)
    assert f"{name} is not in {tmp_path}: put it into {folder}" in message
    with pytest.raises(DataError) as error:
        arabic_letters.load(tmp_path)
    assert str(error.value) == message


def test_a_truncated_zip_is_named(tmp_path):
    path = zipped(tmp_path / ZIP)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(DataError, match=r"Dataset CSV\.zip is damaged, or no zip: if it is theirs, get it again"):
        arabic_letters.load(tmp_path)


def test_a_zip_damaged_within_is_named(tmp_path):
    path = zipped(tmp_path / ZIP)
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"Dataset CSV\.zip: 'csvTrainImages .*' is damaged"):
        arabic_letters.load(tmp_path)


def test_a_hostile_zip_is_not_unpacked(tmp_path, monkeypatch):
    zipped(tmp_path / ZIP)
    for limit, fault in (("MAX_TOTAL", "too much for a set of characters"), ("MAX_FILE", "at most 1 GiB")):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 1000)
            with pytest.raises(DataError, match=rf"Dataset CSV\.zip.*{fault}"):
                arabic_letters.load(tmp_path)


FAULTS = {
    "a level over 255": ("csvTestImages", lambda text: text.replace(b"0,", b"256,", 1), "not a table of whole numbers"),
    "a word": ("csvTrainImages", lambda text: text.replace(b"0,", b"ink,", 1), "not a table of whole numbers"),
    "a row short": ("csvTestLabel", lambda text: text[:-3], "is 335 x 1; expected 336 x 1"),
    "a row more": ("csvTestLabel", lambda text: text + b"7\n7\n7\n", "is 337 or more x 1; expected 336 x 1"),
    "a column more": (
        "csvTrainImages",
        lambda text: text.replace(b"\n", b",0\n"),
        "is 1,344 x 1,025; expected 1,344 x",
    ),
    "labels from 0": (
        "csvTestLabel",
        lambda text: text.replace(b"1\n", b"0\n", 1),
        "labels go from 0 to 28",
    ),
    "labels to 29": ("csvTrainLabel", lambda text: text.replace(b"28\n", b"29\n", 1), "labels go from 1 to 29"),
    "nothing": ("csvTrainLabel", lambda text: b"", "not a table of whole numbers"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_is_none_is_named(fault, tmp_path):
    start, change, told = FAULTS[fault]
    unpacked(tmp_path)
    (file,) = tmp_path.glob(f"{start}*")
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(DataError, match=told) as error:
        arabic_letters.load(tmp_path)
    assert file.name in str(error.value) and "\n" not in str(error.value)


def test_letters_and_digits_in_one_root_are_not_confused(tmp_path):
    unpacked(tmp_path)
    assert arabic.missing(tmp_path) is not None
    for part, n in (("Train", 60), ("Test", 40)):
        rows = np.tile(np.arange(784) % 256, (n, 1))
        np.savetxt(tmp_path / f"csv{part}Images {n} x 784.csv", rows, "%d", ",")
        np.savetxt(tmp_path / f"csv{part}Label {n} x 1.csv", np.arange(n) % 10, "%d")
    assert arabic.load(tmp_path).test.classes == arabic.CLASSES
    assert len(arabic_letters.load(tmp_path).test) == 560
