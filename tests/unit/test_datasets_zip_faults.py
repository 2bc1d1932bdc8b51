"""Folders and zips of pictures, damaged or hostile: one DataError that names the file and the fault."""

import io
import stat
import zipfile
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ocrgen.datasets import DataError
from ocrgen.datasets.formats import archive
from ocrgen.datasets.own import load, read
from tests.helpers.archives import good, refused, zipped

X, Y = good()


@cache
def pngs() -> dict[str, bytes]:
    files = {}
    for i, (image, label) in enumerate(zip(X, Y, strict=True)):
        Image.fromarray(image).save(stream := io.BytesIO(), "PNG")
        files[f"{label}/{i:02}.png"] = stream.getvalue()
    return files


def test_the_good_zip_is_good(tmp_path):
    assert np.array_equal(read(zipped(tmp_path / "mine.zip", pngs())).images, X)


def test_paths(tmp_path):
    refused(tmp_path / "nowhere", "no such file or folder")
    (tmp_path / "empty.zip").write_bytes(b"")
    refused(tmp_path / "empty.zip", "is empty")
    (tmp_path / "text.zip").write_bytes(b"not a zip at all")
    refused(tmp_path / "text.zip", "not a zip")
    refused(zipped(tmp_path / "none.zip", {}), "holds no files")
    refused(zipped(tmp_path / "litter.zip", {"__MACOSX/a": b"", ".DS_Store": b""}), "holds no files")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "holds no files")
    whole = zipped(tmp_path / "cut.zip", pngs())
    whole.write_bytes(whole.read_bytes()[:-200])
    refused(whole, "not a zip, or a damaged one")


@pytest.mark.parametrize(
    "name",
    ["../0/a.png", "/0/a.png", "0/../../a.png", "C:/0/a.png", "c:a.png", "\\0\\a.png", "..\\a.png", "0/a.png\0.txt"],
)
def test_path_tricks(name, tmp_path):
    # A stand-in of the same length, since zipfile itself would tidy some of these names on writing.
    path = zipped(tmp_path / "mine.zip", pngs() | {(stand_in := "#" * len(name)): pngs()["0/00.png"]})
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode()))
    refused(path, "is a link or points outside the zip")


def test_symlink_entry(tmp_path):
    path = zipped(tmp_path / "mine.zip", pngs())
    link = zipfile.ZipInfo("0/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/passwd")
    refused(path, "link.png' is a link")


def test_encrypted_unusual_and_double(tmp_path):
    path = zipped(tmp_path / "locked.zip", pngs())
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    refused(path, "encrypted; expected a zip without a password")
    path = zipped(tmp_path / "deflate64.zip", pngs())
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 10] = 9
    path.write_bytes(data)
    refused(path, "by Deflate64, which is not read; expected an ordinary")
    path = zipped(tmp_path / "twice.zip", pngs() | {"0/##.png": b""})
    path.write_bytes(path.read_bytes().replace(b"0/##.png", b"0/00.png"))
    refused(path, "in it twice")


def test_zip_bombs_by_declared_size(tmp_path, monkeypatch):
    path = zipped(tmp_path / "ratio.zip", pngs() | {"0/x.png": bytes(70 * 2**20)})
    assert path.stat().st_size < 200_000
    refused(path, "unpack to .* too much")
    path = zipped(tmp_path / "mine.zip", pngs())
    for limit, value, fault in (
        ("MAX_ENTRIES", 29, "30 entries; at most 29"),
        ("MAX_FILE", 100, "at most 1 GiB"),
        ("MAX_TOTAL", 3000, "too much for a set of characters"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, value)
            refused(path, fault)


def test_zip_bombs_by_overlapping_entries(tmp_path):
    """Many names for one packed megabyte (Fifield 2019): each counts in full."""
    with zipfile.ZipFile(tmp_path / "mine.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0/00.png", bytes(2**20))
        first = file.infolist()[0]
        for i in range(100):
            again = zipfile.ZipInfo(f"0/x{i}.png")
            for field in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(again, field, getattr(first, field))
            file.filelist.append(again)
        file._didModify = True
    refused(tmp_path / "mine.zip", "too much for a set of characters")


@pytest.mark.parametrize("declared", [10, 2**20])
def test_zip_entries_that_lie_about_their_size(declared, tmp_path):
    path = zipped(tmp_path / "mine.zip", pngs())
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 24 : entry + 28] = declared.to_bytes(4, "little")
    path.write_bytes(data)
    refused(path, "0/00.png")


def test_a_damaged_entry(tmp_path):
    path = zipped(tmp_path / "mine.zip", pngs())
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    refused(path, "'0/00.png' is damaged")


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_zips_never_raise_anything_else(data, tmp_path):
    path = zipped(tmp_path / "mine.zip", pngs())
    whole = bytearray(path.read_bytes())
    # The central directory, where the names, sizes and methods are.
    where = st.integers(whole.index(b"PK\1\2"), len(whole) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(where)] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        read(path)
    except DataError as error:
        assert "mine.zip" in str(error)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("3/readme.txt", b"hello", r"3/readme\.txt is damaged or not a picture"),
        ("3/cut.png", None, r"3/cut\.png is damaged or not a picture"),
        ("3/empty.png", b"", r"3/empty\.png is damaged or not a picture"),
        ("10/a.png", None, r"10/a\.png is damaged or not a picture"),
        ("a.png", None, r"a\.png is in no class's folder; expected one folder per class"),
        ("3/deep/a.png", None, "3/deep/a.png is in a folder within a class's folder"),
    ],
)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_strangers_among_the_pictures(name, content, fault, form, tmp_path):
    files = pngs() | {name: pngs()["0/00.png"][:-40] if content is None else content}
    path = tmp_path / "mine"
    if form == "zip":
        zipped(path, files)
    for entry, data in files.items() if form == "folder" else ():
        (path / entry).parent.mkdir(parents=True, exist_ok=True)
        (path / entry).write_bytes(data)
    refused(path, fault)


def picture(image: Image.Image) -> bytes:
    image.save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


def test_pictures_that_are_no_digits(tmp_path):
    large = picture(Image.new("1", (7000, 7000)))
    refused(zipped(tmp_path / "bomb.zip", pngs() | {"3/b.png": large}), r"3/b\.png has 7000 x 7000 pixels")
    blank = picture(Image.new("L", (50, 50), 255))
    refused(zipped(tmp_path / "blank.zip", pngs() | {"3/b.png": blank}), r"3/b\.png: the picture is blank")
    dot = picture(Image.new("L", (1, 1), 255))
    refused(zipped(tmp_path / "dot.zip", pngs() | {"3/b.png": dot}), r"3/b\.png: the picture is 1 x 1")


def test_some_digits_are_an_alphabet_and_one_is_none(tmp_path):
    only = {name: data for name, data in pngs().items() if name[0] in "345"}
    assert read(zipped(tmp_path / "mine.zip", only)).classes == ("3", "4", "5")
    alone = {name: data for name, data in pngs().items() if name[0] == "3"}
    refused(zipped(tmp_path / "mine.zip", alone), "1 class; expected 2 to 100")


def test_a_test_part_without_a_class(tmp_path):
    files = {f"train/{name}": data for name, data in pngs().items()} | {"test/0/a.png": pngs()["0/00.png"]}
    with pytest.raises(DataError, match=r"mine\.zip: no images of digit 1 are left for test"):
        load(zipped(tmp_path / "mine.zip", files))
