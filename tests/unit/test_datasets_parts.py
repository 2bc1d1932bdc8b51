"""Parts of a user's own data, and what is kept of it: training, validation and test stay what they were."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ocrgen.datasets.own import open_data, save
from tests.helpers.own_data import as_set, digits, idx, mat, npz, packed, parquet, pictures, table, written

D = digits()
X, Y = D.images, D.labels
A, B, C = D[:20], D[20:30], D[30:]


PARTED = {
    "keys": lambda t: written(
        t / "a.npz",
        npz(**{f"{axis}_{part}": getattr(d, field) for part, d in (("train", A), ("val", B), ("test", C))
               for axis, field in (("x", "images"), ("y", "labels"))}),
    ),
    "medmnist": lambda t: written(
        t / "a.npz",
        npz(**{f"{part}_{field}": getattr(d, field) for part, d in (("train", A), ("val", B), ("test", C))
               for field in ("images", "labels")}),
    ),
    "an array": lambda t: written(t / "a.npz", npz(images=X, labels=Y, part=np.repeat([0, 1, 2], [20, 10, 10]))),
    "folders": lambda t: packed(
        t / "a.zip", pictures(A, prefix="x/Train/") | pictures(B, prefix="x/valid/") | pictures(C, prefix="x/TEST/")
    ),
    "files": lambda t: packed(t / "a.zip", {"train.csv": table(A), "validation.csv": table(B), "test.csv": table(C)}),
    "shards": lambda t: packed(
        t / "a.zip", {f"{part}-0.parquet": parquet(d) for part, d in (("train", A), ("dev", B), ("test", C))}
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", PARTED)
def test_three_parts_stay_apart(way, tmp_path):
    found = open_data(PARTED[way](tmp_path))
    assert np.bincount(found.parts).tolist() == [20, 10, 10] and found.parts.dtype == np.int8
    for part, expected in enumerate((A, B, C)):
        assert as_set(found.whole[found.parts == part]) == as_set(expected)
    assert "The source parts itself: 20 for training, 10 for validation and 10 for test." in found.notes


def test_a_validation_part_becomes_the_validation_split(tmp_path):
    many = D[np.tile(np.arange(40), 2)]
    parts = np.repeat([0, 1, 2], [40, 20, 20])
    order = np.argsort(many.labels, kind="stable").reshape(10, 8)
    order = np.concatenate([order[:, :4].ravel(), order[:, 4:6].ravel(), order[:, 6:].ravel()])
    path = written(tmp_path / "a.npz", npz(images=many.images[order], labels=many.labels[order], part=parts))
    splits = open_data(path).splits()
    assert [len(part) for part in splits] == [40, 20, 20]
    assert splits.validation.fingerprint == many[order][parts == 1].fingerprint


def test_turned_and_inverted_are_undone_by_themselves(tmp_path):
    found = open_data(written(tmp_path / "a.npz", npz(images=X, labels=Y)))
    turned, inverted = found.turned(), found.inverted()
    assert np.array_equal(turned.whole.images, X.transpose(0, 2, 1)) and turned.whole.images.flags.c_contiguous
    assert np.array_equal(inverted.whole.images, 255 - X)
    assert any("turned" in note for note in turned.notes) and any("inverted" in note for note in inverted.notes)
    for again in (turned.turned(), inverted.inverted()):
        assert again.notes == found.notes and again.whole.fingerprint == found.whole.fingerprint


@pytest.mark.parametrize("classes", [tuple("0123456789"), ("seven", "10", *"abcdefgh"), tuple("٠١٢٣٤٥٦٧٨٩")])
@pytest.mark.parametrize("change", ["none", "turned", "inverted"])
def test_what_is_saved_is_read_back_exactly(change, classes, tmp_path):
    arrays = {"images": X, "labels": Y, "classes": np.array(classes), "part": np.repeat([0, 1, 2], [20, 10, 10])}
    if change == "turned":
        arrays["writer"] = np.arange(40)
        del arrays["part"]
    data = open_data(written(tmp_path / "a.npz", npz(**arrays)))
    data = data if change == "none" else getattr(data, change)()
    save(data, tmp_path / "kept.npz")
    back = open_data(tmp_path / "kept.npz", named="kept by me.npz")
    assert back.name == "kept by me.npz" and back.whole.name == "kept by me.npz"
    assert back.notes == data.notes and back.whole.classes == classes
    assert back.whole.fingerprint == data.whole.fingerprint
    for ours, theirs in ((back.whole.writers, data.whole.writers), (back.parts, data.parts)):
        assert np.array_equal(ours, theirs) if theirs is not None else ours is None


def test_a_set_of_mixed_polarity_is_taken_picture_by_picture(tmp_path):
    flipped = np.arange(40) % 5 < 2
    mixed = np.where(flipped[:, None, None], 255 - X, X)
    for path in (
        written(tmp_path / "a.npz", npz(images=mixed, labels=Y)),
        packed(tmp_path / "a.zip", pictures(type(D)(mixed, Y, D.classes, "mixed"))),
    ):
        found = open_data(path)
        assert as_set(found.whole) == as_set(D)
        told = "16 of 40 pictures have dark ink on light paper: each was taken by its own border."
        assert told in found.notes


def test_one_odd_picture_is_taken_like_the_others_and_told(tmp_path):
    odd = X.copy()
    odd[3] = 255 - odd[3]
    found = open_data(written(tmp_path / "a.npz", npz(images=odd, labels=Y)))
    assert np.array_equal(found.whole.images, odd)
    assert any(note.startswith("1 of 40 pictures looks inverted") for note in found.notes)


@pytest.mark.parametrize("door", ["csv", "csv alone", "mat", "idx"])
def test_a_mapping_names_the_labels(door, tmp_path):
    """EMNIST's letters are 1 to 26, each in both its cases; its structure holds the mapping, too."""
    letters = replace(D, classes=tuple("ABCDEFGHIJ"))
    rows = np.stack([np.arange(26) + 1, np.arange(26) + 65, np.arange(26) + 97], 1)
    text = "\n".join(" ".join(map(str, row)) for row in rows.tolist()).encode()
    if door == "mat":
        train = {"images": X.reshape(-1, 784), "labels": Y[:, None] + 1, "writers": Y[:, None]}
        path = written(tmp_path / "a.mat", mat({"dataset": {"train": train, "mapping": rows}}))
    else:
        folder = tmp_path / "data"
        written(folder / "emnist-letters-mapping.txt", text)
        if door == "idx":
            written(folder / "emnist-letters-train-images-idx3-ubyte", idx(X))
            written(folder / "emnist-letters-train-labels-idx1-ubyte", idx(Y + 1))
        else:
            written(folder / "emnist-letters-train.csv", table(D, labels=(Y + 1).tolist()))
        path = folder / "emnist-letters-train.csv" if door == "csv alone" else folder
    found = open_data(path)
    assert as_set(found.whole) == as_set(letters)
    assert "The labels 1 to 10 are named by the source: A to J." in found.notes
    assert (found.whole.writers is not None) == (door == "mat")


def test_labels_without_names_are_called_by_their_numbers(tmp_path):
    found = open_data(written(tmp_path / "a.csv", table(D, labels=(Y + 5).tolist())))
    assert found.whole.classes == tuple(map(str, range(5, 15)))
    assert "The labels 5 to 14 have no names: each class is called by its number." in found.notes


@pytest.mark.parametrize("side", [20, 32, 64])
@pytest.mark.parametrize("polarity", ["white", "black", "mixed"])
def test_arrays_of_other_sizes_come_to_the_size_of_digits(side, polarity, tmp_path):
    large = np.stack(
        [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)) for image in X]
    )
    flipped = {"white": X[:, 0, 0] > 999, "black": X[:, 0, 0] < 999, "mixed": np.arange(40) % 3 == 0}[polarity]
    large[flipped] = 255 - large[flipped]
    found = open_data(written(tmp_path / "a.npz", npz(images=large.reshape(40, -1), labels=Y)))
    pairs = zip(found.whole.images, X, strict=True)
    assert min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs) > 0.85
    assert any(f"{side} x {side} pixels" in note for note in found.notes)
