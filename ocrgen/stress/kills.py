"""SIGKILL at random moments to trainings, scorings, readers and studies; then resume and compare the results."""

import contextlib
import hashlib
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.scoring import ScoreConfig
from ocrgen.readers.request import ReaderRequest
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.stress.faults import Outcome, Show, finish, leftovers, own_store, wait, zombies
from ocrgen.study.config import StudyConfig

VOLATILE = ("seconds", "cpu_seconds", "training_seconds", "cost", "updated")
SMALL = {
    "dataset": "digits", "seeds": 1, "n": [60], "generators": ["cvae"], "epochs": 2, "min_epoch_images": 1280,
    "samples": 200, "steps": 10, "full_steps": 12, "readers_per_task": 2, "confidence": 0.0, "n_saliency": 0,
    "n_robustness": 10,
}  # fmt: skip


def requests(scored: str) -> dict[str, tuple[str, dict]]:
    """Small jobs by name: verb and settings. scored: the run whose epochs are scored."""
    train = TrainConfig(epochs=15, log_every=3)
    trainings = {
        f"training of a {model.upper()}": TrainRequest(dataset="digits", model=model, train=train)
        for model in ("cvae", "cgan")
    }
    by_name = {name: ("train", request.model_dump(mode="json")) for name, request in trainings.items()}
    by_name["scoring"] = ("score", ScoreConfig(run=scored, n=400).model_dump())
    by_name["reader"] = ("reader", ReaderRequest(dataset="digits", n=200, steps=60).model_dump())
    by_name["study, one process"] = ("study", StudyConfig(**SMALL).model_dump())
    by_name["study, two processes"] = ("study", StudyConfig(**SMALL, workers=2).model_dump())
    return by_name


def kills(root: Path, times: int, seed: int, show: Show) -> list[Outcome]:
    """Kill jobs of every kind, `times` in all, in a store under `root`; one outcome for each kind."""
    rng = random.Random(seed)
    outcomes: list[Outcome] = []
    with own_store(root) as store:
        base = store.create("train", requests("")["training of a CVAE"][1], "base")
        finish(base, store)
        kinds = requests(base.name)
        for i, (name, (verb, settings)) in enumerate(kinds.items()):
            outcome = Outcome(f"SIGKILL: {name}")
            each = times // len(kinds) + (i < times % len(kinds))
            _kind(store, base, verb, settings, each, rng, outcome)
            outcomes.append(outcome)
            show(sum(o.times for o in outcomes), times)
    return outcomes


def _kind(
    store: RunStore, base: Run, verb: str, settings: dict, times: int, rng: random.Random, outcome: Outcome
) -> None:
    def fresh(about: str) -> Run:
        for file in (base.path / "scores").rglob("*.json"):
            file.unlink()
        return store.create(verb, settings, about)

    whole = fresh("whole")
    begun = time.monotonic()
    outcome.check(finish(whole, store) == "done", f"a {verb} that nobody killed ended as {whole.state}")
    life = time.monotonic() - begun
    expected = _hashes(whole, base)
    resumed = 0
    while outcome.times < times:
        run = fresh("killed")
        while outcome.times < times and run.state != "done":
            jobs.submit(run, store)
            wait(lambda run=run: not run.alive, rng.uniform(0.05, 0.9) * life)
            if run.state == "done":
                break
            _kill(run)
            outcome.times += 1
            outcome.check(wait(lambda run=run: not run.alive, 20), f"{run.name} seems alive after SIGKILL")
            _readable(run, store, outcome)
        resumed += 1
        outcome.check(finish(run, store) == "done", f"{run.name} ended as {run.state}: {run.read_status().error}")
        outcome.check(_hashes(run, base) == expected, f"{run.name} does not end as one that nobody killed")
        outcome.wrong += _repeated(run)
        outcome.wrong += [f"{run.name} left {x}" for x in leftovers(store.root)]
    wait(lambda: not zombies(), 5)
    outcome.wrong += [f"process {pid} is a zombie" for pid in zombies()]
    outcome.figures = {"runs": resumed, "seconds of a life": round(life, 1)}


def _kill(run: Run) -> None:
    """SIGKILL to the process of a run."""
    pid = run.read_status().pid
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    else:  # its id is not in the status yet: search the processes for the one just started
        for stat in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if stat.read_bytes().split(b"\0")[-2:-1] == [run.name.encode()]:
                    os.kill(int(stat.parent.name), signal.SIGKILL)


def _readable(run: Run, store: RunStore, outcome: Outcome) -> None:
    """A run that was killed, and all others in its store, must be readable."""
    outcome.check(run.state in ("died", "cancelled", "done"), f"{run.name} is {run.state} after SIGKILL")
    for other in store.list():
        outcome.check(other.state != "damaged", f"{other.name} cannot be read: {other.read_status().error}")
    for file in run.path.rglob("[!.]*.json"):
        try:
            json.loads(file.read_bytes())
        except ValueError:
            outcome.wrong.append(f"{file.relative_to(store.root)} is half written")


def _hashes(run: Run, base: Run) -> dict[str, str]:
    """Hashes of a finished run's files: weights, and results without times."""
    files = [*run.path.rglob("weights/*.safetensors"), *run.path.glob("cells/*.json"), *base.path.rglob("scores/*/*")]
    hashes = {}
    for file in files:
        content = file.read_bytes()
        if file.suffix == ".json":
            values = json.loads(content)
            content = json.dumps({k: v for k, v in values.items() if k not in VOLATILE}, sort_keys=True).encode()
        name = file.relative_to(run.path if run.path in file.parents else base.path)
        hashes[str(name)] = hashlib.sha256(content).hexdigest()
    return hashes


def _repeated(run: Run) -> list[str]:
    """Tasks of a study that were run more than once."""
    log = run.path / "log.txt"
    if run.request.verb != "study" or not log.exists():
        return []
    ended = Counter(line.split()[-1] for line in log.read_text().splitlines() if " ended " in line)
    return [f"{run.name}: {key} was done {n} times" for key, n in ended.items() if n > 1]
