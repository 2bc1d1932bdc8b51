"""Run a study: in this process, in several, or on a cluster."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator

from ocrgen.datasets import load_data
from ocrgen.runs.jobs import PATIENCE, Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.study.plan import Cell, StudyConfig, plan
from ocrgen.study.results import assemble, keep_misread
from ocrgen.study.worker import execute_cells, start_worker, state_of
from ocrgen.utils.errors import UserError


def run_study(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `study`: carry out the tasks that are left, then write the results.

    Tasks that failed before are tried again. show: called with the tasks done and their total. UserError if tasks
    failed; the results of the others are written. Raises Cancelled after `stop()` returns True.
    """
    config = StudyConfig.model_validate(run.request.settings)
    cells = plan(config)
    folder = run.path / "cells"
    folder.mkdir(exist_ok=True)
    for cell in cells:
        if state_of(run, cell.key) == "failed":
            (folder / f"{cell.key}.json").unlink()
    if run.request.data is None:
        from ocrgen.study.cells import TaskRunner

        data = TaskRunner(run).data
        run.amend(data=data.facts(), classes=data.train.classes)
    begun, done_before = time.monotonic(), len(_ended(run, cells))

    def report_progress() -> None:
        done = len(_ended(run, cells))
        seconds = time.monotonic() - begun
        left = seconds / (done - done_before) * (len(cells) - done) if done > done_before else None
        run.update(step=done, total=len(cells), left=left)
        show(done, len(cells))

    stop.graceful = True
    if address := os.environ.get("OCRGEN_SCHEDULER"):
        from ocrgen.study.cluster import run_on_cluster

        run_on_cluster(address, run, cells, stop, report_progress)
    else:
        with _helpers(run, config.workers - 1):
            execute_cells(run, cells, stop, report_progress)
    report_progress()
    shutil.rmtree(folder / ".locks", ignore_errors=True)
    results = assemble(run)
    keep_misread(run, results, load_data(config.dataset).test)
    if results.failures:
        raise UserError(
            f"{len(results.failures)} of {len(cells)} tasks failed; the first: {results.failures[0]['key']}: "
            f"{results.failures[0]['error'].rstrip('.')}. The others stand; resuming tries the failed ones again."
        )


def _ended(run: Run, cells: list[Cell]) -> set[str]:
    """The keys of the tasks that have a result file, whatever it says: counting them must be quick."""
    files = {file.stem for file in (run.path / "cells").glob("*.json")}
    return files & {cell.key for cell in cells}


@contextlib.contextmanager
def _helpers(run: Run, count: int) -> Iterator[None]:
    """Run `count` further processes on the same tasks; they end with this one, even if it is killed."""
    with (run.path / "log.txt").open("ab") as log:
        processes = [start_worker(run, log) for _ in range(count)]
        try:
            yield
        except Cancelled:
            run.stop_file.touch()  # they stop by themselves, and save what they are at
            until = time.monotonic() + PATIENCE
            while any(p.poll() is None for p in processes) and time.monotonic() < until:
                time.sleep(0.05)
            raise
        finally:
            for process in processes:
                if process.stdin:
                    process.stdin.close()
                process.kill()
                process.wait()
