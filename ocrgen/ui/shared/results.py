"""Results of studies as pages show them: read once for all viewers, and the table of rank correlations."""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from ocrgen.plots import study as charts
from ocrgen.runs.run import Run
from ocrgen.study import Results, read_results
from ocrgen.study.arms import Arm
from ocrgen.utils.numbers import signed


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

    def bounded(row: dict, key: str, prefix: str = "") -> str:
        low, high = row[prefix + "low"], row[prefix + "high"]
        interval = "[one training: no interval]" if math.isnan(low + high) else f"[{signed(low, 2)}, {signed(high, 2)}]"
        return f"{signed(row[key], 2)} {interval}"

    rows = [
        {
            "Generator": Arm.parse(r["scope"]).title,
            "Ranked by": charts.JUDGES[r["distance"]],
            "Spearman within a training": bounded(r, "spearman"),
            "Difference from FID": "" if r["distance"] == "fid_2048" else bounded(r, "over_fid", "over_fid_"),
            "At a fixed epoch": "" if math.isnan(r["residual"]) else bounded(r, "residual", "residual_"),
            "Checkpoints": r["checkpoints"],
            "Trainings": r["trainings"],
        }
        for r in results.correlations
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", height="content")
    st.caption(
        "Rank correlation of each distance with the accuracy of OCR models that learn from the samples. A useful "
        "distance is near −1, and nearer to it than the number of the epoch alone, of which later counts as nearer to "
        "real. Brackets: 95% over the trainings, whose epochs belong together."
    )
