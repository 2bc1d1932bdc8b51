"""The verb that tells: `report`."""

from pathlib import Path

from tyro.conf import Positional

from ocrgen.cli.common import check_out, open_store, parse, write_out


def report(args: list[str]) -> int:
    """Write a study as one HTML file, to read and pass on: report STUDY [--out FILE]"""

    def command(study: Positional[str], *, out: Path | None = None) -> tuple[str, Path | None]:
        """Write a study as one self-contained HTML file: the answer, verdicts, charts, tables, and how it was made.

        Args:
            study: the run's name, or its label; one that is not finished is told as far as it has come.
            out: the file to write; report-STUDY.html in the current folder if not given.
        """
        return study, out

    name, out = parse(command, "report", args)
    run = open_store().get(name)
    out = (out or Path(f"report-{run.name}.html")).expanduser()
    check_out(out)
    from ocrgen.report.page import report_of

    write_out(out, report_of(run))
    print(out)
    return 0
