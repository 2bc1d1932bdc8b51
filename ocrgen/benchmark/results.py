"""The results of a benchmark: rows with the same keys, in one file that is replaced as a whole."""

import json
import math
from typing import Any

from pydantic import BaseModel, field_validator

from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

FILE = "benchmark.json"
KEYS = (
    *("bench", "subject", "against", "ratio", "low", "high", "unit", "value", "n"),
    *("against_value", "cpu_value", "size", "threads", "precision", "note"),
)


def make_row(**given) -> dict:
    """A row with all KEYS; those not given, and numbers that are not finite, are None, and texts empty.

    bench, subject, against: what is compared. ratio: above 1 the subject is better; low, high: its bounds, or those of
    the value where nothing is compared. value, against_value: medians in `unit`, by wall-clock time; cpu_value: that of
    the subject by CPU time. n: rounds. size: batch, images, dimensions or number of the repetition.
    """
    if unknown := given.keys() - set(KEYS):
        raise TypeError(f"a row has no {', '.join(sorted(unknown))}")
    words = dict.fromkeys(("bench", "subject", "against", "unit", "precision", "note"), "")
    row = dict.fromkeys(KEYS) | words | {"n": 1} | given
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


class BenchmarkResults(BaseModel):
    """The results of a benchmark so far: its machine, the rows of `make_row`, and the names of complete benches."""

    machine: dict[str, Any]
    rows: list[dict[str, Any]]
    done: list[str]

    @field_validator("rows")
    @classmethod
    def _check_keys(cls, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not all(row.keys() == set(KEYS) for row in rows):
            raise ValueError("a row lacks a key, or has one too many")
        return rows


def write_benchmark(run: Run, results: BenchmarkResults) -> None:
    """Replace the run's results."""
    write_atomically(run.path / FILE, json.dumps(results.model_dump(), indent=1))


def read_benchmark(run: Run) -> BenchmarkResults:
    """The results of a run, which may be incomplete. UserError if they are missing or damaged."""
    try:
        return BenchmarkResults.model_validate(parse((run.path / FILE).read_bytes()))
    except FileNotFoundError:
        raise UserError(f"{run.name} has no results yet: they appear with its first measurement.") from None
    except (OSError, ValueError) as fault:
        raise UserError(f"{run.name}: {FILE} is damaged ({type(fault).__name__}); delete the run.") from fault
