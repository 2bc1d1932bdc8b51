"""Run a study's cells: here, in several processes, or on a cluster; each once, whoever dies on the way."""

import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ocrgen import Problem
from ocrgen.datasets import load_digits
from ocrgen.files import lock, write_atomically
from ocrgen.jobs import PATIENCE, Cancelled, Stop
from ocrgen.store import PACKAGE, Run, now
from ocrgen.study.plan import Cell, StudyConfig, plan
from ocrgen.study.results import assemble, keep_misread, read_row

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


def do_cells(
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
                    work.do(cell, stop)
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


def work(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `study`: do what is left of its cells, then write its results. Problem if cells failed."""
    config = StudyConfig.model_validate(run.request["settings"])
    cells = plan(config)
    folder = run.path / "cells"
    folder.mkdir(exist_ok=True)
    for cell in cells:  # what failed is tried again
        if state_of(run, cell.key) == "failed":
            (folder / f"{cell.key}.json").unlink()
    if "data" not in run.request:
        from ocrgen.study.cells import Cells

        run.amend(data=Cells(run).data.facts())
    begun, first = time.monotonic(), len(_ended(run, cells))

    def told() -> None:
        done = len(_ended(run, cells))
        seconds = time.monotonic() - begun
        left = seconds / (done - first) * (len(cells) - done) if done > first else None
        run.update(step=done, total=len(cells), left=left)
        show(done, len(cells))

    stop.gentle = True
    if address := os.environ.get("OCRGEN_SCHEDULER"):
        from ocrgen.study.cluster import run_on_cluster

        run_on_cluster(address, run, cells, stop, told)
    else:
        with _helpers(run, config.workers - 1):
            do_cells(run, cells, stop, told)
    told()
    shutil.rmtree(folder / ".locks", ignore_errors=True)
    results = assemble(run)
    keep_misread(run, results, load_digits(config.dataset).test)
    if results.failures:
        raise Problem(
            f"{len(results.failures)} of {len(cells)} cells failed; the first: {results.failures[0]['key']}: "
            f"{results.failures[0]['error'].rstrip('.')}. The others stand; resuming tries the failed ones again."
        )


def _ended(run: Run, cells: list[Cell]) -> set[str]:
    files = {file.stem for file in (run.path / "cells").glob("*.json")}
    return files & {cell.key for cell in cells}


@contextlib.contextmanager
def _helpers(run: Run, count: int) -> Iterator[None]:
    """Further processes at work on the same cells; they end with this one, even if it is killed."""
    with (run.path / "log.txt").open("ab") as log:
        processes = [start_worker(run, log) for _ in range(count)]
        try:
            yield
        except Cancelled:
            run.stop_file.touch()  # a signal reaches this process only; they save what they are at
            until = time.monotonic() + PATIENCE
            while any(p.poll() is None for p in processes) and time.monotonic() < until:
                time.sleep(0.05)
            raise
        finally:
            for process in processes:
                process.stdin.close()
                process.kill()
                process.wait()


def start_worker(run: Run, log, module: str = "ocrgen.study.runner") -> subprocess.Popen:
    """A process at work on a study's cells, which ends when its standard input does."""
    # A session of its own: Ctrl-C is for the study's process, which tells its helpers gently.
    return subprocess.Popen(
        [sys.executable, "-m", module, str(run.path)],
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


def main(folder: str) -> None:
    """Work on the cells of a study as long as the parent lives."""
    listen()
    run = Run(Path(folder))
    with contextlib.suppress(Cancelled):
        do_cells(run, plan(StudyConfig.model_validate(run.request["settings"])), Stop(run))


if __name__ == "__main__":
    main(*sys.argv[1:])
