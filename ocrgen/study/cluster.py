"""Run a study's tasks on a Dask cluster; results lie on a file system that all machines share."""

import asyncio
import contextlib
import queue
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ocrgen.runs.jobs import PATIENCE, Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import Cell, plan
from ocrgen.study.worker import execute_cells, listen, start_worker, state_of, write_failure
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import INSTALLED

CONNECT = 5.0  # seconds to wait for a scheduler's answer
IDLE = 30.0  # seconds that a worker's process waits for its next task
NO_WORKERS = "The Dask scheduler has no workers: start one on each machine, and the study goes on."
STOPPED = 3  # exit status of a worker's process after a stop
_idle: list[tuple[str, subprocess.Popen]] = []  # this worker's waiting processes, each with its study's folder


def run_on_cluster(
    address: str, run: Run, cells: list[Cell], stop: Callable[[], bool], report_progress: Callable[[], None]
) -> None:
    """Carry out the tasks on the workers of the Dask scheduler at `address`, for example tcp://10.0.0.1:8786.

    What a dead worker had begun goes to another. `report_progress` is called several times a second. UserError if Dask
    is not installed, the scheduler does not answer, or is lost. Raises Cancelled after `stop()` returns True.
    """
    try:
        from distributed import Client
    except ImportError:
        extra = "'ocrgen[cluster]'" if INSTALLED else "-r requirements-cluster.txt"
        raise UserError(f"OCRGEN_SCHEDULER needs Dask: `pip install {extra}`, or unset it.") from None
    try:
        asyncio.run(_check_answers(address))
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as fault:  # malformed addresses alone raise five kinds of exception
        raise UserError(
            f"No Dask scheduler answers at {address} ({fault}): start one, or unset OCRGEN_SCHEDULER."
        ) from fault
    with client:
        futures = {}
        for cell in cells:
            needs = [futures[key] for key in cell.needs]
            name = f"{run.name}/{cell.key}/{time.time_ns()}"  # unique: a resumed study must not get its old futures
            futures[cell.key] = client.submit(supervise_cell, str(run.path), cell.key, needs, key=name, pure=False)
        while not all(f.done() for f in futures.values()):
            report_progress()
            waiting = NO_WORKERS if not client.scheduler_info()["workers"] else ""
            if waiting != (run.read_status().note or ""):
                run.update(note=waiting)
            if stop():
                _stop_workers(run, futures)
                raise Cancelled
            time.sleep(0.2)
        if any(f.status in ("cancelled", "lost") for f in futures.values()):
            raise UserError(f"The Dask scheduler at {address} was lost: resuming goes on with the tasks that are left.")
        for cell in cells:
            if state_of(run, cell.key):
                continue
            if failed := [key for key in cell.needs if state_of(run, key) == "failed"]:
                write_failure(run, cell, f"it needs {failed[0]}, which failed")
            else:
                write_failure(run, cell, str(futures[cell.key].exception() or "it left no result"))


async def _check_answers(address: str) -> None:
    """Raise an exception unless the scheduler answers: a Client that cannot connect fills the screen with its own."""
    from distributed.comm.core import connect
    from distributed.security import Security

    comm = await connect(address, timeout=CONNECT, **Security().get_connection_args("client"))
    await comm.close()


def _stop_workers(run: Run, futures: dict) -> None:
    """Stop the tasks at work by the run's stop file, since Dask cannot; wait for that, up to PATIENCE seconds."""
    run.stop_file.touch()
    until = time.monotonic() + PATIENCE
    while not all(f.done() for f in futures.values()) and time.monotonic() < until:
        time.sleep(0.05)


def supervise_cell(folder: str, key: str, needs: list) -> str:
    """On a Dask worker: have a process carry out the task `key`, and end it on a stop. Returns the task's state.

    needs: results of the tasks before, by which Dask orders them; not used. UserError if the study's folder is not
    there, or the process dies.
    """
    run = Run(Path(folder))
    if not (run.path / "run.json").exists():
        raise UserError(f"{folder} cannot be seen from this worker: the runs must lie on a shared file system.")
    while not state_of(run, key) and not run.stop_file.exists():
        process = _take(run)
        assert process.stdin  # `start_worker` opens it
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{key}\n".encode())
            process.stdin.flush()
        deadline = float("inf")
        try:
            while not state_of(run, key) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
                if run.stop_file.exists():  # may be removed again before the next look
                    deadline = min(deadline, time.monotonic() + PATIENCE)
        except BaseException:
            _end(process)
            raise
        if state_of(run, key):
            _idle.append((folder, process))
            break
        _end(process)
        if process.returncode == STOPPED or deadline < float("inf"):
            break
        if process.returncode:  # with 0 it ended by itself after IDLE, just before the key was sent: try another
            raise UserError(f"the process at work on it died (exit status {process.returncode})")
    return state_of(run, key)


def _take(run: Run) -> subprocess.Popen:
    """A waiting process of this worker, which has read data and networks already, or else a new one."""
    while _idle:
        folder, process = _idle.pop()
        if folder == str(run.path) and process.poll() is None:
            return process
        _end(process)
    with (run.path / "log.txt").open("ab") as log:
        return start_worker(run, log, "cluster-worker")


def _end(process: subprocess.Popen) -> None:
    """Close a process's input, kill it and wait for its end."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    process.kill()
    process.wait()


def run_worker(folder: str) -> int:
    """The verb `cluster-worker`: carry out the tasks whose keys the parent process sends; returns the exit status.

    Ends with the parent, after IDLE seconds without a key, or after a stop (STOPPED).
    """
    from ocrgen.study.cells import TaskRunner

    keys, run = listen(), Run(Path(folder))
    cells = {cell.key: cell for cell in plan(StudyConfig.model_validate(run.request.settings))}
    runner = TaskRunner(run)
    try:
        while True:
            execute_cells(run, [cells[keys.get(timeout=IDLE)]], Stop(run), runner=runner)
    except queue.Empty:
        return 0
    except Cancelled:
        return STOPPED
