"""A study's results: one tidy table of all tasks' figures and its statistics; written to and read from the run."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from ocrgen.datasets import Characters, classes_of_run
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.runs.run import Run
from ocrgen.study.arms import BAR
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import UNTESTED, Correctness
from ocrgen.study.decision import Decision
from ocrgen.study.family import Measured, Way
from ocrgen.study.plan import blocks
from ocrgen.study.rows import cell_rows, epoch_of, numbers
from ocrgen.study.statistics import correlations, paired, summarise
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

COLUMNS = ["kind", "arm", "n_real", "seed", "epoch", "n_labelled", "n_validation", "metric", "value"]
UNKNOWN = 10_000  # test images that a study of earlier rules is taken to have where it does not say


@dataclass(eq=False)
class Results:
    """What a study has measured so far.

    table: one row per figure: kind (of task), arm, n_real (0 for all, or none), seed, epoch, n_labelled (labelled
    images that the arm learned from, its generator's included), n_validation (further ones, to choose by), metric,
    value. summary: as `statistics.summarise` returns it. differences: as `paired` does. correlations: as `correlations`
    does. confusions: by "arm|n_real", counts (K, K) summed over the seeds; rows are true classes, columns those read.
    failures: key and error of each task that failed. done, total: tasks that have ended, failed ones included, and all.
    misread: by "arm|n_real", for seed 0: indices of misread test images, and the classes read. classes: texts of the K
    classes. decisions: the primary family, decided. correct: which test images were read right; empty for studies of
    earlier rules. n_test: test images, of all seeds together. token: unique to this object, a cheap cache key.
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
    decisions: Mapping[Way, Decision] = field(default_factory=dict)
    correct: Correctness = field(default_factory=Correctness)
    n_test: int = UNKNOWN
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

    @cached_property
    def measured(self) -> Measured:
        """Estimates of any difference between two training mixes."""
        return Measured(self.config, self.table, self.correct, self.n_test)

    @cached_property
    def n_tested(self) -> int:
        """How many different images some seed has tested; fewer than `n_test` where each seed divides few anew."""
        counts = [c for (_, _, metric), c in self.correct.counts.items() if metric == "accuracy"]
        return max((int((c != UNTESTED).any(0).sum()) for c in counts), default=self.n_test)

    @property
    def whole_errors(self) -> bool:
        """Whether intervals hold the error of the test images beside that of the seeds."""
        return bool(self.correct.counts)

    @cached_property
    def seeds(self) -> int:
        """How many seeds the study has been going for: until decided, up to the look that it has begun."""
        if not self.config.until_decided:
            return self.config.seeds
        sizes = np.cumsum([len(block) for block in blocks(self.config)])
        looks = np.cumsum([len({cell.seed for cell in block}) for block in blocks(self.config)])
        return int(looks[min(np.searchsorted(sizes, self.total), len(looks) - 1)])


def build(config: StudyConfig, table: pd.DataFrame, correct: Correctness, **rest: Any) -> Results:
    """Results from a table of figures, with all statistics and the family's decisions."""
    decisions = Measured(config, table, correct, rest.get("n_test", UNKNOWN)).decisions()
    return Results(
        config,
        table,
        summarise(table, correct),
        corrected(paired(table, correct), decisions),
        correlations(table),
        decisions=decisions,
        correct=correct,
        **rest,
    )


def corrected(differences: pd.DataFrame, decisions: Mapping[Way, Decision]) -> pd.DataFrame:
    """Differences with the family's corrected intervals where they belong to it, so that each has one interval only."""
    for i, row in differences.loc[(differences.against == BAR) & (differences.metric == "accuracy")].iterrows():
        if decision := decisions.get((str(row["arm"]), int(row["n_real"]))):
            differences.loc[i, ["low", "high"]] = (decision.low, decision.high)
            differences.loc[i, "n"] = decision.estimate.seeds
            differences.loc[i, "mean"] = decision.estimate.mean
    return differences


def collect(
    config: StudyConfig,
    rows: list[dict],
    classes: tuple[str, ...] = DIGITS,
    total: int | None = None,
    tested: dict | None = None,
) -> Results:
    """Results of a study of `classes` from the result files' contents `rows`, of all its tasks or of some.

    total: number of tasks; counted if None. tested: n, the number of test images, and their writers, or None.
    ValueError if a row is damaged.
    """
    succeeded = [r for r in rows if "error" not in r]
    records = []
    for r in succeeded:
        identity = [r["kind"], r["arm"], r["n_real"], r["seed"], epoch_of(r)]
        identity += [r.get("n_labelled", 0), r.get("n_validation", 0)]
        records += [[*identity, metric, float(value)] for metric, value in numbers(r).items()]
    confusions: dict[str, np.ndarray] = {}
    readers = [r for r in succeeded if r["kind"] == "reader"]
    for r in readers:
        key = f"{r['arm']}|{r['n_real']}"
        confusions[key] = confusions.get(key, 0) + np.array(r["confusion"])
    n_test = int((tested or {}).get("n") or max((r.get("n_test", 0) for r in readers), default=0) or UNKNOWN)
    writers = (tested or {}).get("writers")
    seeds = 1 + max((r["seed"] for r in readers), default=0)
    correct = Correctness.collect(readers, n_test, seeds, None if writers is None else np.array(writers))
    return build(
        config,
        pd.DataFrame(records, columns=COLUMNS),
        correct,
        confusions={k: v.tolist() for k, v in confusions.items()},
        failures=[{k: r[k] for k in ("key", "error")} for r in rows if "error" in r],
        done=len(rows),
        total=tasks(config, {r["key"] for r in rows}) if total is None else total,
        misread={f"{r['arm']}|{r['n_real']}": r["misread"] for r in readers if r["seed"] == 0},
        classes=classes,
        n_test=n_test,
    )


def tasks(config: StudyConfig, ended: set[str]) -> int:
    """How many tasks a study has: until decided, those up to the look that it has begun."""
    total = 0
    for i, block in enumerate(blocks(config)):
        if i and not any(cell.key in ended for cell in block):
            break
        total += len(block)
    return total


def _collected(run: Run) -> Results:
    """What the tasks' result files in a run's folder tell."""
    config = StudyConfig.model_validate(run.request.settings)
    tested = run.read_json("tested.json") if (run.path / "tested.json").exists() else None
    rows = cell_rows(run)
    total = None if config.rules > 1 else max(run.read_status().total, len(rows))
    return collect(config, rows, classes_of_run(run), total, tested)


def assemble(run: Run) -> Results:
    """Collect all results and write what `read_results` needs alone: `table.parquet`, `correct.npz`, `results.json`."""
    results = _collected(run)
    buffer = BytesIO()
    results.table.to_parquet(buffer)
    write_atomically(run.path / "table.parquet", buffer.getvalue())
    write_atomically(run.path / "correct.npz", results.correct.to_npz())
    names = ("confusions", "misread", "failures", "done", "total", "n_test")
    write_atomically(run.path / "results.json", json.dumps({k: getattr(results, k) for k in names}))
    return results


def keep_misread(run: Run, results: Results, test: Characters) -> None:
    """Write the test images that readers of seed 0 misread to `misread.npz`, for pages to show without the data set.

    test: all that the study tests. Arrays: index (n,) into it, images uint8 (n, 28, 28), labels (n,).
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
            return _collected(run)
        for name in ("table.parquet", "results.json"):
            verify(run.path / name)
        table = pd.read_parquet(run.path / "table.parquet")
        kept, correct = parse((run.path / "results.json").read_bytes()), Correctness()
        if not isinstance(kept, dict):
            raise TypeError("results.json")
        if config.rules > 1:
            verify(run.path / "correct.npz")
            correct = Correctness.read((run.path / "correct.npz").read_bytes())
        elif run.request.data:
            kept.setdefault("n_test", run.request.n_images("test") or UNKNOWN)
        return build(config, table, correct, **kept, classes=classes_of_run(run))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as fault:
        raise UserError(f"{run.name}: the study's results are missing or damaged ({type(fault).__name__}).") from fault
