"""The result files of a study's tasks: one JSON object each, in the folder `cells` of the run."""

import re
from pathlib import Path

import numpy as np

from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import plan
from ocrgen.utils.files import parse

FIGURES = (
    *("accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted"),
    *("f1_weighted", "calibration_error", "validation", "gan_test", "kept", "share", "seconds", "cpu_seconds"),
    *("training_seconds", "memorised", "pseudo_accuracy", "n_unlabelled", "steps"),
)


def numbers(row: dict) -> dict[str, float]:
    """The figures of one task's result `row`, by metric; lists become one metric per entry, and their mean another."""
    figures = {k: row[k] for k in FIGURES if row.get(k) is not None}
    figures |= row.get("scores", {}) | row.get("saliency", {})
    per_class = row.get("per_class") or row.get("per_digit") or []
    figures |= {f"f1/{c}": f1 for c, f1 in enumerate(row.get("f1") or [d["f1"] for d in per_class])}
    if corruptions := row.get("corruptions"):
        figures |= {f"corruption/{c}/{k}": v for c, values in corruptions.items() for k, v in enumerate(values, 1)}
        figures["corrupted"] = float(np.mean(list(corruptions.values())))
    if attack := row.get("fgsm"):
        figures |= {f"attack/{k}": v for k, v in enumerate(attack)}
        figures["attacked"] = float(np.mean(attack[1:]))
    figures |= {f"share/{share}": validation for share, validation in row.get("shares", {}).items()}
    return figures


def epoch_of(row: dict) -> int:
    """The epoch of a task that scores one; 0 for others. Not a reader's `epoch`, which is the one chosen for it."""
    found = re.search(r"-e(\d+)$", row["key"])
    return int(found[1]) if found else 0


def read_row(file: Path) -> dict | None:
    """The content of one task's result file; None if the file is missing, damaged, or another task's."""
    try:
        row = parse(file.read_bytes())
    except (OSError, ValueError, OverflowError):
        return None
    return row if isinstance(row, dict) and row.get("key") == file.stem else None


def cell_rows(run: Run) -> list[dict]:
    """The results of all tasks that have ended, failed ones included; a damaged file counts as not done."""
    config, folder = StudyConfig.model_validate(run.request.settings), run.path / "cells"
    planned = {cell.key for cell in plan(config)} if config.rules > 1 else {f.stem for f in folder.glob("*.json")}
    rows = [read_row(folder / f"{key}.json") for key in sorted(planned)]
    return [row for row in rows if row is not None]
