"""The user's own digits, as other people's tools write them: the same images come out equal at every door."""

import zipfile

import numpy as np
import pytest

from ocrgen.datasets.own import open_data
from tests.helpers.own_data import (
    WORDS,
    as_set,
    column,
    digits,
    gz,
    idx,
    mat,
    npy,
    npz,
    packed,
    parquet,
    pictures,
    pixels,
    table,
    written,
)  # fmt: skip

D = digits()
X, Y = D.images, D.labels
HOT = np.eye(10)[Y]
A, B, C, BC = D[:20], D[20:30], D[30:], D[20:]
MAPPING = "".join(f"{label} {48 + label}\n" for label in range(10)).encode()
RGB = np.stack([X] * 3, -1)


def emnist() -> dict:
    """The structure of EMNIST's .mat files."""
    return {"dataset": {"train": {"images": X.reshape(-1, 784), "labels": Y[:, None], "writers": Y[:, None] * 0 + 7}}}


FILES = {
    "a.csv": {
        "kaggle": lambda: table(D, "label"),
        "emnist": lambda: table(D),
        "label last": lambda: table(D, "class", last=True),
        "no header, label last": lambda: table(D, last=True),
        "semicolons": lambda: table(D, "target", delimiter=";"),
        "tabs, fractions": lambda: table(D, "y", delimiter="\t", divide=255),
        "fractions, label last, no header": lambda: table(D, last=True, divide=255),
        "labels in words": lambda: table(D, labels=[WORDS[y] for y in Y]),
        "windows": lambda: b"\xef\xbb\xbf" + table(D, "Label").replace(b"\n", b"\r\n"),
        "old mac": lambda: table(D, "label").replace(b"\n", b"\r"),
        "pandas index": lambda: b"\n".join(
            b"%s,%s" % (b"" if not i else str(i).encode(), row) for i, row in enumerate(table(D, "label").splitlines())
        ),
        "numbered header": lambda: b"label," + b",".join(b"%d" % i for i in range(784)) + b"\n" + table(D),
        "quoted": lambda: (
            table(D, "label").replace(b",", b'","').replace(b"\n", b'"\n"').rstrip(b'"').join((b'"', b""))
        ),
        "a comma at the end": lambda: table(D).replace(b"\n", b",\n"),
    },
    "a.csv.gz": {"kaggle": lambda: gz(table(D, "label")), "emnist": lambda: gz(table(D))},
    "a.parquet": {
        "hugging face": lambda: parquet(D, names=tuple("0123456789")),
        "hugging face in words": lambda: parquet(D, names=WORDS),
        "bytes": lambda: parquet(D, "bytes"),
        "labels as texts": lambda: parquet(D, labels=[str(y) for y in Y]),
        **{form: (lambda form=form: parquet(D, form)) for form in ("list", "nested", "columns")},
    },
    "a.mat": {
        "emnist": lambda: mat(emnist()),
        "uncompressed": lambda: mat(emnist(), False),
        "svhn": lambda: mat({"X": RGB.transpose(1, 2, 3, 0), "y": np.where(Y == 0, 10, Y)[:, None]}),
        "mldata": lambda: mat({"data": X.reshape(-1, 784).T, "label": Y[None].astype(float)}),
        "a matrix a digit": lambda: mat({f"train{c}": X[c == Y].reshape(-1, 784) for c in range(10)}),
    },
    "a.npz": {
        "X y": lambda: npz(X=X, y=Y),
        "data target": lambda: npz(data=X.reshape(-1, 784), target=Y),
        "positions": lambda: npz(arr_0=X, arr_1=Y),
        "x_train y_train alone": lambda: npz(x_train=X, y_train=Y),
        "channel first": lambda: npz(images=X[:, None], labels=Y),
        "channel last, fractions": lambda: npz(images=X[..., None] / 255, labels=Y),
        "rgb": lambda: npz(images=RGB, labels=Y),
        "rgb first": lambda: npz(Images=RGB.transpose(0, 3, 1, 2), Labels=Y),
        "rgb fractions": lambda: npz(images=(RGB / 255).astype(np.float32), labels=Y),
        "rgba": lambda: npz(images=np.concatenate([RGB, RGB[..., :1] * 0 + 255], -1), labels=Y),
        "ink in alpha": lambda: npz(images=np.stack([X * 0] * 3 + [X], -1), labels=Y),
        "images last": lambda: npz(images=X.transpose(1, 2, 0), labels=Y),
        "one-hot": lambda: npz(images=X, labels=HOT),
        "one-hot bool": lambda: npz(images=X, labels=HOT.astype(bool)),
        "labels (N, 1)": lambda: npz(images=X, labels=Y[:, None]),
        "labels as texts": lambda: npz(images=X, labels=Y.astype(str)),
        "labels as bytes": lambda: npz(images=X, labels=Y.astype("S1")),
        "labels as words": lambda: npz(images=X, labels=np.array([f"digit_{y}" for y in Y])),
        "counted from 1 with classes": lambda: npz(images=X, labels=Y + 1, classes=np.array([*"0123456789"])),
        "emnist's mapping": lambda: npz(
            images=X, labels=Y + 20, mapping=np.stack([np.arange(20, 30), np.arange(48, 58)], 1)
        ),
        "the part as texts": lambda: npz(images=X, labels=Y, split=np.array(["Train", "test"] * 20)),
    },
}
MANY = {
    "npy pair": {"images.npy": npy(X), "labels.npy": npy(Y)},
    "npy of Keras": {
        "X_train.npy": npy(A.images),
        "y_train.npy": npy(A.labels),
        "X_test.npy": npy(BC.images),
        "y_test.npy": npy(BC.labels),
    },
    "npy in folders": {
        "train/x.npy": npy(A.images),
        "train/y.npy": npy(A.labels),
        "test/x.npy": npy(BC.images),
        "test/y.npy": npy(BC.labels),
    },
    "npz a part": {
        "train.npz": npz(images=A.images, labels=A.labels),
        "TEST.npz": npz(images=BC.images, labels=BC.labels),
    },
    "csv": {"data/mnist.csv": table(D, "label")},
    "emnist csv": {
        "emnist-digits-train.csv": table(A),
        "emnist-digits-test.csv": table(BC),
        "emnist-digits-mapping.txt": MAPPING,
    },
    "ahdd1": {
        "csvTrainImages 20 x 784.csv": pixels(A.images),
        "csvTrainLabel 20 x 1.csv": column(A.labels),
        "csvTestImages 20 x 784.csv": pixels(BC.images),
        "csvTestLabel 20 x 1.csv": column(BC.labels),
    },
    "csv pair, one-hot": {"x.csv": pixels(X), "y.csv": pixels(HOT.astype(int))},
    "kaggle competition": {
        "train.csv": table(D, "label"),
        "test.csv": pixels(X[:3]),
        "sample_submission.csv": b"ImageId,Label\n1,0\n2,0\n3,0\n",
    },
    "shards": {
        "data/train-00000-of-00002.parquet": parquet(A),
        "data/train-00001-of-00002.parquet": parquet(B),
        "data/test-00000-of-00001.parquet": parquet(C),
        "README.md": b"?",
    },
    "idx emnist": {
        "gzip/emnist-digits-train-images-idx3-ubyte.gz": gz(idx(X)),
        "gzip/emnist-digits-train-labels-idx1-ubyte.gz": gz(idx(Y)),
    },
    "idx dots": {"Train-Images.idx3-ubyte": idx(X), "Train-Labels.idx1-ubyte": idx(Y)},
    "mat a part": {"train.mat": mat({"X": A.images, "y": A.labels}), "test.mat": mat({"X": BC.images, "y": BC.labels})},
    "wrapped twice": pictures(D, prefix="archive/mnist_png/") | {"archive/readme.txt": b"?"},
    "digit_3": pictures(D, "digit_{}"),
    "class 3": pictures(D, "Class 0{}"),
    "three": pictures(D, "{word}"),
    "Training, Testing": pictures(A, prefix="mnist_png/Training/") | pictures(BC, prefix="mnist_png/Testing/"),
    "train, val, test, each wrapped": pictures(A, prefix="train/a/")
    | pictures(B, prefix="VAL/b/")
    | pictures(C, prefix="eval/c/"),
    "littered by a Mac": pictures(D, prefix="my digits/")
    | {"__MACOSX/my digits/0/._000.png": b"?", "my digits/.DS_Store": b"?"},
}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kinds in FILES.items() for kind in kinds])
def test_one_file(name, kind, tmp_path):
    found = open_data(written(tmp_path / name, FILES[name][kind]()))
    assert as_set(found.whole) == as_set(D)
    assert found.whole.images.flags.c_contiguous and found.whole.images.flags.writeable
    assert found.whole.classes == D.classes
    assert all(note.endswith(".") for note in found.notes)


@pytest.mark.parametrize(
    ("kind", "form"),
    [(kind, "zip" if i % 3 else "folder") for i, kind in enumerate(MANY)] + [("shards", "tar.gz"), ("three", "tgz")],
)
def test_several_files(kind, form, tmp_path):
    if form == "folder":
        for name, content in MANY[kind].items():
            written(tmp_path / "a" / name, content)
        found = open_data(tmp_path / "a")
    else:
        found = open_data(packed(tmp_path / f"a.{form}", MANY[kind]))
    assert as_set(found.whole) == as_set(D)
    assert found.whole.classes == D.classes


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zips_by_other_methods(method, tmp_path):
    assert as_set(open_data(packed(tmp_path / "a.zip", pictures(D), method)).whole) == as_set(D)


def test_zips_of_old_windows_tools(tmp_path):
    files = {name.replace("/", "\\"): content for name, content in pictures(D, prefix="my digits/").items()}
    assert as_set(open_data(packed(tmp_path / "a.zip", files)).whole) == as_set(D)
    packed(tmp_path / "b.zip", pictures(D) | {f"{c}\\": b"" for c in range(10)})
    assert as_set(open_data(tmp_path / "b.zip").whole) == as_set(D)
