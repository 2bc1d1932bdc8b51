"""The user's own digits: the same images come out equal at every door."""

import gzip
import io
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ocrgen.datasets import Characters, DataError, load_data
from ocrgen.datasets.own import load, read


@cache
def bundled() -> Characters:
    return load_data("digits").train


def some(per_class: int, seed: int = 0) -> Characters:
    """`per_class` bundled digits of each class, shuffled."""
    rng = np.random.default_rng(seed)
    labels = bundled().labels
    index = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in range(10)])
    return bundled()[rng.permutation(index)]


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def npz(path: Path, **arrays) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def png(image: Image.Image) -> bytes:
    image.save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


def pngs(digits: Characters, mode: str = "L", wrap: str = "", invert: bool = False) -> dict[str, bytes]:
    files = {}
    for i, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        picture = Image.fromarray(255 - image if invert else image)
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
        files[f"{wrap}{label}/{i:05}.png"] = png(picture if mode == "I;16" else picture.convert(mode))
    return files


def litter(files: dict[str, bytes]) -> dict[str, bytes]:
    junk = ("__MACOSX/0/._a.png", ".DS_Store", "3/Thumbs.db", "3/.DS_Store", ".git/config")
    return files | dict.fromkeys(junk, b"junk")


def idx_files(digits: Characters, form: str = "{}-idx{}-ubyte", pack=bytes) -> dict[str, bytes]:
    return {form.format("images", 3): pack(idx(digits.images)), form.format("labels", 1): pack(idx(digits.labels))}


def halves(digits: Characters) -> dict[str, np.ndarray]:
    cut = len(digits) // 2
    x, y = digits.images, digits.labels
    return {"x_train": x[:cut], "y_train": y[:cut], "x_test": x[cut:], "y_test": y[cut:]}


DOORS = {
    "npz": lambda d, t: npz(t / "a.npz", images=d.images, labels=d.labels),
    "npz int64": lambda d, t: npz(t / "a.npz", images=d.images.astype(np.int64), labels=d.labels.astype(np.uint8)),
    "npz float64 0..1": lambda d, t: npz(t / "a.npz", images=d.images / 255, labels=d.labels.astype(np.float32)),
    "npz float32 0..1": lambda d, t: npz(t / "a.npz", images=(d.images / 255).astype(np.float32), labels=d.labels),
    "npz float64 0..255": lambda d, t: npz(t / "a.npz", images=d.images.astype(float), labels=d.labels),
    "npz inverted": lambda d, t: npz(t / "a.npz", images=255 - d.images, labels=d.labels),
    "npz float64 inverted": lambda d, t: npz(t / "a.npz", images=1 - d.images / 255, labels=d.labels),
    "npz (N, 784)": lambda d, t: npz(t / "a.npz", images=d.images.reshape(-1, 784), labels=d.labels),
    "npz (N, 28, 28, 1)": lambda d, t: npz(t / "a.npz", images=d.images[..., None], labels=d.labels),
    "npz fortran": lambda d, t: npz(t / "a.npz", images=np.asfortranarray(d.images), labels=d.labels),
    "npz big-endian": lambda d, t: npz(t / "a.npz", images=d.images.astype(">i2"), labels=d.labels.astype(">i4")),
    "npz keras": lambda d, t: npz(t / "mnist.npz", **halves(d)),
    "zip": lambda d, t: zipped(t / "a.zip", pngs(d)),
    "zip wrapped, littered": lambda d, t: zipped(t / "a.zip", litter(pngs(d, wrap="my digits/"))),
    "zip train and testing": lambda d, t: zipped(
        t / "a.zip", pngs(d[: len(d) // 2], wrap="x/train/") | pngs(d[len(d) // 2 :], wrap="x/testing/")
    ),
    "zip inverted": lambda d, t: zipped(t / "a.zip", pngs(d, invert=True)),
    "folder": lambda d, t: unpacked(t / "a", pngs(d)),
    "folder wrapped, littered": lambda d, t: unpacked(t / "a", litter(pngs(d, wrap="wrap/"))),
    **{
        f"folder {mode}": lambda d, t, mode=mode: unpacked(t / "a", pngs(d, mode))
        for mode in ("RGB", "RGBA", "LA", "P", "I;16")
    },
    "idx folder": lambda d, t: unpacked(t / "a", idx_files(d, "train-{}-idx{}-ubyte")),
    "idx dotted": lambda d, t: unpacked(t / "a", idx_files(d, "train-{}.idx{}-ubyte")),
    "idx gz": lambda d, t: unpacked(t / "a", idx_files(d, "{}-idx{}-ubyte.gz", gzip.compress)),
    "idx plain beside gz": lambda d, t: unpacked(
        t / "a", idx_files(d) | idx_files(d, "{}-idx{}-ubyte.gz", gzip.compress)
    ),
    "idx zip": lambda d, t: zipped(t / "a.zip", idx_files(d, "MNIST/raw/train-{}-idx{}-ubyte")),
    "idx inverted": lambda d, t: unpacked(
        t / "a", idx_files(replace(d, images=255 - d.images), "train-{}-idx{}-ubyte")
    ),
}


def as_set(digits: Characters) -> list[tuple[int, bytes]]:
    return sorted((int(label), image.tobytes()) for image, label in zip(digits.images, digits.labels, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(per_class=st.integers(3, 6), seed=st.integers(0, 2**32))
def test_every_door_gives_the_same_images(door, per_class, seed, tmp_path_factory):
    digits = some(per_class, seed)
    path = DOORS[door](digits, tmp_path_factory.mktemp("door"))
    found = read(path)
    assert as_set(found) == as_set(digits)
    assert found.name == path.name
    assert found.images.flags.writeable


@pytest.mark.parametrize("door", ["npz", "zip", "idx zip", "npz float64 0..1"])
def test_the_doors_keep_the_order_or_sort_by_class(door, tmp_path):
    digits = some(5)
    found = read(DOORS[door](digits, tmp_path))
    expected = digits[np.argsort(digits.labels, kind="stable")] if door == "zip" else digits
    assert found.fingerprint == expected.fingerprint


@pytest.mark.parametrize("kind", [np.uint8, np.int64, bool, np.float32])
def test_binary_images_are_brought_to_full_scale(kind, tmp_path):
    digits = some(3)
    path = npz(tmp_path / "a.npz", images=(digits.images > 127).astype(kind), labels=digits.labels)
    assert np.array_equal(read(path).images, np.where(digits.images > 127, 255, 0))


def test_one_odd_image_does_not_flip(tmp_path):
    digits = some(3)
    images = digits.images.copy()
    images[4] = 255 - images[4]
    assert np.array_equal(read(npz(tmp_path / "a.npz", images=images, labels=digits.labels)).images, images)
    path = npz(tmp_path / "b.npz", images=255 - images, labels=digits.labels)
    assert np.array_equal(read(path).images, images)


@pytest.mark.parametrize("invert", [False, True])
def test_pictures_of_other_sizes_come_to_mnist_geometry(invert, tmp_path):
    digits = some(3)
    files = {}
    for i, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        scene = np.zeros((150, 200), np.uint8)
        scene[10:94, 60 : 60 + 84] = np.asarray(Image.fromarray(image).resize((84, 84), Image.Resampling.BILINEAR))
        files[f"{label}/{i:02}.png"] = png(Image.fromarray(255 - scene if invert else scene))
    found = read(zipped(tmp_path / "a.zip", files))
    expected = digits[np.argsort(digits.labels, kind="stable")]
    pairs = zip(found.images, expected.images, strict=True)
    assert min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs) > 0.85
    assert np.array_equal(found.labels, expected.labels)


def test_given_test_parts_stay_test(tmp_path):
    train, test = some(12, 1), some(3, 2)
    keras = npz(tmp_path / "a.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    files = idx_files(train, "train-{}-idx{}-ubyte") | idx_files(test, "t10k-{}-idx{}-ubyte")
    for path in (keras, zipped(tmp_path / "a.zip", files), unpacked(tmp_path / "folder", files)):
        splits = load(path)
        assert splits.test.fingerprint == test.fingerprint
        assert sorted(as_set(splits.train) + as_set(splits.validation)) == as_set(train)
    folders = pngs(train, wrap="train/") | pngs(test, wrap="test/")
    assert as_set(load(unpacked(tmp_path / "pngs", folders)).test) == as_set(test)


def test_without_a_test_part_a_seeded_stratified_sixth_is_cut(tmp_path):
    digits = some(60)
    path = npz(tmp_path / "a.npz", images=digits.images, labels=digits.labels)
    splits = load(path)
    assert [np.bincount(part.labels).tolist() for part in splits] == [[46] * 10, [4] * 10, [10] * 10]
    assert as_set(digits) == sorted(sum(map(as_set, splits), []))
    assert [part.fingerprint for part in load(path)] == [part.fingerprint for part in splits]
    assert [part.fingerprint for part in load_data(str(path))] == [part.fingerprint for part in splits]


def test_three_of_a_class_are_enough(tmp_path):
    digits = some(3)
    splits = load(npz(tmp_path / "a.npz", images=digits.images, labels=digits.labels))
    assert [len(part) for part in splits] == [10, 10, 10]


@pytest.mark.parametrize("key", ["writer", "writers"])
def test_writers_are_kept_apart(key, tmp_path):
    digits = some(60)
    # Every writer writes every digit: rows sorted by class, writers in turn.
    digits = digits[np.argsort(digits.labels, kind="stable")]
    writers = (np.arange(len(digits)) % 12).astype(np.uint16)
    splits = load(npz(tmp_path / "a.npz", images=digits.images, labels=digits.labels, **{key: writers}))
    parts = [set(part.writers.tolist()) for part in splits]
    assert list(map(len, parts)) == [9, 1, 2] and len(set.union(*parts)) == 12


def test_too_few_writers_to_split_by_is_said(tmp_path):
    digits = some(6)
    for writers in (np.ones(60, int), np.arange(60) % 2):
        path = npz(tmp_path / "a.npz", images=digits.images, labels=digits.labels, writer=writers)
        with pytest.raises(DataError, match=r"a\.npz.*more writers, or no writer key"):
            load(path)
