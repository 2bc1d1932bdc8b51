"""Run a study's cells on a Dask cluster: the same folders on a shared file system, the truth on disk."""

import asyncio
import contextlib
import queue
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ocrgen.runs.jobs import PATIENCE, Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.study.plan import Cell, StudyConfig, plan
from ocrgen.study.worker import execute_cells, listen, start_worker, state_of, write_failure
from ocrgen.utils.errors import UserError

KNOCK = 5.0  # seconds to wait for a scheduler's answer
IDLE = 30.0  # seconds that a worker's process waits for its next cell
NOBODY = "The Dask scheduler has no workers: start one on each machine, and the study goes on."
STOPPED = 3  # its exit status after a stop
_idle: list[tuple[str, subprocess.Popen]] = []  # of this worker, with the folders of their studies


def run_on_cluster(
    address: str, run: Run, cells: list[Cell], stop: Callable[[], bool], told: Callable[[], None]
) -> None:
    """Do the cells on the workers of the scheduler at `address`; what a dead worker had begun goes to another.

    UserError if Dask is not installed, nobody answers, or the scheduler is lost on the way.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError("OCRGEN_SCHEDULER needs Dask: `pip install -r requirements-cluster.txt`.") from None
    try:
        asyncio.run(_knock(address))
        client = Client(address, timeout=KNOCK, set_as_default=False)
    except Exception as fault:  # bad addresses alone raise five kinds
        raise UserError(
            f"No Dask scheduler answers at {address} ({fault}): start one, or unset OCRGEN_SCHEDULER."
        ) from fault
    with client:
        futures = {}
        for cell in cells:
            needs = [futures[key] for key in cell.needs]
            name = f"{run.name}/{cell.key}/{time.time_ns()}"  # a resumed study must not meet its own old futures
            futures[cell.key] = client.submit(do_cell, str(run.path), cell.key, needs, key=name, pure=False)
        while not all(f.done() for f in futures.values()):
            told()
            idle = NOBODY if not client.scheduler_info()["workers"] else ""
            if idle != (run.read_status().note or ""):
                run.update(note=idle)
            if stop():
                _stop(run, futures)
                raise Cancelled
            time.sleep(0.2)
        if any(f.status in ("cancelled", "lost") for f in futures.values()):
            raise UserError(f"The Dask scheduler at {address} was lost: resuming goes on with the cells that are left.")
        for cell in cells:
            if state_of(run, cell.key):
                continue
            if failed := [key for key in cell.needs if state_of(run, key) == "failed"]:
                write_failure(run, cell, f"it needs {failed[0]}, which failed")
            else:
                write_failure(run, cell, str(futures[cell.key].exception() or "it left no result"))


async def _knock(address: str) -> None:
    """Whether somebody answers: a Client that cannot connect leaves a mess of its own on the screen."""
    from distributed.comm.core import connect
    from distributed.security import Security

    comm = await connect(address, timeout=KNOCK, **Security().get_connection_args("client"))
    await comm.close()


def _stop(run: Run, futures: dict) -> None:
    """Dask stops no task at work: tell the supervisors by the stop file, and give them time to see it."""
    run.stop_file.touch()
    until = time.monotonic() + PATIENCE
    while not all(f.done() for f in futures.values()) and time.monotonic() < until:
        time.sleep(0.05)


def do_cell(folder: str, key: str, needs: list) -> str:
    """On a worker: supervise the process that does the cell, so that a stop stops it. Returns the cell's state."""
    run = Run(Path(folder))
    if not (run.path / "run.json").exists():
        raise UserError(f"{folder} is not to be seen from this worker: the runs must lie on a shared file system.")
    while not state_of(run, key) and not run.stop_file.exists():
        process = _take(run)
        assert process.stdin  # `start_worker` opens it
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{key}\n".encode())
            process.stdin.flush()
        until = float("inf")
        try:
            while not state_of(run, key) and process.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
                if run.stop_file.exists():  # which the study's process removes soon: once seen is enough
                    until = min(until, time.monotonic() + PATIENCE)
        except BaseException:
            _end(process)
            raise
        if state_of(run, key):
            _idle.append((folder, process))
            break
        _end(process)
        if process.returncode == STOPPED or until < float("inf"):
            break
        if process.returncode:  # 0: it had waited for long enough, just as the order came
            raise UserError(f"the process at work on it died (exit status {process.returncode})")
    return state_of(run, key)


def _take(run: Run) -> subprocess.Popen:
    """A process of this worker that waits for orders, or a new one: data and networks are read once a process."""
    while _idle:
        folder, process = _idle.pop()
        if folder == str(run.path) and process.poll() is None:
            return process
        _end(process)
    with (run.path / "log.txt").open("ab") as log:
        return start_worker(run, log, "cluster-worker")


def _end(process: subprocess.Popen) -> None:
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    process.kill()
    process.wait()


def run_worker(folder: str) -> int:
    """Do the cells whose keys the parent sends, as long as it lives and sends some."""
    from ocrgen.study.cells import Cells

    orders, run = listen(), Run(Path(folder))
    cells = {cell.key: cell for cell in plan(StudyConfig.model_validate(run.request.settings))}
    work = Cells(run)
    try:
        while True:
            execute_cells(run, [cells[orders.get(timeout=IDLE)]], Stop(run), work=work)
    except queue.Empty:
        return 0
    except Cancelled:
        return STOPPED
