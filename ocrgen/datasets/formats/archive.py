"""Read the files of a folder, an untrusted zip or tar, or a single file, without unpacking anything to disk."""

import gzip
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.kinds import refusal, refused_contents, single_suffix
from ocrgen.datasets.formats.tar import TAR, read_tar

MAX_ENTRIES = 300_000
MAX_FILE = 2**30
MAX_TOTAL = 2**32
# An array of labels may compress a thousandfold, so the ratio is only checked above RATIO_FROM bytes.
MAX_RATIO, RATIO_FROM = 200, 2**26
_BLOCK = 2**22
_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_DAMAGES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, OSError, ValueError,
    MemoryError,
)  # fmt: skip
_PACKED = re.compile(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
_OS_METADATA = re.compile(r"(^|/)(__MACOSX/|\.[^/]|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
# Texts beside the folders of characters, such as the provenance.json of our own samples, are no data.
_NOTES = re.compile(r"(.*/)?([^/]+\.(json|txt|md|html|pdf)|licen[cs]e|readme)", re.IGNORECASE)


@dataclass(frozen=True)
class Files:
    """The files of `source`, which is what the user calls it.

    names: relative, sorted, with "/" as separator. notes: the names of texts beside the data. empty: the folders
    without a file, sorted. open: a file by its name, as a stream of bytes. local: the folder
    that is read, or the one file; None if all is packed. suffix: the format of a source that is one file, else empty.
    """

    source: str
    names: list[str]
    notes: list[str]
    empty: list[str]
    open: Callable[[str], IO[bytes]]
    local: Path | None = None
    suffix: str = ""

    def about(self, name: str) -> str:
        """What a message calls the file `name`."""
        return self.source if self.suffix else f"{self.source}: {name}"

    def read(self, name: str) -> bytes:
        """The content of one file. DataError if it is damaged or larger than 1 GiB."""
        with self._whole(name), self.open(name) as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise DataError(f"{self.about(name)}: is larger than 1 GiB; at most 1 GiB is read.")
        return content

    def seekable(self, name: str) -> Path | BytesIO:
        """One file for a reader that jumps about in it: its path, or its content if it is packed."""
        if self.local is None:
            return BytesIO(self.read(name))
        return self.local if self.suffix else self.local / name

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of one file, unpacked if it is gzipped, in blocks. DataError if it is damaged or too large."""
        total, most = 0, MAX_TOTAL
        with self._whole(name), self.open(name) as file:
            if name.lower().endswith(".gz"):
                packed = file if file.seekable() else BytesIO(self.read(name))
                most = min(most, max(RATIO_FROM, MAX_RATIO * packed.seek(0, 2)))
                packed.seek(0)
                file = gzip.GzipFile(fileobj=packed)
            while block := file.read(_BLOCK):
                if (total := total + len(block)) > most:
                    raise DataError(f"{self.about(name)}: unpacks to more than {most:,} bytes, which is too much.")
                yield block

    @contextmanager
    def _whole(self, name: str) -> Iterator[None]:
        try:
            yield
        except DataError:
            raise
        except _DAMAGES as error:
            what = f"'{name}'" if not self.suffix else "it"
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise DataError(f"{self.source}: {what} is damaged ({why}); get it again.") from error


@contextmanager
def open_files(path: Path, named: str = "") -> Iterator[Files]:
    """The files of a folder, zip or tar, or one file, without those of operating systems (.DS_Store, __MACOSX).

    named: what the user calls the source, for messages; the path if empty. DataError if the path does not exist or is
    of a format that is not read, or if an archive is encrypted, unpacks to too much, or holds links or names that point
    outside it.
    """
    source = named or str(path)
    if not path.exists():
        raise DataError(f"{source}: there is no such file or folder.")
    if path.is_dir():
        found = list(path.rglob("*"))
        names = [file.relative_to(path).as_posix() for file in found if file.is_file()]
        if len(names) == 1 and _PACKED.search(names[0]):
            with open_files(path / names[0], f"{source}: {names[0]}") as files:
                yield files
            return
        folders = [folder.relative_to(path).as_posix() for folder in found if folder.is_dir()]
        yield _files(source, names, folders, lambda name: (path / name).open("rb"), path)
        return
    if TAR.search(path.name):
        contents = read_tar(path, source, MAX_ENTRIES, MAX_FILE)
        yield _files(source, list(contents), [], lambda name: BytesIO(contents[name]))
        return
    if not zipfile.is_zipfile(path) and (suffix := single_suffix(_head(path), path.name)):
        yield Files(source, [path.name], [], [], lambda name: path.open("rb"), path, suffix)
        return
    with open_zip(source, path) as files:
        yield files


@contextmanager
def open_zip(source: str, file: Path | BytesIO) -> Iterator[Files]:
    """The files of a zip, which is called `source` in messages. DataError as for `open_files`."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{source}: {refusal(_head(file))}") from error
    with archive:
        size = file.stat().st_size if isinstance(file, Path) else file.getbuffer().nbytes
        entries = _checked_entries(source, size, archive.infolist())
        names = [name for name in entries if not name.endswith("/")]
        folders = [name.rstrip("/") for name in entries if name.endswith("/")]
        yield _files(source, names, folders, lambda name: _open_entry(source, archive, entries[name], name))


def _head(file: Path | BytesIO) -> bytes:
    """The first bytes of a file, unpacked if it is gzipped; empty if it cannot be read."""
    try:
        if isinstance(file, BytesIO):
            return file.getvalue()[:1024]
        with file.open("rb") as stream:
            head = stream.read(1024)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(file) as plain:
                head = plain.read(1024)
        return head
    except (OSError, EOFError, zlib.error):
        return b"?"


def _files(
    source: str,
    found: list[str],
    folders: list[str],
    opened: Callable[[str], IO[bytes]],
    local: Path | None = None,
) -> Files:
    """`Files` of what was found: without what belongs to operating systems, the texts beside the data apart."""
    found = sorted(name for name in found if not _OS_METADATA.search(name))
    data = [name for name in found if not _NOTES.fullmatch(name)]
    top = common_folder([name.split("/")[:-1] for name in data])
    beside = {"/".join(top[:depth]) for depth in range(len(top) + 1)}
    notes = [name for name in found if _NOTES.fullmatch(name) and name.rpartition("/")[0] in beside]
    names = sorted({*found} - {*notes})
    if not names:
        raise DataError(f"{source}: holds no files; expected images or arrays of characters.")
    if told := refused_contents(names):
        raise DataError(f"{source}: {told}")
    if len(names) > MAX_ENTRIES:
        raise DataError(f"{source}: holds {len(names):,} files; at most {MAX_ENTRIES:,} are read.")
    filled = {name[:i] for name in names for i, c in enumerate(name) if c == "/"}
    empty = sorted(f for f in folders if f not in filled and not _OS_METADATA.search(f"{f}/"))
    return Files(source, names, notes, empty, opened, local)


def common_folder(folders: list[list[str]]) -> list[str]:
    """The names that all of these paths of folders begin with, and that no path ends with."""
    if not folders:
        return []
    low, high = min(folders), max(folders)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    deepest = max(map(len, folders))
    return low[: min(same, deepest - 1)] if deepest else []


def _name_of(info: zipfile.ZipInfo) -> str:
    """An entry's name with "/" as separator, which older Windows tools write as a backslash."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:  # some tools write UTF-8 without its flag, and zipfile takes it for code page 437
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _checked_entries(source: str, packed: int, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{source}: holds {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.")
    checked: dict[str, zipfile.ZipInfo] = {}
    for info in entries:
        name = _name_of(info)
        if (
            name.startswith("/") or "\0" in name or ".." in name.split("/")
            or re.match(r"[A-Za-z]:", name) or stat.S_ISLNK(info.external_attr >> 16)
        ):  # fmt: skip
            raise DataError(f"{source}: {name!r} is a link or points outside the zip; expected plain relative names.")
        if info.flag_bits & 1:
            raise DataError(f"{source}: {name!r} is encrypted; expected a zip without a password.")
        if info.compress_type not in _COMPRESSION:
            method = "Deflate64" if info.compress_type == 9 else "an unusual method"
            raise DataError(
                f"{source}: {name!r} is compressed by {method}, which is not read; expected an ordinary (deflate) zip."
            )
        if name in checked:
            raise DataError(f"{source}: {name!r} is in it twice; expected every name once.")
        checked[name] = info
    # Compared with the size on disk, not the compressed sizes that the zip declares, since entries may overlap.
    total = sum(info.file_size for info in entries)
    if total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * packed):
        raise DataError(f"{source}: {packed:,} bytes unpack to {total:,}, which is too much for a set of characters.")
    return checked


def _open_entry(source: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> IO[bytes]:
    if info.file_size > RATIO_FROM:
        return archive.open(info)
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise DataError(
            f"{source}: {name!r} unpacks to {len(data):,} bytes or more, not the {info.file_size:,} declared."
        )
    return BytesIO(data)
