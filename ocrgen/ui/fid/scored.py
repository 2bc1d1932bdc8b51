"""What the views of the page FID and LFID share: the runs on show with their scores, names and colours."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ocrgen.generators.scoring import read_scores
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.shared.widgets import model_title

DISTANCES = {64: "LFID-64", 192: "LFID-192", 768: "LFID-768", 2048: "FID-2048"}
MARK = {64: "lfid_64", 192: "lfid_192", 768: "lfid_768", 2048: "fid_2048"}
Line = tuple[list[int], list[float], str]  # epochs, values, colour


@dataclass(frozen=True, eq=False)
class Scored:
    """Runs with the scores of their epochs, ascending; `extractor`: the network's name."""

    rows: dict[Run, list[dict]]
    extractor: str

    @property
    def names(self) -> dict[Run, str]:
        """A short name of each run."""
        return {
            run: f"#{run.number} {model_title(run.request.model)}" + ", untrained" * run.request.untrained
            for run in self.rows
        }

    @property
    def shades(self) -> dict[Run, str]:
        """The colour of each run."""
        return charts.shades(self.rows)

    @property
    def epochs(self) -> list[int]:
        """All epochs that are scored; of runs without training only where there is nothing else."""
        trained = {run: rows for run, rows in self.rows.items() if not run.request.untrained}
        return sorted({row["epoch"] for rows in (trained or self.rows).values() for row in rows})

    @property
    def trusted(self) -> list[Run]:
        """The runs whose images the network can be trusted with."""
        return [run for run in self.rows if not self.distrusted(run)]

    def distrusted(self, run: Run) -> str:
        """Why a run's distances are not shown, if the network cannot be trusted with its images; else empty."""
        return next((str(row["distrusted"]) for row in self.rows[run] if row.get("distrusted")), "")

    def at(self, epoch: int) -> dict[Run, dict]:
        """The scores after one epoch, of the runs that have them; runs without training have always the same."""
        return {
            run: row
            for run, rows in self.rows.items()
            for row in rows
            if row["epoch"] == epoch or run.request.untrained
        }

    def lines(self, key: str, runs: list[Run]) -> dict[str, Line]:
        """One measure of some of the runs over the epochs, by name."""
        found, every, names, shades = {}, self.epochs, self.names, self.shades
        for run in runs:
            x, y = [row["epoch"] for row in self.rows[run]], [row.get(key) for row in self.rows[run]]
            if run.request.untrained:  # as good before any epoch of the others as after all of them
                x, y = sorted({every[0], every[-1]}), y * min(2, len(every))
            found[names[run]] = (x, y, shades[run])
        return found


def is_scored(run: Run, extractor: str) -> bool:
    """Whether any of a run's epochs has scores."""
    return any((run.path / "scores" / extractor).glob("epoch-*.json"))


@st.cache_resource(max_entries=64, show_spinner=False)
def _rows(path: str, stamp: tuple, extractor: str) -> list[dict]:
    return read_scores(Run(Path(path)), extractor)


def scores_of(run: Run, extractor: str) -> list[dict]:
    """The scores of a run's epochs, ascending, read anew when some have been added; not to be changed."""
    files = (run.path / "scores" / extractor).glob("epoch-*.json")
    stamp = tuple(sorted(f.stat().st_mtime_ns for f in files))
    return _rows(str(run.path), stamp, extractor) if stamp else []
