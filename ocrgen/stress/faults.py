"""What the stress tests share: outcomes, a store of their own, and checks of a run that has ended."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ocrgen.runs import jobs
from ocrgen.runs.records import ALIVE
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import is_locked

PATIENCE = 300.0  # seconds that a small job may take on a busy machine
Show = Callable[[int, int], None]


@dataclass
class Outcome:
    """The outcome of one kind of fault: how often it was injected, what went wrong, and figures."""

    fault: str
    times: int = 0
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, float | str] = field(default_factory=dict)

    def check(self, good: bool, otherwise: str) -> None:
        """Record `otherwise` as wrong unless `good`."""
        if not good:
            self.wrong.append(otherwise)

    def row(self) -> dict:
        """As a row of the table."""
        return asdict(self) | {"outcome": "lost nothing" if not self.wrong else f"{len(self.wrong)} wrong"}


@contextlib.contextmanager
def variables(**changes: str) -> Iterator[None]:
    """Set environment variables, which child processes inherit, within the block."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def own_store(root: Path) -> Iterator[RunStore]:
    """A new store under `root`, for this process and its children within the block; one job at a time, no cluster."""
    store = RunStore(root / "runs", shipped=None)
    with variables(OCRGEN_RUNS=str(store.root), OCRGEN_SLOTS="1", OCRGEN_SCHEDULER=""):
        yield store


def wait(until: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition came true within `seconds`."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def finish(run: Run, store: RunStore) -> str:
    """Resume a run and wait for its end; returns its state."""
    if run.state not in ("done", *ALIVE):
        jobs.submit(run, store)
    wait(lambda: not run.alive)
    return run.state


def leftovers(root: Path) -> list[str]:
    """Temporary files, and locks that are still held, under a folder of runs."""
    paths = [str(p.relative_to(root)) for p in root.rglob(".*.part")]
    paths += [str(p.relative_to(root)) for p in (*root.glob(".new-*"), *root.glob(".deleted-*"))]
    return paths + [f"{p.relative_to(root)} is locked" for p in root.rglob("lock") if is_locked(p)]


def zombies() -> list[int]:
    """Process ids of children that have ended but were not waited for; empty where there is no /proc."""
    pids = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state == "Z" and int(parent) == os.getpid():
                pids.append(int(stat.parent.name))
    return pids
