"""The verb that tells: `report`."""

import importlib
from pathlib import Path

from tyro.conf import Positional

from ocrgen import Problem
from ocrgen.cli.common import open_store, parse


def report(args: list[str]) -> int:
    """Write a study as one HTML file, to read and pass on: report STUDY [--out FILE]"""

    def command(study: Positional[str], *, out: Path | None = None) -> tuple:
        """Write a study as one self-contained HTML file: the answer, verdicts, charts, tables, and how it was made.

        Args:
            study: the run's name, or its label; one that is not finished is told as far as it has come.
            out: the file to write; report-STUDY.html in the current folder if not given.
        """
        return study, out

    name, out = parse(command, "report", args)
    run = open_store().get(name)
    out = (out or Path(f"report-{run.name}.html")).expanduser()
    check(out)
    # Named, not imported: pictures stand on a floor above.
    text = importlib.import_module("ocrgen.ui.report").report_of(run)
    write(out, text)
    print(out)
    return 0


def check(out: Path) -> None:
    """Problem if `out` cannot become a file, told before the work is done."""
    if out.is_dir():
        raise Problem(f"{out} is a folder: give --out the name of a file.")
    if out.exists() and not out.is_file():
        raise Problem(f"{out} is no plain file: give --out another name.")
    if not out.absolute().parent.is_dir():
        raise Problem(f"{out.parent} is no folder: make it first, or give --out another place.")


def write(out: Path, text: str | bytes) -> None:
    """Write the whole file or nothing. Problem if it cannot be written."""
    from ocrgen.files import write_atomically

    try:
        write_atomically(out, text)
    except OSError as fault:
        raise Problem(f"Cannot write {out} ({fault.strerror}): give --out another place.") from fault
