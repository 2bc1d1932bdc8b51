"""The doors of MNIST and of the Arabic-Indic digits, on little trees of files: always exercised for real."""

import gzip
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ocrgen.datasets import Characters, DataError, arabic, data_root, load_data, mnist
from ocrgen.datasets.base import hold_out


@cache
def _splits(name: str):
    return load_data(name)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


@pytest.fixture(params=["plain", "gz"])
def mnist_tree(request, tmp_path, monkeypatch):
    """A little MNIST of bundled digits, in the layout of torchvision."""
    parts = {"train": _splits("digits").train, "t10k": _splits("digits").test}
    monkeypatch.setattr(mnist, "COUNTS", {part: len(digits) for part, digits in parts.items()})
    pack, suffix = (gzip.compress, ".gz") if request.param == "gz" else (bytes, "")
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, digits in parts.items():
        (raw / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(digits.images)))
        (raw / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(digits.labels)))
    return SimpleNamespace(root=tmp_path, raw=raw, suffix=suffix, parts=parts)


def test_mnist_door(mnist_tree):
    assert mnist.missing(mnist_tree.root) is None
    train, validation, test = mnist.load(mnist_tree.root)
    assert [part.fingerprint for part in (train, validation)] == [
        part.fingerprint for part in hold_out(mnist_tree.parts["train"])
    ]
    assert test.fingerprint == mnist_tree.parts["t10k"].fingerprint
    assert train.images.flags.writeable and test.images.flags.writeable


@pytest.mark.parametrize("part", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_mnist_faults_name_the_file(mnist_tree, part):
    file = mnist_tree.raw / (part + mnist_tree.suffix)
    whole = file.read_bytes()
    for damaged in (whole[:-7], whole[:9], b"", b"<html>not found</html>"):
        file.write_bytes(damaged)
        with pytest.raises(DataError, match=part):
            mnist.load(mnist_tree.root)
    file.unlink()
    assert part in mnist.missing(mnist_tree.root)


def test_mnist_of_another_size_or_shape_is_refused(mnist_tree, monkeypatch):
    train = mnist_tree.parts["train"]
    file = mnist_tree.raw / f"train-images-idx3-ubyte{mnist_tree.suffix}"
    for images, fault in ((train.images[:, :27], "28, 28"), (train.images[1:], "one label per image")):
        file.write_bytes(idx(images))
        with pytest.raises(DataError, match=fault):
            mnist.load(mnist_tree.root)
    file.write_bytes(idx(train.images))
    monkeypatch.setitem(mnist.COUNTS, "train", 60_000)
    with pytest.raises(DataError, match=r"train-images.*60,000"):
        mnist.load(mnist_tree.root)


def test_mnist_download_offline_says_what_works_and_leaves_nothing(tmp_path, monkeypatch):
    import torchvision

    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DataError, match=r"could not be downloaded.*bundled digits and your own data work"):
        mnist.download(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def arabic_parts(seed: int) -> dict[str, Characters]:
    """Real rows where they are at hand, else bundled digits in the same order (writer, pass, digit)."""
    if arabic.missing(data_root()) is None:
        train, _, test = _splits("arabic")
        return {"train": train[:2000], "test": test[:500]}
    digits, rng = _splits("digits").train, np.random.default_rng(seed)
    index = {
        n: np.stack([rng.permutation(np.flatnonzero(digits.labels == c))[:n] for c in range(10)]) for n in (90, 30)
    }
    rows = {part: digits[index[n].T.ravel()] for part, n in (("train", 90), ("test", 30))}
    return {part: replace(x, writers=np.arange(len(x)) // 100 + 1 + 600 * (part == "test")) for part, x in rows.items()}


def write_npz(root: Path, parts: dict[str, Characters]) -> Path:
    (root / "MAHDBase").mkdir(parents=True)
    for part, x in parts.items():
        arrays = {"images": x.images, "labels": x.labels.astype(np.uint8), "writer": x.writers.astype(np.uint16)}
        np.savez_compressed(root / "MAHDBase" / f"{part}.npz", **arrays, pass_no=np.zeros(len(x), np.uint8))
    return root


def write_csv(folder: Path, parts: dict[str, Characters]) -> None:
    """As on Kaggle: rows of transposed images."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, x in parts.items():
        rows = x.images.transpose(0, 2, 1).reshape(len(x), -1)
        np.savetxt(folder / f"csv{part.title()}Images {len(x)} x 784.csv", rows, "%d", ",")
        np.savetxt(folder / f"csv{part.title()}Label {len(x)} x 1.csv", x.labels, "%d")


@pytest.mark.parametrize("place", ["AHDD1", "MAHDBase", "."])
def test_arabic_csv_and_npz_are_one_data_set(tmp_path, place):
    parts = arabic_parts(0)
    for part, first in (("train", 1), ("test", 601)):
        x = parts[part]
        parts[part] = replace(x, writers=np.arange(len(x)) // 100 + first, classes=arabic.CLASSES)
    write_csv(tmp_path / "csv" / place, parts)
    by_npz, by_csv = arabic.load(write_npz(tmp_path / "npz", parts)), arabic.load(tmp_path / "csv")
    for a, b in zip(by_npz, by_csv, strict=True):
        assert a.fingerprint == b.fingerprint
        assert np.array_equal(a.writers, b.writers)
        assert a.images.flags.c_contiguous and b.images.flags.c_contiguous
    assert by_csv.test.fingerprint == parts["test"].fingerprint


def test_arabic_shuffled_csv_names_no_writers(tmp_path):
    parts = arabic_parts(0)
    parts["train"] = parts["train"][np.random.default_rng(0).permutation(len(parts["train"]))]
    write_csv(tmp_path, parts)
    train, validation, test = arabic.load(tmp_path)
    assert train.writers is None and test.writers is not None
    assert np.bincount(validation.labels, minlength=10).min() > 0


@pytest.mark.parametrize("kind", ["TrainImages", "TrainLabel", "TestImages"])
@pytest.mark.parametrize("tail", ["1,2\n", "x\n", "300\n", ""])
def test_arabic_csv_faults_name_the_file(tmp_path, kind, tail):
    parts = {part: x[:50] for part, x in arabic_parts(0).items()}
    write_csv(tmp_path, parts)
    (file,) = tmp_path.glob(f"csv{kind}*")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]) + tail)
    with pytest.raises(DataError, match=f"csv{kind[:5].rstrip('IL')}"):
        arabic.load(tmp_path)


def test_arabic_damaged_npz_names_the_file(tmp_path):
    file = write_npz(tmp_path, arabic_parts(0)) / "MAHDBase" / "test.npz"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"test\.npz"):
        arabic.load(tmp_path)
