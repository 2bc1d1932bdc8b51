"""Carry out a study's tasks in this process, each only once, even if other processes share the work or die."""

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run, now
from ocrgen.study.config import StudyConfig
from ocrgen.study.family import settled
from ocrgen.study.plan import Cell, blocks
from ocrgen.study.results import read_results
from ocrgen.study.rows import read_row
from ocrgen.utils.files import lock, write_atomically
from ocrgen.utils.places import HOME

if TYPE_CHECKING:
    from ocrgen.study.cells import TaskRunner  # which imports torch


def state_of(run: Run, key: str) -> str:
    """The state of the task `key`: "done", "failed", or "" if it has not ended; a damaged file counts as not ended."""
    row = read_row(run.path / "cells" / f"{key}.json")
    return "" if row is None else "failed" if "error" in row else "done"


def finished(run: Run, config: StudyConfig, block: list[Cell]) -> bool:
    """Whether a study ends with this block of tasks, all of which have ended: nothing is left to decide, or one failed.

    Every process that works on it comes to the same answer, since all read the same results.
    """
    if not config.until_decided or any(state_of(run, cell.key) == "failed" for cell in block):
        return True
    return settled(read_results(run).decisions)


@contextlib.contextmanager
def _claim(run: Run, key: str, wait: float = 0.0) -> Iterator[bool]:
    """Try for up to `wait` seconds to lock the task `key`; yields whether that worked.

    The operating system releases the lock with the process that holds it, however that ends.
    """
    descriptor = lock(run.path / "cells" / ".locks" / key, wait)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def execute_cells(
    run: Run,
    cells: list[Cell],
    stop: Callable[[], bool],
    report_progress: Callable[[], None] = lambda: None,
    runner: "TaskRunner | None" = None,
) -> None:
    """Carry out the given tasks, each as soon as those it needs have ended; returns when all have ended.

    Other processes may do the same at once. A task that needs a failed one fails as well. `report_progress` is called
    between tasks. Raises Cancelled after `stop()` returns True.
    """
    from ocrgen.study.cells import TaskRunner

    runner = runner or TaskRunner(run)
    for name in ("cells", "cells/.locks", "readers", "generators", "pool"):
        (run.path / name).mkdir(exist_ok=True)
    open_cells = list(cells)
    while open_cells:
        report_progress()
        if stop():
            raise Cancelled
        open_cells = [c for c in open_cells if not state_of(run, c.key)]
        for cell in open_cells:
            states = {key: state_of(run, key) for key in cell.needs}
            if not all(states.values()):
                continue
            with _claim(run, cell.key) as locked:
                if not locked or state_of(run, cell.key):
                    continue
                if failed := [key for key, state in states.items() if state == "failed"]:
                    write_failure(run, cell, f"it needs {failed[0]}, which failed")
                else:
                    log_event(run, f"begins {cell.key}")
                    runner.execute(cell, stop)
                    log_event(run, f"ended {cell.key}")
                break
        else:
            if open_cells:  # other processes are at work on the rest, or on what it needs
                time.sleep(0.2)


def log_event(run: Run, event: str) -> None:
    """Append a line to the run's log, which all processes share: time, host/process, event."""
    with (run.path / "log.txt").open("a") as log:
        log.write(f"{now()} {socket.gethostname()}/{os.getpid()} {event}\n")


def write_failure(run: Run, cell: Cell, error: str) -> None:
    """Write the result file of a task that could not be carried out, with the reason."""
    write_atomically(run.path / "cells" / f"{cell.key}.json", json.dumps(cell.identity() | {"error": error}))


def start_worker(run: Run, log, verb: str = "study-worker") -> subprocess.Popen:
    """Start a process that works on a study's tasks until its standard input is closed.

    log: file open for writing, for all that it prints. verb: "study-worker" or "cluster-worker".
    """
    # In a session of its own, or Ctrl-C would reach it too: the study's process lets its helpers save their work.
    return subprocess.Popen(
        [sys.executable, "-m", "ocrgen", verb, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=HOME,
        start_new_session=True,
    )


def listen() -> queue.SimpleQueue:
    """A queue of the lines that the parent process writes to this one's standard input.

    When that is closed, as it is by the parent's end, this process exits at once.
    """
    lines = queue.SimpleQueue()

    def read() -> None:
        # Not through sys.stdin: its lock, held here, would break an orderly exit.
        with os.fdopen(os.dup(0)) as parent:
            for line in parent:
                lines.put(line.strip())
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return lines


def run_worker(folder: str) -> None:
    """The verb `study-worker`: share the work on a study's tasks as long as the parent process lives."""
    listen()
    run = Run(Path(folder))
    config, stop = StudyConfig.model_validate(run.request.settings), Stop(run)
    with contextlib.suppress(Cancelled):
        for block in blocks(config):
            execute_cells(run, block, stop)
            if finished(run, config, block):
                break
