"""CSV, Parquet, MATLAB and other files, damaged or hostile: one message that names the file and what to do."""

import gzip
import io
import pickle
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocrgen.datasets import DataError
from ocrgen.datasets.formats import archive
from ocrgen.datasets.own import open_data
from tests.helpers.archives import refused
from tests.helpers.own_data import digits, idx, mat, npy, npz, packed, parquet, pictures, table, written

D = digits()
CSV = table(D, "label")
PARQUET = parquet(D)
LISTS = parquet(D, "list")
MAT = mat({"images": D.images, "labels": D.labels})
PLAIN_MAT = mat({"images": D.images, "labels": D.labels}, compress=False)


def changed(row: int, column: int, text: str) -> bytes:
    """The CSV with other text in a cell; row 0 is the header."""
    lines = [line.split(",") for line in CSV.decode().splitlines()]
    lines[row][column] = text
    return "\n".join(",".join(line) for line in lines).encode()


def bad_table(image=None, label=None) -> bytes:
    """A Parquet file of three rows with these columns."""
    columns = {"image": image or pa.array([b"x"] * 3), "label": label or pa.array([0, 1, 2])}
    pq.write_table(pa.table(columns), stream := io.BytesIO())
    return stream.getvalue()


def matrix(dims: tuple[int, ...], data: bytes, kind: int = 9) -> bytes:
    """A .mat file of one array that declares these dimensions."""

    def element(type_: int, content: bytes) -> bytes:
        return struct.pack("<II", type_, len(content)) + content + bytes(-len(content) % 8)

    flags, shape = struct.pack("<II", kind, 0), struct.pack(f"<{len(dims)}i", *dims)
    inner = element(6, flags) + element(5, shape) + element(1, b"images") + element(2, data)
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + element(14, inner)


BOMB = zlib.compress(struct.pack("<II", 14, 2**31) + bytes(80 * 2**20), 9)
FAULTS = {
    "ragged.csv": (CSV + b"1,2,3\n", "row 42 has 3 columns, not 785"),
    "longer.csv": (CSV + b"1," * 800 + b"1\n", "row 42 has 801 columns, not 785"),
    "text.csv": (changed(3, 9, "ink"), "row 4 holds 'ink' in column 10"),
    "nan.csv": (changed(3, 9, "NaN"), "row 4 holds 'NaN' in column 10"),
    "empty.csv": (changed(3, 9, ""), "row 4 holds '' in column 10"),
    "300.csv": (changed(30, 9, "300"), "row 31 holds '300' in column 10"),
    "negative.csv": (changed(30, 784, "-1"), "row 31 holds '-1' in column 785"),
    "label.csv": (changed(3, 0, ""), "row 3 has no label"),
    "one.csv": (b"\n".join(CSV.splitlines()[:1]), "no rows"),
    "wide.csv": (b"0," * 5_000_000 + b"0\n", "a row of more than"),
    "wide.csv.gz": (gzip.compress(b"0," * 5_000_000 + b"0\n"), "a row of more than"),
    "narrow.csv": (b"label,a,b,c\n" + b"1,2,3,4\n" * 9, "has 3 columns beside the labels; expected a column of labels"),
    "files.csv": (b"image,label\n" + b"a.png,3\n" * 9, "columns beside the labels"),
    "words.txt": (b"one, two, three and so on " * 30, "not a zip|no rows|columns"),
    "utf16.csv": (CSV.decode().encode("utf-16"), "not a zip|UTF-8"),
    "cut.csv.gz": (gzip.compress(CSV)[:-90], "damaged"),
    "cut.parquet": (PARQUET[:-10], "no Parquet file, or a damaged one; get it again"),
    "short.parquet": (b"PAR1" + PARQUET[-2000:], "no Parquet file, or a damaged one; get it again"),
    "nobytes.parquet": (bad_table(pa.array(["a.png"] * 3)), "no lists of equal length|columns of numbers"),
    "nothing.parquet": (bad_table(pa.array([b"x", None, b"x"])), "empty cells in image"),
    "damaged.parquet": (bad_table(), r"row 1 is damaged or not a picture"),
    "unlabelled.parquet": (bad_table(label=pa.array([[1], [2], [3]])), "column label holds no labels"),
    "ragged.parquet": (bad_table(pa.array([[0] * 784, [0] * 783, [0] * 784])), "no lists of equal length"),
    "300.parquet": (bad_table(pa.array([[300] * 784] * 3)), "with levels 0 to 255"),
    "cut.mat": (PLAIN_MAT[:-900], "no MATLAB file, or a damaged one"),
    "declared.mat": (matrix((2**30, 28, 28), b"123"), "no MATLAB file, or a damaged one"),
    "negative.mat": (matrix((-30, -28, 28), b"123"), "no MATLAB file, or a damaged one"),
    "texts.mat": (matrix((2**30, 2**30), b"", 4), "no MATLAB file, or a damaged one"),
    "cells.mat": (matrix((2**30, 1), b"", 1), "holds no array|no MATLAB file"),
    "bomb.mat": (MAT[:128] + struct.pack("<II", 15, len(BOMB)) + BOMB, "which is too much"),
    "other.mat": (mat({"a": D.images, "b": D.labels}), "holds a, b; expected images"),
    "new.mat": (b"MATLAB 7.3 MAT-file".ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n", "HDF5.*save it with the option -v7"),
    "a.rar": (b"Rar!\x1a\x07\1\0" + bytes(99), "is a RAR archive; unpack it, and bring it as a zip"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(99), "is a 7-Zip archive; unpack it"),
    "a.pdf": (b"%PDF-1.7\n%abc", "is a PDF document"),
    "a.h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file; save its arrays as an .npz"),
    "a.pkl": (pickle.dumps({"images": [1, 2]}), "is a pickle, which could run any program; save its arrays"),
    "a.png": (next(iter(pictures(D).values())), "one picture"),
    "a.npy": (npy(D.images), "is one array; bring images and labels in one .npz"),
    "a-idx3-ubyte": (idx(D.images), "is one IDX file; bring images and labels in one folder or zip"),
    "page.csv": (b"<!DOCTYPE html><html>sign in</html>", "is a web page, not data; get the file again"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_faults(name, tmp_path):
    content, told = FAULTS[name]
    refused(written(tmp_path / name, content), told)


PACKED = {
    "book.xlsx": ({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}, "is an Office document; save its"),
    "model.pt": ({"model/data.pkl": b"?", "model/data/0": b"?"}, "is a PyTorch file of pickles|data.pkl"),
    "books.zip": ({"a.xlsx": b"?", "b.xlsx": b"?"}, "nothing but .xlsx files, which are not read"),
    "two sets.zip": (
        {f"emnist-{name}-{part}.csv": CSV for name in ("letters", "digits") for part in ("train", "test")},
        r"holds 2 data sets \(emnistdigits, emnistletters\); expected one",
    ),
    "labels.zip": ({"labels.csv": b"1\n2\n3\n"}, "has no columns of pixels"),
    "few.zip": (
        {"images.csv": b"\n".join(b"0," * 783 + b"255" for _ in range(4)), "labels.csv": b"1\n2\n3\n"},
        "labels.csv: has 3 labels for 4 images",
    ),
    "mapping.zip": ({"a.csv": CSV, "mapping.txt": b"0 48\n1 forty-nine\n"}, "mapping.txt: is no mapping"),
    "unmapped.zip": ({"a.csv": CSV, "mapping.txt": b"0 48\n1 49\n"}, "label 2 is not in the mapping"),
    "up.tar": ({"../0/a.png": b"?"}, "is a link or points outside the tar"),
    "twice.tar.gz": ({"0/a.png": b"?", "./0/a.png": b"?"}, "is in it twice"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKED)
def test_faults_in_archives(name, tmp_path):
    content, told = PACKED[name]
    refused(packed(tmp_path / name, content), told)


def test_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FROM", 2**16)
    flat = gzip.compress((b"0," * 784 + b"0\n") * 3000)
    refused(written(tmp_path / "flat.csv.gz", flat), "which is too much")
    monkeypatch.setattr(archive, "MAX_FILE", 2**14)
    files = {f"{i}/a.png": bytes(9000) for i in range(3)}
    refused(packed(tmp_path / "bomb.tar.gz", files), "unpacks to more than 16,384")


def test_an_upload_is_called_as_its_user_calls_it(tmp_path):
    folder = tmp_path / "secret"
    for name, content in (
        ("a.csv", changed(3, 9, "ink")), ("a.parquet", PARQUET[:-9]), ("a.mat", PLAIN_MAT[:-900]),
        ("a.rar", b"Rar!\x1a\x07"),
        ("a.npz", npz(images=D.images)), ("a.zip", b"PK\3\4"), ("a.tar", b"?"),
    ):  # fmt: skip
        path = written(folder / name, content)
        with pytest.raises(DataError) as error:
            open_data(path, named="my own data")
        assert str(error.value).startswith("my own data") and "secret" not in str(error.value)
    for name, content in pictures(D).items():
        written(folder / "pictures" / name, content)
    written(folder / "pictures" / "3" / "z.png", b"?")
    with pytest.raises(DataError, match=r"^my own data: 3/z\.png is damaged") as error:
        open_data(folder / "pictures", named="my own data")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "whole"),
    [("a.csv", CSV[:9000]), ("a.parquet", PARQUET), ("a.parquet", LISTS), ("a.mat", MAT), ("a.mat", PLAIN_MAT[:9000])],
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_never_raise_anything_else(name, whole, data, tmp_path):
    content = bytearray(whole)
    # What describes the file is at its beginning, or, in Parquet, at its end.
    places = st.integers(0, 600) | st.integers(len(whole) - 900, len(whole) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(places)] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.just(len(content)) | st.integers(1, len(content)))]
    try:
        open_data(written(tmp_path / name, bytes(content)), least=0)
    except DataError as error:
        assert name in str(error) and "\n" not in str(error)
