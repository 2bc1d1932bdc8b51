"""What every data set promises: full range, white ink, upright, parts that share nothing, the same every time."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrgen import datasets
from ocrgen.datasets import Characters, DataError, classes_of, data_root, load_data, sources
from ocrgen.datasets.alphabet import ARABIC_DIGITS, DIGITS
from ocrgen.imaging.geometry import ink_is_white, to_digit, to_frame
from tests.helpers.letters import drawn

each_source = pytest.mark.parametrize("name", list(sources()))


@cache
def _splits(name: str):
    return load_data(name)


def splits(name: str):
    if fault := sources()[name].missing(data_root()):
        pytest.skip(fault)
    return _splits(name)


def western(digit: int) -> np.ndarray:
    """A printed digit: a reference for "upright" that no data set had a hand in."""
    page = Image.new("L", (96, 96))
    ImageDraw.Draw(page).text((24, 10), str(digit), fill=255, font=ImageFont.load_default(64))
    return to_digit(np.asarray(page), ink_is_white=True)


def indic(line: list[tuple[int, int]]) -> np.ndarray:
    page = Image.new("L", (96, 96))
    ImageDraw.Draw(page).line(line, fill=255, width=8)
    return to_digit(np.asarray(page), ink_is_white=True)


# Not 0, 4, 5 and 8, which are near to their own transposes.
WESTERN = {digit: western(digit) for digit in (1, 2, 3, 6, 7, 9)}
INDIC = {
    1: indic([(48, 10), (48, 86)]),
    6: indic([(20, 14), (66, 14), (66, 86)]),
    7: indic([(20, 10), (48, 86), (76, 10)]),
    8: indic([(20, 86), (48, 10), (76, 86)]),
}
# Not those that are near to their own transposes. Letters from a font, in the frame that all have in common.
LETTERS = {
    "أبتثجحخدذرزسشصضطظعغفقكلمنهوي".index(text): to_frame(drawn(text, 112, 0.5, face="DejaVuSans"), False)
    for text in "أبتثخزلن"
}


def upright(digits: Characters, reference: dict[int, np.ndarray]) -> bool:
    """Whether every class mean looks more like its reference than like the reference transposed."""

    def alike(a, b):
        return np.corrcoef(a.ravel(), b.ravel())[0, 1]

    means = {digit: digits.images[digits.labels == digit].mean(0) for digit in reference}
    return all(alike(means[digit], glyph) > alike(means[digit], glyph.T) for digit, glyph in reference.items())


def transposed(digits: Characters) -> Characters:
    return replace(digits, images=digits.images.transpose(0, 2, 1))


def test_the_registry_is_every_file_with_a_name():
    files = Path(datasets.__file__).parent.glob("*.py")
    named = [file.stem for file in files if "\nNAME = " in file.read_text(encoding="utf-8")]
    assert len(named) == len(sources())
    assert list(sources())[:5] == ["digits", "mnist", "arabic", "arabic-letters", "arabic-letters-published"]


def test_a_dropped_in_file_is_a_data_set_and_its_import_error_is_not_swallowed(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
    (tmp_path / "dropped_in.py").write_text('NAME = "aaa"\n')
    fresh = sources.__wrapped__()
    assert list(fresh) == ["digits", "mnist", "arabic", "arabic-letters", "aaa", "arabic-letters-published"]
    (tmp_path / "broken_one.py").write_text("import no_such_module_anywhere\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        sources.__wrapped__()


def test_importing_and_listing_loads_nothing_heavy():
    code = (
        "import sys, ocrgen.datasets as d; d.sources(); "
        "print([m for m in ('torch', 'torchvision', 'sklearn', 'scipy', 'pandas', 'streamlit') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_data_root(monkeypatch):
    monkeypatch.setenv("OCRGEN_DATA", "/somewhere")
    assert data_root() == Path("/somewhere")
    monkeypatch.delenv("OCRGEN_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert data_root() == Path("/cache/ocrgen/data")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_root() == Path.home() / ".cache/ocrgen/data"


@pytest.mark.parametrize("name", ["mnits", "", "a/b/c.zip", "x" * 5000, "nul\0byte", "~nobody-has-this-home/x"])
def test_an_unknown_name_lists_the_names_and_the_other_way(name):
    with pytest.raises(DataError, match=r"digits, mnist, arabic.*path of your own data"):
        load_data(name)


@each_source
def test_metadata(name):
    module = sources()[name]
    assert name == module.NAME
    assert 0 < len(module.TITLE) < 30
    assert module.ABOUT.rstrip().endswith(".")


@each_source
def test_missing_is_told_before_and_by_load(name, tmp_path):
    module = sources()[name]
    fault = module.missing(tmp_path)
    if fault is None:
        assert len(module.load(tmp_path).train)
        return
    assert "work without" in fault and str(tmp_path) in fault
    with pytest.raises(DataError) as error:
        module.load(tmp_path)
    assert str(error.value) == fault


@each_source
def test_range_and_polarity(name):
    letters = name.startswith("arabic-letters")  # small and thin in their frames, and some reach its border
    for part in splits(name):
        images = part.images
        assert images.min() == 0 and images.max() == 255
        # One image of the Arabic letters is blank, as published.
        assert (images.max(axis=(1, 2)) > (150 if letters else 170)).sum() >= len(images) - letters
        assert ink_is_white(images).mean() > (0.999 if letters else 1 - 1e-9)
        assert images[:, [0, -1], :].mean() < 20 < images[:, 8:20, 8:20].mean()


@each_source
def test_classes_are_those_that_are_told(name):
    for part in splits(name):
        assert part.classes == sources()[name].CLASSES == classes_of(name)
        assert part.counts.min() > 0


@each_source
def test_orientation(name):
    reference = {"arabic": INDIC, "arabic-letters": LETTERS, "arabic-letters-published": LETTERS}.get(name, WESTERN)
    for part in splits(name):
        assert upright(part, reference)
        assert not upright(transposed(part), reference)


@each_source
def test_parts_share_nothing(name):
    train, validation, test = splits(name)
    if train.writers is not None:
        writers = [set(part.writers.tolist()) for part in (train, validation, test)]
        assert sum(map(len, writers)) == len(set.union(*writers))
        return
    pixels = [{image.tobytes() for image in part.images} for part in (train, validation, test)]
    assert sum(map(len, pixels)) == len(set.union(*pixels))


@each_source
def test_parts_are_stratified(name):
    train, validation, test = splits(name)
    shares = [part.counts / len(part) for part in (train, validation, test)]
    assert np.abs(shares[0] - shares[1]).max() < 0.005
    assert shares[2].min() > 0.8 / train.n_classes
    assert 0.07 < len(validation) / (len(train) + len(validation)) < 0.11


@each_source
def test_loading_again_gives_the_same(name):
    again = load_data(name) if splits(name) else None
    assert [part.fingerprint for part in again] == [part.fingerprint for part in splits(name)]


def test_fingerprints_of_published_files():
    one = Characters(np.full((1, 28, 28), 7, np.uint8), np.array([3]), DIGITS, "x")
    assert one.fingerprint == hashlib.sha256(b"\7" * 784 + b"\3" + b"\0" * 7).hexdigest()[:16]
    assert splits("mnist").test.fingerprint == "a0863a96c44e5666"
    assert splits("arabic").test.fingerprint == "75136e55f232accb"


def test_a_fingerprint_holds_the_class_texts_of_letters_only():
    images, labels = np.full((2, 28, 28), 7, np.uint8), np.array([0, 1])
    letters = [Characters(images, labels, tuple(classes), "x") for classes in ("AB", "AC", "BA")]
    assert len({characters.fingerprint for characters in letters}) == 3
    digits, arabic = (Characters(images, labels, classes, "x") for classes in (DIGITS, ARABIC_DIGITS))
    assert digits.fingerprint == arabic.fingerprint


def test_arabic_letters_are_split_by_writer_or_as_published():
    parts = splits("arabic-letters")
    assert [len(np.unique(part.writers)) for part in parts] == [43, 5, 12]
    assert [part.counts.tolist() for part in parts] == [[430] * 28, [50] * 28, [120] * 28]
    published = splits("arabic-letters-published")
    assert [len(part) for part in published] == [12_320, 1_120, 3_360]
    assert len(np.unique(published.test.writers)) == 60
    images = [{image.tobytes() for part in all_parts for image in part.images} for all_parts in (parts, published)]
    assert images[0] == images[1]


def test_to_digit_leaves_mnist_as_it_is():
    images = splits("mnist").test.images[:300]
    same = [np.abs(to_digit(image, True).astype(int) - image).max() <= 2 for image in images]
    assert np.mean(same) > 0.9


def test_bundled_is_scikit_learns():
    from sklearn.datasets import load_digits as from_sklearn

    expected = from_sklearn()
    train, validation, test = splits("digits")
    assert (len(train) + len(validation), len(test)) == (1437, 360)
    assert np.array_equal(test.labels, expected.target[-360:])
    # Ink where the source has ink: the enlarged images shrink back to the fields they came from.
    shrunk = np.stack([np.asarray(Image.fromarray(image[4:24, 4:24]).resize((8, 8))) for image in test.images])
    assert np.corrcoef(shrunk.ravel(), expected.images[-360:].ravel())[0, 1] > 0.8
