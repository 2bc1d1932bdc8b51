"""The results of a benchmark: rows with the same keys, in one file that is replaced as a whole."""

import json
import math

from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

FILE = "benchmark.json"
KEYS = (
    *("bench", "subject", "against", "ratio", "low", "high", "unit", "value", "n"),
    *("against_value", "cpu_value", "size", "threads", "precision", "note"),
)


def make_row(**given) -> dict:
    """A row with all KEYS; what is not given, or is no finite number, is null, and words are empty.

    bench, subject, against: what is compared. ratio: above 1 the subject is better; low, high: its bounds, or those of
    the value where there is no other side. value, against_value: medians in `unit`, by the clock on the wall;
    cpu_value: the subject's per CPU second. n: rounds. size: batch, images, dimension or number of the repetition.
    """
    if unknown := given.keys() - set(KEYS):
        raise TypeError(f"a row has no {', '.join(sorted(unknown))}")
    words = dict.fromkeys(("bench", "subject", "against", "unit", "precision", "note"), "")
    row = dict.fromkeys(KEYS) | words | {"n": 1} | given
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def write_benchmark(run: Run, found: dict) -> None:
    """Replace the run's results."""
    write_atomically(run.path / FILE, json.dumps(found, indent=1))


def read_benchmark(run: Run) -> dict:
    """machine, rows and done (the complete benches), as far as they have come. UserError if missing or damaged."""
    try:
        found = parse((run.path / FILE).read_bytes())
        if not isinstance(found["machine"], dict) or not all(isinstance(b, str) for b in found["done"]):
            raise TypeError
        if not all(isinstance(row, dict) and set(KEYS) == row.keys() for row in found["rows"]):
            raise KeyError
        return found
    except FileNotFoundError:
        raise UserError(f"{run.name} has no results yet: they appear with its first measurement.") from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UserError(f"{run.name}: {FILE} is damaged ({type(fault).__name__}); delete the run.") from fault
