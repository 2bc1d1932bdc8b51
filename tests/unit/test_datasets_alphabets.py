"""The user's own letters and words: by folder, zip or array, any size, and back again from our own exports."""

import unicodedata

import numpy as np
import pytest

from ocrgen.datasets import DataError, load_data
from ocrgen.datasets.alphabet import check_classes, folder_names, folder_text
from ocrgen.datasets.own import load, read
from ocrgen.generators.sampling import to_npz, to_zip
from ocrgen.imaging.geometry import Frame, Geometry
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import ReaderConfig
from ocrgen.readers.training import train_reader
from tests.helpers.archives import refused, zipped
from tests.helpers.letters import GREEK, LATIN, characters, drawn, in_folders, png, unpacked


def read_as_meant(path) -> float:
    """The test accuracy of a reader that is trained on a set for a second or two."""
    splits = load(path)
    trained = train_reader(splits.train, splits.validation, ReaderConfig(), 120, 0)
    return float((probabilities(trained.reader, splits.test.images).argmax(1) == splits.test.labels).mean())


@pytest.mark.slow
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_latin_letters_in_folders(form, tmp_path):
    files = in_folders(LATIN, 20)
    path = zipped(tmp_path / "latin.zip", files) if form == "zip" else unpacked(tmp_path / "latin", files)
    splits = load_data(str(path))
    assert [part.counts.tolist() for part in splits] == [[16] * 26, [1] * 26, [3] * 26]
    assert splits.train.classes == LATIN
    assert Geometry.of(splits.train.images).single


@pytest.mark.slow
@pytest.mark.parametrize("invert", [False, True])
def test_thin_greek_letters_of_105_pixels_stay_legible(invert, tmp_path):
    path = zipped(tmp_path / "greek.zip", in_folders(GREEK, 20, 105, invert=invert))
    found = read(path)
    assert found.classes == GREEK and (found.counts == 20).all()
    assert np.median(found.images[found.images > 0]) > 60 and (found.images.max((1, 2)) == 255).all()
    assert found.images[:, [0, -1]].mean() < 5, "the ink is white, whatever it was"
    if not invert:
        assert read_as_meant(path) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("place", ["in the middle", "anywhere"])
def test_letters_in_huge_margins_are_cut_to_their_frame(place, tmp_path):
    rng = np.random.default_rng(0)
    files = {}
    for text in GREEK[:8]:
        for i in range(20):
            page = np.full((420, 560), 255, np.uint8)
            y, x = (160, 230) if place == "in the middle" else rng.integers(0, (320, 460))
            page[y : y + 100, x : x + 100] = drawn(text, 100, 0.6, i)
            files[f"{text}/{i}.png"] = png(page)
    path = zipped(tmp_path / "margins.zip", files)
    sizes = [np.ptp(np.argwhere(image > 64), 0).max() + 1 for image in read(path).images]
    assert 11 < np.median(sizes) < 26
    assert read_as_meant(path) > 0.8


def test_a_frame_keeps_the_place_and_the_size_of_the_ink():
    pages = []
    for y, x, side in ((150, 150, 100), (150, 180, 70), (180, 190, 60)):
        page = np.full((400, 400), 255, np.uint8)
        page[y : y + side, x : x + side] = 0
        pages.append(page)
    frame = Frame.of(pages, False)
    assert not frame.loose and 0.25 < frame.side < 0.35
    assert frame.top < 150 / 400 and frame.top + frame.side > 250 / 400
    assert Frame.of([np.full((50, 50), 255, np.uint8)], False) == Frame(), "of blank pictures, nothing is cut"


def test_letters_of_28_pixels_are_taken_as_they_are(tmp_path):
    drawn_letters = characters(LATIN[:4], 3)
    files = {
        f"{LATIN[label]}/{i:02}.png": png(image)
        for i, (image, label) in enumerate(zip(drawn_letters.images, drawn_letters.labels, strict=True))
    }
    found = read(zipped(tmp_path / "a.zip", files))
    assert {image.tobytes() for image in found.images} == {image.tobytes() for image in drawn_letters.images}


def test_words_two_cases_of_a_letter_and_any_script_are_classes(tmp_path):
    texts = ("7", "12", "A", "a", "check mark", "né", "ß", "ب", "%", ".")
    found = read(zipped(tmp_path / "a.zip", in_folders(texts, 3, 32)))
    assert found.classes == ("7", "12", *sorted(texts[2:]))


def test_classes_are_composed_and_sorted_by_value_then_text(tmp_path):
    folders = ("10", "9", "٣", unicodedata.normalize("NFD", "é"), "z", "two  words")
    files = {f"{name}/{i}.png": png(drawn("x", 32, seed=i)) for name in folders for i in range(3)}
    assert read(zipped(tmp_path / "a.zip", files)).classes == ("٣", "9", "10", "two words", "z", "é")


FAULTS = {
    "two Unicode forms": (["é", "e\u0301", "x"], "differ in spaces or Unicode form only"),
    "words in two cases": (["Stop", "stop"], "'Stop' and 'stop', differ in capitals only: give each a text of its own"),
    "an encoded double": (["A", "%41"], "'A' and 'A', are the same"),
    "one class": (["A"], "1 class; expected 2 to 100 different ones. A folder's name is the text of its class"),
    "101 classes": ([f"w{i}" for i in range(101)], "101 classes; expected 2 to 100"),
    "a long name": (["A", "x" * 41], "is no class text; expected 1 to 40 printable characters"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_folders_that_are_no_alphabet(fault, tmp_path):
    folders, told = FAULTS[fault]
    content = png(drawn("x", 32))
    refused(zipped(tmp_path / "mine.zip", {f"{name}/{i}.png": content for name in folders for i in range(3)}), told)


def test_the_class_that_has_too_few_images_is_named_with_their_number(tmp_path):
    files = in_folders(LATIN[:3], 4, 32)
    for left, told in ((2, "letter B has 2 images"), (1, "letter B has 1 image;")):
        some = {name: c for name, c in files.items() if name[0] != "B" or int(name[2:5]) < left}
        refused(zipped(tmp_path / "mine.zip", some), f"{told}.*expected at least 3 of each letter")


def test_empty_folders_are_named(tmp_path):
    files = in_folders(LATIN[:3], 3, 32)
    path = unpacked(tmp_path / "mine", files)
    (path / ".hidden").mkdir()
    (path / "__MACOSX").mkdir()
    assert read(path).classes == LATIN[:3]
    (path / "D").mkdir()
    told = "the folder D holds no picture; expected at least 3 in the folder of each class: fill it, or remove it"
    refused(path, told)
    refused(zipped(tmp_path / "mine.zip", files | {"D/": b""}), told)
    (path / "D" / ".DS_Store").write_bytes(b"x")
    refused(path, told)


STRANGERS = {
    "a picture at the top": ("a.png", "a.png is in no class's folder; expected one folder per class"),
    "a folder in a class": ("A/deep/a.png", "A/deep/a.png is in a folder within a class's folder"),
    "a text among pictures": ("A/list.txt", "A/list.txt is damaged or not a picture"),
    "a table": ("labels.csv", "labels.csv is in no class's folder"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("wrap", ["", "my letters/"])
def test_what_is_in_the_wrong_place_is_named(stranger, wrap, tmp_path):
    name, told = STRANGERS[stranger]
    files = in_folders(LATIN[:3], 3, 32) | {name: b"nothing that is a picture"}
    refused(zipped(tmp_path / "mine.zip", {wrap + n: content for n, content in files.items()}), told)


def test_notes_and_hidden_files_beside_the_folders_are_passed_over(tmp_path):
    files = in_folders(LATIN[:3], 3, 32) | dict.fromkeys(("LICENSE.txt", "about.json", "A/.DS_Store", ".git/x"), b"?")
    for wrap in ("", "my letters/"):
        found = read(zipped(tmp_path / "mine.zip", {wrap + name: content for name, content in files.items()}))
        assert found.classes == LATIN[:3] and len(found) == 9


def test_a_fault_is_told_with_the_path_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unpacked(tmp_path / "mine", in_folders(("A",), 3, 32))
    with pytest.raises(DataError, match=r"^mine: 1 class"):
        load_data("mine")


NAMES = ("/", "A", "a", ".", "..", "CON", "nul", "50%", "train", "a:b", 'x"y', "check mark", "é", "ب", "7", "Thumbs.db")


def test_folder_names_are_legal_everywhere_and_lead_back():
    names = folder_names(check_classes(NAMES))
    assert [folder_text(name) for name in names] == list(NAMES)
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert not any(set('/\\:*?"<>|') & set(name) or name.strip(". ") != name for name in names)
    assert not {"con", "nul", "train", "thumbs.db"} & {name.casefold() for name in names}
    assert folder_text("100%") == "100%" and folder_text("50%ab") == "50%ab"


@pytest.mark.parametrize("form", ["npz", "zip", "folder"])
def test_our_own_exports_come_back_as_they_were(form, tmp_path):
    labels = np.repeat(np.arange(len(NAMES)), 4)
    images = np.stack([characters(("x", "y"), 1, i).images[0] for i in range(len(labels))])
    made = characters(NAMES[:2], 1)
    made = type(made)(images, labels, tuple(sorted(NAMES, key=lambda t: (t != "7", t))), "made")
    path = tmp_path / f"made.{form}"
    if form == "npz":
        path.write_bytes(to_npz(made, {}))
    else:
        (tmp_path / "made.zip").write_bytes(to_zip(made, {"seed": 0}))
    if form == "folder":
        import zipfile

        with zipfile.ZipFile(tmp_path / "made.zip") as archive:
            archive.extractall(path)
    back = read(path)
    assert back.classes == made.classes
    pairs = [sorted((int(c), i.tobytes()) for c, i in zip(d.labels, d.images, strict=True)) for d in (back, made)]
    assert pairs[0] == pairs[1]


def test_arrays_with_class_texts(tmp_path):
    letters = characters(LATIN[:5], 3)
    for classes in (np.array(letters.classes), np.array([c.encode() for c in letters.classes])):
        np.savez(tmp_path / "a.npz", images=letters.images, labels=letters.labels, classes=classes)
        assert read(tmp_path / "a.npz").fingerprint == letters.fingerprint
    np.savez(tmp_path / "b.npz", images=letters.images, labels=letters.labels, classes=np.arange(5) + 20)
    assert read(tmp_path / "b.npz").classes == ("20", "21", "22", "23", "24")


def test_some_digits_without_class_texts_are_an_alphabet_of_their_own(tmp_path):
    digits = load_data("digits").train
    some = digits[digits.labels < 8]
    np.savez(tmp_path / "a.npz", images=some.images, labels=some.labels)
    found = load_data(str(tmp_path / "a.npz"))
    assert found.train.classes == tuple("01234567") and found.train.counts.min() > 0
