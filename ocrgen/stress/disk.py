"""A full disk, a deleted folder, a file size limit: the job must report it, and resume afterwards."""

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.stress.faults import Outcome, leftovers, own_store, wait
from ocrgen.utils.files import MIN_FREE

SIZE = MIN_FREE + 40 * 2**20  # bytes of the small disk: room for a job to begin


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small file system at `folder`; False if this user may not."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def disk(root: Path) -> list[Outcome]:
    """Each way in which a training can run out of room, once."""
    outcomes = [_small_files(root / "limit"), _vanished(root / "gone")]
    with small_disk(root / "disk") as mounted:
        if mounted:
            outcomes.insert(0, _full(root / "disk"))
    return outcomes


def _training(store: RunStore) -> Run:
    """A training that has written its first epoch and has many left."""
    request = TrainRequest(dataset="digits", model="cvae", train=TrainConfig(epochs=200, log_every=3, monitor=0))
    run = jobs.start(store, "train", request.model_dump(mode="json"), "starved")
    wait(lambda: bool(run.epochs()) or not run.alive)
    return run


def _check_failed(run: Run, words: str, outcome: Outcome) -> None:
    outcome.times += 1
    outcome.check(wait(lambda: not run.alive, 60), f"{run.name} goes on")
    status = run.read_status()
    outcome.figures["said"] = str(status.error)
    outcome.check(status.state == "failed" and words in str(status.error), f"{run.name}: {status}")


def _resume(run: Run, store: RunStore, outcome: Outcome) -> None:
    """Resume a run once there is room: it must continue from where it was."""
    step = run.read_status().step
    jobs.submit(run, store)
    outcome.check(wait(lambda: run.read_status().step > step, 120), f"{run.name} does not go on: {run.read_status()}")
    run.cancel()
    wait(lambda: not run.alive, 30)
    outcome.check(run.state == "cancelled", f"{run.name} is {run.state}")
    outcome.wrong += [f"left: {x}" for x in leftovers(store.root)]


def _full(root: Path) -> Outcome:
    outcome = Outcome("disk full under a training")
    with own_store(root) as store:
        run = _training(store)
        filler = root / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**16))
        _check_failed(run, "disk is full", outcome)
        filler.unlink()
        _resume(run, store, outcome)
    return outcome


def _small_files(root: Path) -> Outcome:
    """As under a quota, files over 100 kB cannot be written: weights cannot, but the status can."""
    outcome = Outcome("no room for the weights of a training")
    with own_store(root) as store:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:  # the job inherits the limit
            run = _training(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        _check_failed(run, "larger than is allowed", outcome)
        _resume(run, store, outcome)
    return outcome


def _vanished(root: Path) -> Outcome:
    outcome = Outcome("run folder deleted under a training")
    with own_store(root) as store:
        run, other = _training(store), store.create("nothing", {}, "other")
        pid = run.read_status().pid
        shutil.rmtree(run.path)
        outcome.times = 1
        outcome.check(wait(lambda: not Path(f"/proc/{pid}").exists(), 60), f"process {pid} goes on")
        outcome.check([r.name for r in store.list()] == [other.name], "the folder came back, or another went")
        outcome.check(other.state == "cancelled", f"{other.name} is {other.state}")
        later = _training(store)
        later.cancel()
        outcome.check(wait(lambda: not later.alive, 30), "its slot is not free again")
        outcome.wrong += [f"left: {x}" for x in leftovers(store.root)]
    return outcome
