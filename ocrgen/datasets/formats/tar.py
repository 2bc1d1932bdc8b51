"""Read an untrusted tar, plain or compressed, into memory."""

import lzma
import re
import tarfile
import zlib
from pathlib import Path

from ocrgen.datasets.base import DataError

TAR = re.compile(r"\.(tar(\.(gz|bz2|xz))?|tgz|tbz2?|txz)$", re.IGNORECASE)


def read_tar(path: Path, source: str, most_entries: int, most_bytes: int) -> dict[str, bytes]:
    """The content of every file in the tar at `path`, by its name.

    source: what a message calls it. DataError if it is damaged, larger than the limits, or holds a link or a name that
    points outside it.
    """
    contents: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(path, "r|*") as archive:  # a stream: what does not fit is never unpacked to its end
            for entry in archive:
                name = entry.name.removeprefix("./").replace("\\", "/")
                total += entry.size
                if len(contents) >= most_entries:
                    raise DataError(f"{source}: holds more than {most_entries:,} files, which is too much.")
                if total > most_bytes:
                    raise DataError(f"{source}: unpacks to more than {most_bytes:,} bytes; bring it as a folder.")
                if entry.isdir():
                    continue
                if not entry.isfile() or name.startswith("/") or ".." in name.split("/"):
                    raise DataError(
                        f"{source}: {name!r} is a link or points outside the tar; expected plain relative names."
                    )
                if name in contents:
                    raise DataError(f"{source}: {name!r} is in it twice; expected every name once.")
                file = archive.extractfile(entry)
                contents[name] = file.read() if file else b""
    except DataError:
        raise
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, MemoryError) as error:
        raise DataError(f"{source}: not a tar, or a damaged one ({error}); get it again.") from error
    return contents
