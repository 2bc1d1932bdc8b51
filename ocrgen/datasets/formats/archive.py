"""Read the files of a folder or an untrusted zip one by one into memory, without unpacking anything to disk."""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ocrgen.datasets.base import DataError

MAX_ENTRIES = 300_000
MAX_FILE = 2**30
MAX_TOTAL = 2**32
# An array of labels may compress a thousandfold, so the ratio is only checked above RATIO_FROM bytes.
MAX_RATIO, RATIO_FROM = 200, 2**26
_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OS_METADATA = re.compile(r"(^|/)(__MACOSX/|\.[^/]|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
# Notes beside the folders of characters, such as the provenance.json of our own samples, are ignored.
_NOTES = re.compile(r"[^/]+\.(json|txt|md)", re.IGNORECASE)


@dataclass(frozen=True)
class Files:
    """The files of the folder or zip `source`: their relative `names`, sorted, with "/" as separator, and `read(name)`.

    `read` returns the content of one file; DataError if it is damaged or too large. empty: the folders without a file,
    sorted.
    """

    source: Path
    names: list[str]
    read: Callable[[str], bytes]
    empty: list[str]


@contextmanager
def open_files(path: Path) -> Iterator[Files]:
    """The files of a folder or zip, without those of operating systems (.DS_Store, __MACOSX, Thumbs.db).

    DataError if the path does not exist or is not a zip, or if the zip is encrypted, unpacks to too much, or holds
    links or names that point outside it.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder.")
    if path.is_dir():
        found = list(path.rglob("*"))
        names = _data_names(path, [file.relative_to(path).as_posix() for file in found if file.is_file()])
        folders = [folder.relative_to(path).as_posix() for folder in found if folder.is_dir()]
        yield Files(path, names, partial(_read_file, path), _empty(folders, names))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path}: {_why_no_zip(path)}; expected a folder, a whole zip or an .npz.") from error
    with archive:
        entries = {info.filename: info for info in _checked_entries(path, archive.infolist())}
        names = _data_names(path, [name for name, info in entries.items() if not info.is_dir()])
        folders = [name.rstrip("/") for name, info in entries.items() if info.is_dir()]
        yield Files(path, names, partial(_read_entry, path, archive, entries), _empty(folders, names))


def _why_no_zip(path: Path) -> str:
    return "is empty" if path.is_file() and not path.stat().st_size else "not a zip, or a damaged one"


def _data_names(path: Path, names: list[str]) -> list[str]:
    """Sorted names without those of operating systems, and without notes at the top or in the folder that wraps all."""
    names = sorted(name for name in names if not (_OS_METADATA.search(name) or _NOTES.fullmatch(name)))
    if len({name.split("/")[0] for name in names}) == 1:
        names = [name for name in names if not _NOTES.fullmatch(name.partition("/")[2])]
    if not names:
        raise DataError(f"{path}: holds no files; expected images or arrays of characters.")
    if len(names) > MAX_ENTRIES:
        raise DataError(f"{path}: holds {len(names):,} files; at most {MAX_ENTRIES:,} are read.")
    return names


def _empty(folders: list[str], names: list[str]) -> list[str]:
    """Those of `folders` that hold none of the files `names`, without those of operating systems."""
    filled = {name[:i] for name in names for i, c in enumerate(name) if c == "/"}
    return sorted(f for f in folders if f not in filled and not _OS_METADATA.search(f"{f}/"))


def _read_file(folder: Path, name: str) -> bytes:
    file = folder / name
    try:
        if file.stat().st_size > MAX_FILE:
            raise DataError(f"{file}: is larger than 1 GiB.")
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}).") from error


def _checked_entries(path: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{path}: holds {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.")
    names = set()
    for info in entries:
        name = info.orig_filename
        if (
            name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
            or re.match(r"[A-Za-z]:", name) or stat.S_ISLNK(info.external_attr >> 16)
        ):  # fmt: skip
            raise DataError(f"{path}: {name!r} is a link or points outside the zip; expected plain relative names.")
        if info.flag_bits & 1:
            raise DataError(f"{path}: {name!r} is encrypted; expected a zip without a password.")
        if info.compress_type not in _COMPRESSION:
            raise DataError(f"{path}: {name!r} is compressed by an unusual method; expected an ordinary (deflate) zip.")
        if info.file_size > MAX_FILE:
            raise DataError(f"{path}: {name!r} unpacks to {info.file_size:,} bytes; at most 1 GiB is read.")
        if info.filename in names:
            raise DataError(f"{path}: {name!r} is in it twice; expected every name once.")
        names.add(info.filename)
    # Compared with the size on disk, not the compressed sizes that the zip declares, since entries may overlap.
    total, packed = sum(info.file_size for info in entries), path.stat().st_size
    if total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * packed):
        raise DataError(f"{path}: {packed:,} bytes unpack to {total:,}, which is too much for a set of characters.")
    return entries


def _read_entry(path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], name: str) -> bytes:
    info = entries[name]
    try:
        with archive.open(info) as file:
            data = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise DataError(f"{path}: {name!r} is damaged ({error}).") from error
    if len(data) != info.file_size:
        raise DataError(
            f"{path}: {name!r} unpacks to {len(data):,} bytes or more, not the {info.file_size:,} declared."
        )
    return data
