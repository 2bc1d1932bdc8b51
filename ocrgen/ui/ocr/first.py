"""When the first results of a study can be expected, in words."""

from datetime import UTC, datetime

from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.forecast import TimeLeft, first_cells
from ocrgen.study.rows import read_row


def first_results(run: Run, results: Results) -> str:
    """What there is to wait for: the first comparison, and in about how many minutes it comes."""
    status = run.read_status()
    if not status.alive:
        return "The study has ended before its first comparison. Resume it, or start a new one."
    if status.state == "queued":
        return "The first results appear here once the study has left the queue and compared its first training mixes."
    cells, n_train = first_cells(results.config), run.request.n_images("train")
    begun = datetime.fromisoformat(status.started) if status.started else datetime.now(UTC)
    elapsed = (datetime.now(UTC) - begun).total_seconds()
    rows = {c.key: read_row(run.path / "cells" / f"{c.key}.json") for c in cells}
    ended = {key: float(row.get("seconds", 0)) for key, row in rows.items() if row}
    time_left = TimeLeft(results.config, cells, len(results.classes), n_train)
    left = time_left.seconds(ended, ended, elapsed)
    if left is None:
        left = max(0.0, time_left.before() - elapsed)
    when = "in less than a minute" if left < 60 else f"in about {round(left / 60)} min"
    return f"First results {when}: they appear here by themselves, and are drawn again as further tasks end."
