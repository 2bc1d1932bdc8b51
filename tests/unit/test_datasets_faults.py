"""The user's own digits, damaged or hostile: one DataError that names the file and the fault, and nothing loaded."""

import gzip
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocrgen.datasets import DataError
from ocrgen.datasets.formats import levels
from ocrgen.datasets.formats.idx import parse_idx
from ocrgen.datasets.own import read
from tests.helpers.archives import good, refused, zipped


def changed(array: np.ndarray, value, dtype=None) -> np.ndarray:
    array = array.astype(dtype or array.dtype)
    array.flat[0] = value
    return array


X, Y = good()
LETTERS = np.array([*"abcdefghij"])
ARRAYS = {
    "too small": ({"images": X[:, :7], "labels": Y}, r"\(7, 28\) pixels; expected at least 8 x 8"),
    "five channels": ({"images": np.stack([X] * 5, -1), "labels": Y}, r"28, 28, 5.*expected \(N, H, W\)"),
    "785 pixels": ({"images": np.pad(X.reshape(30, -1), ((0, 0), (0, 1))), "labels": Y}, r"\(30, 785\)"),
    "one image": ({"images": X[0], "labels": Y}, r"images are \(28, 28\)"),
    "a scalar": ({"images": np.array(3), "labels": Y}, r"images are \(\)"),
    "no images": ({"images": X[:0], "labels": Y[:0]}, "holds 0 images"),
    "more labels": ({"images": X, "labels": np.r_[Y, 3]}, r"30 images but labels \(31,\)"),
    "two-hot labels": ({"images": X, "labels": np.eye(10)[Y] + np.eye(10)[0]}, r"labels \(30, 10\) are no one-hot"),
    "labels to 10": ({"images": X, "labels": Y + 1}, "from 1 to 10; expected 0 to 9"),
    "labels from -1": ({"images": X, "labels": Y - 1}, "from -1 to 8"),
    "labels between": ({"images": X, "labels": changed(Y, 0.5, float)}, "not whole numbers"),
    "labels NaN": ({"images": X, "labels": changed(Y, np.nan, float)}, "not whole numbers"),
    "one class": ({"images": X[:3], "labels": Y[:3]}, "all images are of digit 0; expected 2 classes or more"),
    "sparse class": ({"images": X[:-1], "labels": Y[:-1]}, "digit 9 has 2 images"),
    "divided twice": ({"images": X / 255 / 255, "labels": Y}, "divided by 255 twice"),
    "0..16": ({"images": X // 16, "labels": Y}, "0 to 15 only"),
    "-1..1": ({"images": X / 127.5 - 1, "labels": Y}, "from -1 to 1"),
    "float over 255": ({"images": changed(X, 255.5, float), "labels": Y}, "to 255.5"),
    "16-bit": ({"images": X.astype(np.uint16) * 257, "labels": Y}, "to 65535"),
    "NaN": ({"images": changed(X / 255, np.nan), "labels": Y}, "no NaN"),
    "infinite": ({"images": changed(X / 255, np.inf), "labels": Y}, "to inf"),
    "complex": ({"images": X.astype(complex), "labels": Y}, "images are complex128"),
    "all black": ({"images": X * 0, "labels": Y}, "is blank"),
    "writers too few": ({"images": X, "labels": Y, "writer": Y[1:]}, r"writers \(29,\)"),
    "writers as text": ({"images": X, "labels": Y, "writer": Y.astype(str)}, "writers are not whole"),
    "other keys": ({"pictures": X, "labels": Y}, "holds labels, pictures; expected images"),
    "keras without labels": ({"x_train": X, "x_test": X}, "holds x_test, x_train, but no labels"),
    "keras mismatch": ({"x_train": X, "y_train": Y[1:], "x_test": X, "y_test": Y[:-1]}, "30 train images"),
    "classes two-dimensional": ({"images": X, "labels": Y, "classes": LETTERS[None]}, r"classes are <U1 \(1, 10\)"),
    "classes as fractions": ({"images": X, "labels": Y, "classes": np.arange(10.0)}, "classes are float64"),
    "no classes": ({"images": X, "labels": Y, "classes": LETTERS[:0]}, "from 0 to 9; expected 0 to -1|0 classes"),
    "one class text": ({"images": X, "labels": Y * 0, "classes": LETTERS[:1]}, "1 class; expected 2 to 100"),
    "too many classes": ({"images": X, "labels": Y, "classes": np.arange(101)}, "101 classes; expected 2 to 100"),
    "labels outside": ({"images": X, "labels": Y, "classes": LETTERS[:9]}, "from 0 to 9; expected 0 to 8"),
    "an unused class": (
        {"images": X, "labels": Y, "classes": np.append(LETTERS, "k")},
        "letter k has 0 images; expected",
    ),
    "a class twice": ({"images": X, "labels": Y, "classes": np.array([*"abcdefghia"])}, "'a' and 'a', are the same"),
    "words in two cases": (
        {"images": X, "labels": Y, "classes": np.array([*"abcdefgh", "Stop", "stop"])},
        "differ in capitals only",
    ),
    "two Unicode forms": (
        {"images": X, "labels": Y, "classes": np.array([*"abcdefgh", "é", "e\u0301"])},
        "Unicode form only",
    ),
    "an empty text": ({"images": X, "labels": Y, "classes": np.array([*"abcdefghi", " "])}, "is no class text"),
    "a control character": (
        {"images": X, "labels": Y, "classes": np.array([*"abcdefghi", "a\x07b"])},
        "is no class text",
    ),
    "a long text": ({"images": X, "labels": Y, "classes": np.array([*"abcdefghi", "x" * 41])}, "is no class text"),
    "bytes that are no text": (
        {"images": X, "labels": Y, "classes": np.array([b"a", b"b", b"\xff"] + [b"%d" % i for i in range(7)])},
        "no texts in UTF-8",
    ),
    "keras scales differ": ({"x_train": X, "y_train": Y, "x_test": X / 255, "y_test": Y}, "differ in scale"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case, tmp_path):
    arrays_, fault = ARRAYS[case]
    np.savez(tmp_path / "mine.npz", **arrays_)
    refused(tmp_path / "mine.npz", fault)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("pickle-was-run",)


def test_a_pickle_is_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "mine.npz", images=np.array([Bomb()] * 30, object), labels=Y)
    refused(tmp_path / "mine.npz", "pickled Python objects, which are never run; expected numbers or texts")
    np.savez(tmp_path / "texts.npz", images=X, labels=Y, classes=np.array([Bomb()] * 10, object))
    refused(tmp_path / "texts.npz", "classes: holds pickled Python objects, which are never run")
    zipped(tmp_path / "raw.npz", {"images.npy": pickle.dumps(Bomb()), "labels.npy": b""})
    refused(tmp_path / "raw.npz", "not an array that numpy can read")
    assert not Path("pickle-was-run").exists()


def npy(shape, data: bytes = b"", dtype: str = "|u1") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue() + data


@pytest.mark.parametrize("shape", [(10**12, 28, 28), (2**40,), (31, 28, 28), (-30, 28, -28), (2**62, 2**62)])
def test_declared_shapes_are_not_believed(shape, tmp_path):
    zipped(tmp_path / "mine.npz", {"images.npy": npy(shape, X.tobytes()), "labels.npy": npy((30,), bytes(30))})
    refused(tmp_path / "mine.npz", r"mine\.npz: images: (declares|not an array)")


def test_too_many_images(tmp_path, monkeypatch):
    monkeypatch.setattr(levels, "MAX_IMAGES", 29)
    np.savez(tmp_path / "mine.npz", images=X, labels=Y)
    refused(tmp_path / "mine.npz", "holds 30 images; expected 1 to 29")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_npy_headers_never_raise_anything_else(data, tmp_path):
    whole = bytearray(npy(X.shape, X.tobytes()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 127))] = data.draw(st.integers(0, 255))
    labels = npy((30,), Y.astype(np.uint8).tobytes())
    try:
        read(zipped(tmp_path / "mine.npz", {"images.npy": bytes(whole), "labels.npy": labels}))
    except DataError as error:
        assert "mine.npz" in str(error)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize(
    ("images", "labels", "fault"),
    [
        (idx(X)[:-1], idx(Y), r"images-idx3-ubyte: truncated: 23,535 bytes; its header asks for 23,536"),
        (idx(X)[:10], idx(Y), "images-idx3-ubyte: truncated: 10 bytes"),
        (idx(X) + b"\0", idx(Y), "images-idx3-ubyte: too long"),
        (idx(X), idx(Y)[:-1], "labels-idx1-ubyte: truncated"),
        (idx(X), b"", "labels-idx1-ubyte: not IDX: it begins with nothing"),
        (b"\0\0\x0d\3" + idx(X)[4:], idx(Y), "images-idx3-ubyte: not IDX: it begins with 00000d03; expected 00000803"),
        (b"<html>", idx(Y), "images-idx3-ubyte: not IDX"),
        (idx(Y), idx(X), r"images-idx3-ubyte: holds \(30,\)"),
        (idx(X[:, 21:]), idx(Y), r"images are \(7, 28\) pixels; expected at least 8 x 8"),
        (idx(X), idx(Y[1:]), r"labels-idx1-ubyte: holds \(29,\) for 30 images"),
        (idx(X), idx(Y + 1), "labels go from 1 to 10"),
        (idx(X[:3]), idx(Y[:3]), "all images are of digit 0"),
        (b"\0\0\x08\3" + b"\xff" * 12 + X.tobytes(), idx(Y), "images-idx3-ubyte: truncated"),
        (gzip.compress(idx(X))[:-20], idx(Y), "images-idx3-ubyte: the gzip is truncated"),
        (idx(X), None, "images-idx3-ubyte has no file of labels beside it"),
        (None, idx(Y), "labels-idx1-ubyte has no file of images beside it"),
    ],
)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_idx(images, labels, fault, form, tmp_path):
    files = {"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels}
    files = {name: data for name, data in files.items() if data is not None}
    path = tmp_path / "mine"
    if form == "zip":
        zipped(path, files)
    else:
        path.mkdir()
        for name, data in files.items():
            (path / name).write_bytes(data)
    refused(path, fault)


def test_a_gzip_bomb(monkeypatch):
    monkeypatch.setattr("ocrgen.datasets.formats.idx.MAX_BYTES", 2**20)
    with pytest.raises(DataError, match="train.gz: unpacks to more than"):
        parse_idx(gzip.compress(bytes(2**21)), "train.gz")
