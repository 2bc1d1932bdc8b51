"""Shipped files are what they were when they were made: SHA-256 sums, checked whenever one is read."""

import hashlib
from functools import lru_cache
from pathlib import Path

from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

SUMS = "SHA256SUMS"


def write_sums(root: Path, made: str = "") -> None:
    """Write `SHA256SUMS` over the files of all runs in a folder, as `sha256sum -c` reads it.

    A sum that stands stays, so that a damaged file does not become right; those of the run `made` are new.
    """
    known = _read(root / SUMS, (root / SUMS).stat().st_mtime_ns) if (root / SUMS).is_file() else {}
    names = sorted(str(f.relative_to(root)) for f in root.glob("[!.]*/**/*") if f.is_file())
    found = {n: known[n] if n in known and n.split("/")[0] != made else _sum(root / n) for n in names}
    write_atomically(root / SUMS, "".join(f"{digest}  {name}\n" for name, digest in found.items()))


def verify(file: Path) -> None:
    """UserError naming the file if a folder above it has sums and this file's is not its own; any other file passes."""
    file = file.absolute()
    # A run's files lie at most two folders deep in the shipped one.
    for root in list(file.parents)[:4]:
        if (root / SUMS).is_file():
            wanted = _read(root / SUMS, (root / SUMS).stat().st_mtime_ns).get(str(file.relative_to(root)))
            if wanted and file.is_file() and _sum(file) != wanted:
                raise UserError(
                    f"{file.relative_to(root)} is damaged: it is not the file that was shipped. "
                    f"`git checkout {root.name}` brings it back; all else goes on without it."
                )
            return


@lru_cache(maxsize=4)
def _read(file: Path, changed: int) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in file.read_text(errors="replace").splitlines() if "  " in line)
    return {name: digest for digest, name in lines}


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
