"""Do a study's tasks in this process, each once, whoever dies on the way."""

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
from ocrgen.runs.store import PACKAGE
from ocrgen.study.plan import Cell, StudyConfig, plan
from ocrgen.study.results import read_row
from ocrgen.utils.files import lock, write_atomically

if TYPE_CHECKING:
    from ocrgen.study.cells import Cells  # which imports torch


def state_of(run: Run, key: str) -> str:
    """One of "", "done" and "failed"; a damaged file counts as not done."""
    row = read_row(run.path / "cells" / f"{key}.json")
    return "" if row is None else "failed" if "error" in row else "done"


@contextlib.contextmanager
def _claim(run: Run, key: str, wait: float = 0.0) -> Iterator[bool]:
    """Whether the cell is ours: its lock ends with the process that holds it, however that dies."""
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
    told: Callable[[], None] = lambda: None,
    work: "Cells | None" = None,
) -> None:
    """Do all cells that nobody has done, each when what it needs is there; other processes may do the same at once."""
    from ocrgen.study.cells import Cells

    work = work or Cells(run)
    for name in ("cells", "cells/.locks", "readers", "generators"):
        (run.path / name).mkdir(exist_ok=True)
    open_cells = list(cells)
    while open_cells:
        told()
        if stop():
            raise Cancelled
        open_cells = [c for c in open_cells if not state_of(run, c.key)]
        for cell in open_cells:
            states = {key: state_of(run, key) for key in cell.needs}
            if not all(states.values()):
                continue
            with _claim(run, cell.key) as ours:
                if not ours or state_of(run, cell.key):
                    continue
                if failed := [key for key, state in states.items() if state == "failed"]:
                    write_failure(run, cell, f"it needs {failed[0]}, which failed")
                else:
                    note(run, f"begins {cell.key}")
                    work.execute(cell, stop)
                    note(run, f"ended {cell.key}")
                break
        else:
            if open_cells:  # others are at work on what these need
                time.sleep(0.2)


def note(run: Run, words: str) -> None:
    """Add a line to the run's log, which all who are at work on it share: when, who, what."""
    with (run.path / "log.txt").open("a") as log:
        log.write(f"{now()} {socket.gethostname()}/{os.getpid()} {words}\n")


def write_failure(run: Run, cell: Cell, error: str) -> None:
    """Write that a cell could not be done, and why."""
    write_atomically(run.path / "cells" / f"{cell.key}.json", json.dumps(cell.about() | {"error": error}))


def start_worker(run: Run, log, verb: str = "study-worker") -> subprocess.Popen:
    """A process at work on a study's cells, which ends when its standard input does."""
    # A session of its own: Ctrl-C is for the study's process, which tells its helpers gently.
    return subprocess.Popen(
        [sys.executable, "-m", "ocrgen", verb, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=PACKAGE,
        start_new_session=True,
    )


def listen() -> queue.SimpleQueue:
    """The lines that the parent writes, as they come; this process ends with the parent, whatever it is at."""
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
    """Work on the cells of a study as long as the parent lives."""
    listen()
    run = Run(Path(folder))
    with contextlib.suppress(Cancelled):
        execute_cells(run, plan(StudyConfig.model_validate(run.request.settings)), Stop(run))
