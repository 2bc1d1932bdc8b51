"""Damaged files: each file of a run cut, emptied, scrambled or swapped; whoever reads it must name it and go on."""

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
    """Ways to spoil a file, each with its name."""
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
        told = json.loads(content)
        if isinstance(told, dict) and told:
            key = rng.choice(sorted(told))
            values = (None, [], {}, -1, "x", float("inf"), 10**30)
            yield "a value of another kind", json.dumps(told | {key: rng.choice(values)}).encode()
            yield "a key missing", json.dumps({k: v for k, v in told.items() if k != key}).encode()


def looks(run: Run, store: RunStore) -> dict[str, Callable[[], object]]:
    """All that pages and verbs read of a run, by name."""

    def weights() -> None:
        for epoch in run.epochs()[:1]:
            read_metadata(run.weights(epoch))
            load_generator(run.weights(epoch))

    def reader() -> None:
        for file in run.path.glob("readers/*.safetensors"):
            load_reader(file)
        if (run.path / "weights" / "reader.safetensors").exists():
            load_of(run)
            geometry_of(run)

    def results() -> None:
        if run.state != "damaged" and run.request["verb"] == "study":
            read_results(run)
        if run.state != "damaged" and run.request["verb"] == "benchmark":
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
    """Spoil files of copies of `runs` `times` times; an outcome for each kind of file.

    Beside the spoiled run stands a whole one, which must stay readable. Nothing of a file is ever executed: no reader
    of runs unpickles.
    """
    rng, found = random.Random(seed), {}
    store = RunStore(root, shipped=None)
    copies = []
    for i, run in enumerate(runs):
        copies.append(Run(shutil.copytree(run.path, root / f"20260101-{i:06d}-{run.name}"[:80])))
    beside = Run(shutil.copytree(runs[0].path, root / "20250101-000000-beside"))
    for step, (run, file, how) in enumerate(islice(_spoilt(copies, rng), times), 1):
        kind = f"damaged: {_kind(file, run)}"
        outcome = found.setdefault(kind, Outcome(kind))
        for what, look in looks(Run(run.path), store).items():
            _look(what, look, run, file, how, outcome)
        outcome.check(beside.state == runs[0].state, f"{file.name} {how}: harms another run")
        outcome.times += 1
        show(step, times)
    return [found[kind] for kind in sorted(found)]


def _spoilt(runs: list[Run], rng: random.Random) -> Iterator[tuple[Run, Path, str]]:
    """Endlessly: a run, the one of its files that is spoilt while this waits, and how; then it is whole again."""
    files = [(run, f) for run in runs for f in sorted(run.path.rglob("*")) if f.is_file() and f.name != "lock"]
    while True:
        rng.shuffle(files)
        for (run, file), (_, other) in pairwise([*files, files[0]]):
            whole = file.read_bytes()
            for how, content in damages(whole, other.read_bytes(), file.suffix == ".json", rng):
                file.write_bytes(content)
                yield run, file, how
            file.write_bytes(whole)


def _look(what: str, look: Callable[[], object], run: Run, file: Path, how: str, outcome: Outcome) -> None:
    told = f"{run.name}/{file.relative_to(run.path)} {how}: {what}"
    try:
        look()
    except UserError as problem:
        named = any(name in str(problem) for name in (run.name, file.name))
        outcome.check(named, f"{told} names no file: {problem}")
    except Exception as fault:
        outcome.wrong.append(f"{told} raises {type(fault).__name__}: {str(fault)[:200]}")


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
