"""Results of studies as pages show them: read once for all viewers, and the table of rank correlations."""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from ocrgen.plots import study as charts
from ocrgen.runs.run import Run
from ocrgen.study import Results, read_results
from ocrgen.study.arms import Arm


@st.cache_resource(max_entries=8, show_spinner="Reading the study …")
def _results(path: str, changed: tuple) -> Results:
    return read_results(Run(Path(path)))


def results_of(run: Run) -> Results:
    """What a study has found so far, read anew when a further cell has ended."""
    files = [run.path / "results.json", *(run.path / "cells").glob("*.json")]
    stamps = [f.stat().st_mtime_ns for f in files if f.exists()]
    return _results(str(run.path), (len(stamps), max(stamps, default=0)))


def rank_table(results: Results) -> None:
    """Spearman's correlations with their intervals."""

    def bounds(row: dict, prefix: str = "") -> str:
        low, high = row[prefix + "low"], row[prefix + "high"]
        return "[one training: no interval]" if math.isnan(low + high) else f"[{low:+.2f}, {high:+.2f}]"

    rows = [
        {
            "generator": Arm.parse(r["scope"]).title,
            "judge": charts.JUDGES[r["distance"]],
            "Spearman within a training": f"{r['spearman']:+.2f} {bounds(r)}",
            "minus FID's": "" if r["distance"] == "fid_2048" else f"{r['over_fid']:+.2f} {bounds(r, 'over_fid_')}",
            "at a fixed epoch": "" if math.isnan(r["residual"]) else f"{r['residual']:+.2f} {bounds(r, 'residual_')}",
            "checkpoints": r["checkpoints"],
            "trainings": r["trainings"],
        }
        for r in results.correlations
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", height="content")
    st.caption(
        "A good judge is near −1, and nearer than the bare number of the epoch, of which the later counts as the "
        "nearer. Brackets: 95 % over the trainings, whose epochs belong together."
    )
