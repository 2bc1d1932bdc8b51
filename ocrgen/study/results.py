"""A study's results: one tidy table of all cells, and what `statistics` makes of it; written and read again."""

import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from ocrgen.datasets import Digits
from ocrgen.runs.run import Run
from ocrgen.study.plan import StudyConfig, plan
from ocrgen.study.statistics import correlations, paired, summarise
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

FIGURES = (
    *("accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted"),
    *("f1_weighted", "calibration_error", "validation", "gan_test", "kept", "share", "seconds", "cpu_seconds"),
    "training_seconds",
)
COLUMNS = ["kind", "arm", "n_real", "seed", "epoch", "n_labelled", "n_validation", "metric", "value"]


@dataclass(eq=False)
class Results:
    """What a study has found so far.

    table: one row a number: kind (reader, epoch, generator), arm, n_real (0 = all), seed, epoch, n_labelled (images
    that the arm has learned from, its generator included), n_validation (further ones, to choose by), metric, value.
    summary: mean and 95 % interval over the seeds (Student's t), n seeds. differences: the same of an arm minus
    another, paired by seed. correlations: Spearman's, of each distance with the accuracy of what it scores.
    """

    config: StudyConfig
    table: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    correlations: list[dict]
    confusions: dict[str, list[list[int]]]  # "arm|n_real" -> counts, summed over the seeds; rows are the truth
    failures: list[dict]
    done: int
    total: int
    misread: dict[str, list[list[int]]] = field(default_factory=dict)  # "arm|n_real" of seed 0 -> [indices, read]
    token: str = field(default_factory=lambda: secrets.token_hex(8))  # of these very results, for caches

    @cached_property
    def readers(self) -> pd.DataFrame:
        """The summary of the readers alone."""
        return self.summary.loc[self.summary.kind == "reader"]

    @cached_property
    def _found(self) -> dict[tuple, dict]:
        rows = self.readers.to_dict("records") + self.differences.to_dict("records")
        return {tuple(row[k] for k in ("arm", "against", "n_real", "metric") if k in row): row for row in rows}

    def of(self, arm: str, n_real: int, metric: str) -> dict | None:
        """mean, low, high, n of one figure; None where there is none."""
        return self._found.get((arm, n_real, metric))

    def difference(self, arm: str, against: str, n_real: int, metric: str = "accuracy") -> dict | None:
        """mean, low, high, n of arm minus against; None where there is none."""
        return self._found.get((arm, against, n_real, metric))


def numbers(row: dict) -> dict[str, float]:
    """The single numbers of a cell's result, by metric."""
    found = {k: row[k] for k in FIGURES if row.get(k) is not None}
    found |= row.get("scores", {}) | row.get("saliency", {})
    found |= {f"f1/{c}": d["f1"] for c, d in enumerate(row.get("per_digit", []))}
    if corruptions := row.get("corruptions"):
        found |= {f"corruption/{c}/{k}": v for c, values in corruptions.items() for k, v in enumerate(values, 1)}
        found["corrupted"] = float(np.mean(list(corruptions.values())))
    if attack := row.get("fgsm"):
        found |= {f"attack/{k}": v for k, v in enumerate(attack)}
        found["attacked"] = float(np.mean(attack[1:]))
    found |= {f"share/{share}": validation for share, validation in row.get("shares", {}).items()}
    return found


def collect(config: StudyConfig, rows: list[dict]) -> Results:
    """Results from the rows of cells, as far as they have come."""
    good = [r for r in rows if "error" not in r]
    cells = {cell.key: cell for cell in plan(config)}
    facts = []
    for r in good:
        # The cell's epoch: a reader's row tells the one that was chosen for it, which tells no rows apart.
        about = [r["kind"], r["arm"], r["n_real"], r["seed"], cells[r["key"]].epoch]
        about += [r.get("n_labelled", 0), r.get("n_validation", 0)]
        facts += [[*about, metric, float(value)] for metric, value in numbers(r).items()]
    table = pd.DataFrame(facts, columns=COLUMNS)
    confusions: dict[str, np.ndarray] = {}
    for r in good:
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
        {f"{r['arm']}|{r['n_real']}": r["misread"] for r in good if r["kind"] == "reader" and r["seed"] == 0},
    )


def read_row(file: Path) -> dict | None:
    """The result of the cell that a file is named after; None if there is none, or it is damaged."""
    try:
        row = parse(file.read_bytes())
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.get("key") == file.stem else None


def cell_rows(run: Run) -> list[dict]:
    """The results of all cells that have ended; a damaged file counts as not done."""
    keys = sorted(cell.key for cell in plan(StudyConfig.model_validate(run.request.settings)))
    rows = [read_row(run.path / "cells" / f"{key}.json") for key in keys]
    return [row for row in rows if row is not None]


def assemble(run: Run) -> Results:
    """Collect all cells and write `table.parquet` and `results.json`, which suffice the pages without them."""
    results = collect(StudyConfig.model_validate(run.request.settings), cell_rows(run))
    buffer = BytesIO()
    results.table.to_parquet(buffer)
    write_atomically(run.path / "table.parquet", buffer.getvalue())
    told = {k: getattr(results, k) for k in ("confusions", "misread", "failures", "done", "total")}
    write_atomically(run.path / "results.json", json.dumps(told))
    return results


def keep_misread(run: Run, results: Results, test: Digits) -> None:
    """Write the test images that readers of the first seed misread, `misread.npz`: pages show them without the data."""
    index = np.unique(np.concatenate([np.asarray(i, int) for i, _ in results.misread.values()] or [[]]).astype(int))
    buffer = BytesIO()
    np.savez_compressed(buffer, index=index, images=test.images[index], labels=test.labels[index])
    write_atomically(run.path / "misread.npz", buffer.getvalue())


def read_results(run: Run) -> Results:
    """The results of a study that has ended, or, while it is at work, of the cells that have. UserError if damaged."""
    try:
        config = StudyConfig.model_validate(run.request.settings)
        if (run.path / "cells").is_dir():
            return collect(config, cell_rows(run))
        for name in ("table.parquet", "results.json"):
            verify(run.path / name)
        table = pd.read_parquet(run.path / "table.parquet")
        kept = parse((run.path / "results.json").read_bytes())
        if not isinstance(kept, dict):
            raise TypeError("results.json")
        return Results(config, table, summarise(table), paired(table), correlations(table), **kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UserError(f"{run.name}: the study's results are missing or damaged ({type(fault).__name__}).") from fault
