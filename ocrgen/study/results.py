"""A study's results: one tidy table of all tasks' figures and its statistics; written to and read from the run."""

import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from ocrgen.datasets import Characters, classes_of_run
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.runs.run import Run
from ocrgen.study.plan import StudyConfig, plan
from ocrgen.study.statistics import correlations, paired, summarise
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

FIGURES = (
    *("accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted"),
    *("f1_weighted", "calibration_error", "validation", "gan_test", "kept", "share", "seconds", "cpu_seconds"),
    *("training_seconds", "memorised"),
)
COLUMNS = ["kind", "arm", "n_real", "seed", "epoch", "n_labelled", "n_validation", "metric", "value"]


@dataclass(eq=False)
class Results:
    """What a study has measured so far.

    table: one row per figure: kind (of task), arm, n_real (0 for all), seed, epoch, n_labelled (labelled images that
    the arm learned from, its generator's included), n_validation (further ones, to choose by), metric, value.
    summary: as `statistics.summarise` returns it. differences: as `paired` does. correlations: as `correlations` does.
    confusions: by "arm|n_real", counts (K, K) summed over the seeds; rows are true classes, columns those read.
    failures: key and error of each task that failed. done, total: tasks that have ended, failed ones included, and all.
    misread: by "arm|n_real", for seed 0: indices of misread test images, and the classes read. classes: texts of the K
    classes. token: unique to this object, a cheap cache key.
    """

    config: StudyConfig
    table: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    correlations: list[dict]
    confusions: dict[str, list[list[int]]]
    failures: list[dict]
    done: int
    total: int
    misread: dict[str, list[list[int]]] = field(default_factory=dict)
    classes: tuple[str, ...] = DIGITS
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @cached_property
    def readers(self) -> pd.DataFrame:
        """The summary of the readers alone."""
        return self.summary.loc[self.summary.kind == "reader"]

    @cached_property
    def _rows(self) -> dict[tuple, dict]:
        """Rows of `readers` by (arm, n_real, metric), and of `differences` by (arm, against, n_real, metric)."""
        rows = self.readers.to_dict("records") + self.differences.to_dict("records")
        return {tuple(row[k] for k in ("arm", "against", "n_real", "metric") if k in row): row for row in rows}

    def of(self, arm: str, n_real: int, metric: str) -> dict | None:
        """The row of `readers` for one figure, with mean, low, high and n; None if it has not been measured."""
        return self._rows.get((arm, n_real, metric))

    def difference(self, arm: str, against: str, n_real: int, metric: str = "accuracy") -> dict | None:
        """The row of `differences` for arm minus against; None if it has not been measured."""
        return self._rows.get((arm, against, n_real, metric))


def numbers(row: dict) -> dict[str, float]:
    """The figures of one task's result `row`, by metric; lists become one metric per entry, and their mean another."""
    figures = {k: row[k] for k in FIGURES if row.get(k) is not None}
    figures |= row.get("scores", {}) | row.get("saliency", {})
    figures |= {f"f1/{c}": d["f1"] for c, d in enumerate(row.get("per_class") or row.get("per_digit") or [])}
    if corruptions := row.get("corruptions"):
        figures |= {f"corruption/{c}/{k}": v for c, values in corruptions.items() for k, v in enumerate(values, 1)}
        figures["corrupted"] = float(np.mean(list(corruptions.values())))
    if attack := row.get("fgsm"):
        figures |= {f"attack/{k}": v for k, v in enumerate(attack)}
        figures["attacked"] = float(np.mean(attack[1:]))
    figures |= {f"share/{share}": validation for share, validation in row.get("shares", {}).items()}
    return figures


def collect(config: StudyConfig, rows: list[dict], classes: tuple[str, ...] = DIGITS) -> Results:
    """Results of a study of `classes` from the result files' contents `rows`, of all its tasks or of some."""
    succeeded = [r for r in rows if "error" not in r]
    cells = {cell.key: cell for cell in plan(config)}
    records = []
    for r in succeeded:
        # Not the row's epoch: in a reader's row it is the epoch chosen for it, and would split one figure over rows.
        identity = [r["kind"], r["arm"], r["n_real"], r["seed"], cells[r["key"]].epoch]
        identity += [r.get("n_labelled", 0), r.get("n_validation", 0)]
        records += [[*identity, metric, float(value)] for metric, value in numbers(r).items()]
    table = pd.DataFrame(records, columns=COLUMNS)
    confusions: dict[str, np.ndarray] = {}
    for r in succeeded:
        if r["kind"] == "reader":
            key = f"{r['arm']}|{r['n_real']}"
            confusions[key] = confusions.get(key, 0) + np.array(r["confusion"])
    return Results(
        config,
        table,
        summarise(table),
        paired(table),
        correlations(table),
        {k: v.tolist() for k, v in confusions.items()},
        [{k: r[k] for k in ("key", "error")} for r in rows if "error" in r],
        len(rows),
        len(cells),
        {f"{r['arm']}|{r['n_real']}": r["misread"] for r in succeeded if r["kind"] == "reader" and r["seed"] == 0},
        classes,
    )


def read_row(file: Path) -> dict | None:
    """The content of one task's result file; None if the file is missing, damaged, or another task's."""
    try:
        row = parse(file.read_bytes())
    except (OSError, ValueError, OverflowError):
        return None
    return row if isinstance(row, dict) and row.get("key") == file.stem else None


def cell_rows(run: Run) -> list[dict]:
    """The results of all tasks that have ended, failed ones included; a damaged file counts as not done."""
    keys = sorted(cell.key for cell in plan(StudyConfig.model_validate(run.request.settings)))
    rows = [read_row(run.path / "cells" / f"{key}.json") for key in keys]
    return [row for row in rows if row is not None]


def assemble(run: Run) -> Results:
    """Collect all results and write `table.parquet` and `results.json`, which `read_results` needs alone."""
    results = collect(StudyConfig.model_validate(run.request.settings), cell_rows(run), classes_of_run(run))
    buffer = BytesIO()
    results.table.to_parquet(buffer)
    write_atomically(run.path / "table.parquet", buffer.getvalue())
    content = {k: getattr(results, k) for k in ("confusions", "misread", "failures", "done", "total")}
    write_atomically(run.path / "results.json", json.dumps(content))
    return results


def keep_misread(run: Run, results: Results, test: Characters) -> None:
    """Write the test images that readers of seed 0 misread to `misread.npz`, for pages to show without the data set.

    Arrays: index (n,) into the test set, images uint8 (n, 28, 28), labels (n,).
    """
    index = np.unique(np.concatenate([np.asarray(i, int) for i, _ in results.misread.values()] or [[]]).astype(int))
    buffer = BytesIO()
    np.savez_compressed(buffer, index=index, images=test.images[index], labels=test.labels[index])
    write_atomically(run.path / "misread.npz", buffer.getvalue())


def read_results(run: Run) -> Results:
    """The results of a study, as far as its tasks have ended. UserError if they are missing or damaged."""
    try:
        config = StudyConfig.model_validate(run.request.settings)
        # A study that has not begun its first task has no folder yet, and no figures.
        begun = (run.path / "results.json").exists() or run.read_status().state in ("done", "damaged")
        if (run.path / "cells").is_dir() or not (run.shipped or begun):
            return collect(config, cell_rows(run), classes_of_run(run))
        for name in ("table.parquet", "results.json"):
            verify(run.path / name)
        table = pd.read_parquet(run.path / "table.parquet")
        kept = parse((run.path / "results.json").read_bytes())
        if not isinstance(kept, dict):
            raise TypeError("results.json")
        return Results(
            config, table, summarise(table), paired(table), correlations(table), **kept, classes=classes_of_run(run)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as fault:
        raise UserError(f"{run.name}: the study's results are missing or damaged ({type(fault).__name__}).") from fault
