"""SHA-256 checksums of the shipped files, verified whenever one is read."""

import hashlib
from functools import lru_cache
from pathlib import Path

from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

SUMS = "SHA256SUMS"


def write_sums(root: Path, rebuilt: str = "") -> None:
    """Write `root/SHA256SUMS` over the files of all runs in `root`, but for their cards, as `sha256sum -c` reads it.

    Existing sums are kept, so that a damaged file is never declared intact; only those of the run named `rebuilt` are
    computed again.
    """
    known = _read(root / SUMS, (root / SUMS).stat().st_mtime_ns) if (root / SUMS).is_file() else {}
    names = sorted(str(f.relative_to(root)) for f in root.glob("[!.]*/**/*") if f.is_file() and f.name != "README.md")
    sums = {n: known[n] if n in known and n.split("/")[0] != rebuilt else _sha256(root / n) for n in names}
    write_atomically(root / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()))


def verify(file: Path) -> None:
    """Check a file against the SHA256SUMS of the folder of shipped runs that holds it.

    Files outside such a folder, missing ones and ones that it does not list pass. UserError if the file was altered.
    """
    file = file.absolute()
    # A run's files are at most two levels below the run, and the run is one level below SHA256SUMS.
    for root in list(file.parents)[:4]:
        if (root / SUMS).is_file():
            expected = _read(root / SUMS, (root / SUMS).stat().st_mtime_ns).get(str(file.relative_to(root)))
            if expected and file.is_file() and _sha256(file) != expected:
                raise UserError(
                    f"{file.relative_to(root)} is damaged: it is not the file that was shipped. "
                    f"`git checkout {root.name}` restores it; everything else works without it."
                )
            return


@lru_cache(maxsize=4)
def _read(file: Path, mtime_ns: int) -> dict[str, str]:
    """Digests by file name; `mtime_ns` is only there to make the cache notice that the file has changed."""
    lines = (line.split("  ", 1) for line in file.read_text(errors="replace").splitlines() if "  " in line)
    return {name: digest for digest, name in lines}


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
