"""Which runs speak on the paper's claims: of each kind the newest that is complete, MNIST before other data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ocrgen.benchmark import read_benchmark
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.results import Results, read_results
from ocrgen.study.verdicts import Verdict, verdicts
from ocrgen.utils.errors import UserError

Read = Callable[[Run], Results]


@dataclass(frozen=True, eq=False)
class Study:
    """A study that speaks, and whether all of it is there."""

    run: Run
    results: Results
    whole: bool

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All its comparisons that bear on a claim."""
        return verdicts(self.results)


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A measurement of speed that speaks; `rows` as in `benchmark.json`, those of the claim alone.

    distances: rows on the time that distances take.
    """

    run: Run
    rows: list[dict]
    whole: bool
    quick: bool
    distances: tuple[dict, ...] = ()


@dataclass(frozen=True, eq=False)
class SelectedRuns:
    """What there is to judge by. `scored`: generators with distances over the epochs. `faults`: what is damaged."""

    fair: Study | None
    paper: Study | None
    speed: Benchmark | None
    scored: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def studies(self) -> list[Study]:
        """Both protocols' studies, complete ones first, then the equal comparison first."""
        return sorted((s for s in (self.fair, self.paper) if s), key=lambda s: not s.whole)


def select_runs(store: RunStore, read: Read = read_results) -> SelectedRuns:
    """Look through all runs. What is damaged is named, and the next best speaks instead."""
    runs = [(run, run.read_status().state) for run in store.list()]
    faults = [f"{run.name} is damaged and left out." for run, state in runs if state == "damaged"]
    good = [(run, state) for run, state in runs if state != "damaged"]
    fair, paper = (_study(good, protocol, read, faults) for protocol in ("fair", "paper"))
    dataset = paper.run.request.dataset if paper else "mnist"
    return SelectedRuns(fair, paper, _speed(good, faults), _scored(good, dataset), tuple(faults))


def _of(runs: Iterable[tuple[Run, str]], verb: str) -> list[tuple[Run, str]]:
    """Runs of a verb, the newest first."""
    return sorted(((r, s) for r, s in runs if r.request.verb == verb), key=lambda x: _age(x[0]), reverse=True)


def _age(run: Run) -> str:
    return run.request.created


def _study(runs: list[tuple[Run, str]], protocol: str, read: Read, faults: list[str]) -> Study | None:
    """Complete before MNIST before present rules before new. A single seed has no interval: it is not complete."""

    def place(run: Run, state: str) -> tuple:
        whole = state == "done" and run.request.settings.get("seeds", 1) > 1
        return whole, run.request.dataset == "mnist", "shares" not in run.request.settings, _age(run)

    some = [(place(*x), x[0]) for x in _of(runs, "study") if x[0].request.settings.get("protocol") == protocol]
    for (whole, *_), run in sorted(some, key=lambda x: x[0], reverse=True):
        try:
            results = read(run)
        except UserError as fault:
            faults.append(str(fault))
            continue
        except ValueError:
            faults.append(f"{run.name}: its settings are not those of a study of this version; it is left out.")
            continue
        if (results.table.kind == "reader").any():
            return Study(run, results, whole)
    return None


def _speed(runs: list[tuple[Run, str]], faults: list[str]) -> Benchmark | None:
    """Complete before careful before new."""
    found = []
    for run, _ in _of(runs, "benchmark"):
        try:
            told = read_benchmark(run)
        except UserError as fault:
            if (run.path / "benchmark.json").exists():
                faults.append(str(fault))
            continue
        rows = [row for row in told.rows if row["bench"] == "claim"]
        if rows:
            quick = bool(run.request.settings.get("quick"))
            distances = tuple(row for row in told.rows if row["bench"] == "distance")
            found.append(Benchmark(run, rows, "claim" in told.done, quick, distances))
    return max(found, key=lambda b: (b.whole, not b.quick, _age(b.run)), default=None)


def _scored(runs: list[tuple[Run, str]], dataset: str) -> tuple[str, ...]:
    """Of each kind of generator that learned from a data set the scored run that is shown first."""
    found: dict[str, str] = {}
    for run, _ in reversed(runs):
        learned = run.request.verb == "train" and run.request.dataset == dataset
        if learned and next((run.path / "scores").glob("*/epoch-*.json"), None):
            found.setdefault(run.request.model, run.name)
    return tuple(found.values())
