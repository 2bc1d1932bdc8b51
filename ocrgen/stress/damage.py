"""Damaged files: each file of a run is cut, emptied, scrambled or swapped; all who read it must name it and go on."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

from ocrgen.benchmark import read_benchmark
from ocrgen.claims.selection import select_runs
from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.generators.scoring import read_scores
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.runs import geometry_of, readers
from ocrgen.readers.runs import load as load_of
from ocrgen.runs.events import CurveReader
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.stress.faults import Outcome, Show
from ocrgen.study import read_results
from ocrgen.utils.errors import UserError

WRONG_JSON = (
    b"[]",
    b"null",
    b"3",
    b'"x"',
    b"{}",
    b"NaN",
    b"[" * 5000,
    b'{"state": 7}',
    b'{"settings": null}',
    b"1e999",
)


def damages(content: bytes, other: bytes, json_file: bool, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Damaged versions of a file's content, each with the name of the damage."""
    yield "cut short", content[: rng.randrange(len(content))] if content else b"x"
    yield "emptied", b""
    yield "noise", rng.randbytes(len(content))
    flipped = bytearray(content)
    for _ in range(8):
        if flipped:
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    yield "bits flipped", bytes(flipped)
    yield "another file's content", other
    if json_file:
        yield "other JSON", rng.choice(WRONG_JSON)
        values = json.loads(content)
        if isinstance(values, dict) and values:
            key = rng.choice(sorted(values))
            wrong = (None, [], {}, -1, "x", float("inf"), 10**30)
            yield "a value of another kind", json.dumps(values | {key: rng.choice(wrong)}).encode()
            yield "a key missing", json.dumps({k: v for k, v in values.items() if k != key}).encode()


def reads(run: Run, store: RunStore) -> dict[str, Callable[[], object]]:
    """Everything that pages and verbs read of a run, by name."""

    def weights() -> None:
        for epoch in run.epochs()[:1]:
            read_metadata(run.weights(epoch))
            load_generator(run.weights(epoch))

    def reader() -> None:
        for file in run.path.glob("readers/*.safetensors"):
            load_reader(file)
        if (run.path / "weights" / "reader.safetensors").exists():
            geometry_of(load_of(run)[1])

    def results() -> None:
        if run.state != "damaged" and run.request.verb == "study":
            read_results(run)
        if run.state != "damaged" and run.request.verb == "benchmark":
            read_benchmark(run)

    return {
        "status": run.read_status,
        "state": lambda: run.state,
        "request": lambda: run.request,
        "number": lambda: run.number,
        "epochs": lambda: [run.best_epoch() for _ in run.epochs()[:1]],
        "weights": weights,
        "reader": reader,
        "results": results,
        "curves": lambda: CurveReader(run.path).table(),
        "scores": lambda: read_scores(run),
        "list": store.list,
        "get": lambda: store.get(run.name),
        "readers": lambda: readers(store),
        "findings": lambda: select_runs(store),
    }


def damage(runs: list[Run], root: Path, times: int, seed: int, show: Show = lambda step, total: None) -> list[Outcome]:
    """Damage files of copies of `runs`, `times` in all; an outcome for each kind of file.

    An undamaged run in the same store must stay readable. Nothing in a file is ever executed: no reader unpickles.
    """
    rng = random.Random(seed)
    outcomes: dict[str, Outcome] = {}
    store = RunStore(root, shipped=None)
    copies = []
    for i, run in enumerate(runs):
        copies.append(Run(shutil.copytree(run.path, root / f"20260101-{i:06d}-{run.name}"[:80])))
    beside = Run(shutil.copytree(runs[0].path, root / "20250101-000000-beside"))
    for step, (run, file, how) in enumerate(islice(_damaged(copies, rng), times), 1):
        kind = f"damaged: {_kind(file, run)}"
        outcome = outcomes.setdefault(kind, Outcome(kind))
        for what, read in reads(Run(run.path), store).items():
            _check_read(what, read, run, file, how, outcome)
        outcome.check(beside.state == runs[0].state, f"{file.name} {how}: harms another run")
        outcome.times += 1
        show(step, times)
    return [outcomes[kind] for kind in sorted(outcomes)]


def _damaged(runs: list[Run], rng: random.Random) -> Iterator[tuple[Run, Path, str]]:
    """Endlessly: a run, its file that is damaged until the next step, and how; then the file is restored."""
    files = [(run, f) for run in runs for f in sorted(run.path.rglob("*")) if f.is_file() and f.name != "lock"]
    while True:
        rng.shuffle(files)
        for (run, file), (_, other) in pairwise([*files, files[0]]):
            whole = file.read_bytes()
            for how, content in damages(whole, other.read_bytes(), file.suffix == ".json", rng):
                file.write_bytes(content)
                yield run, file, how
            file.write_bytes(whole)


def _check_read(what: str, read: Callable[[], object], run: Run, file: Path, how: str, outcome: Outcome) -> None:
    description = f"{run.name}/{file.relative_to(run.path)} {how}: {what}"
    try:
        read()
    except UserError as error:
        named = any(name in str(error) for name in (run.name, file.name))
        outcome.check(named, f"{description} names no file: {error}")
    except Exception as fault:
        outcome.wrong.append(f"{description} raises {type(fault).__name__}: {str(fault)[:200]}")


def _kind(file: Path, run: Run) -> str:
    """A file's place in a run, without numbers."""
    parts = file.relative_to(run.path).parts
    if len(parts) > 1:
        return f"{parts[0]}/*{file.suffix}"
    return "events" if file.name.startswith("events") else file.name


def shipped() -> list[Run]:
    """A small run of each verb from those that are shipped."""
    names = ("cvae-mnist", "reader-real-mnist", "study-paper-mnist", "benchmark-all")
    return [Run(SHIPPED / name) for name in names if (SHIPPED / name).is_dir()]
