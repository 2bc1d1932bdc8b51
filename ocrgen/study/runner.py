"""Run a study: in this process, in several, or on a cluster."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ocrgen import datasets
from ocrgen.runs.jobs import PATIENCE, Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.forecast import TimeLeft
from ocrgen.study.plan import Cell, blocks, plan
from ocrgen.study.results import assemble, keep_misread
from ocrgen.study.rows import read_row
from ocrgen.study.worker import execute_cells, finished, start_worker, state_of
from ocrgen.utils.errors import UserError

if TYPE_CHECKING:
    from ocrgen.study.cells import TaskRunner  # which imports torch


def run_study(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `study`: carry out the tasks that are left, then write the results.

    Tasks that failed before are tried again. show: called with the tasks done and their total. UserError if tasks
    failed; the results of the others are written. Raises Cancelled after `stop()` returns True.
    """
    config = StudyConfig.model_validate(run.request.settings)
    if config.rules == 1:
        raise UserError(
            f"{run.name} was begun by an earlier version, which chose shares and steps by further labelled images. "
            "What it has found can still be read; start a new study to go on."
        )
    runner = _begin(run, config)
    folder, cells = run.path / "cells", []
    for cell in plan(config):
        if state_of(run, cell.key) == "failed":
            (folder / f"{cell.key}.json").unlink()
    stop.graceful = True
    address = os.environ.get("OCRGEN_SCHEDULER")
    with contextlib.nullcontext() if address else _helpers(run, config.workers - 1):
        for block in blocks(config):
            cells += block
            report_progress = _reporter(run, cells, show)
            if address:
                from ocrgen.study.cluster import run_on_cluster

                run_on_cluster(address, run, block, stop, report_progress)
            else:
                execute_cells(run, block, stop, report_progress, runner)
            report_progress()
            if finished(run, config, block):
                break
    shutil.rmtree(folder / ".locks", ignore_errors=True)
    results = assemble(run)
    keep_misread(run, results, runner.data.test if runner.whole is None else runner.whole)
    if results.failures:
        raise UserError(
            f"{len(results.failures)} of {len(cells)} tasks failed; the first: {results.failures[0]['key']}: "
            f"{results.failures[0]['error'].rstrip('.')}. The others stand; resuming tries the failed ones again."
        )


def _begin(run: Run, config: StudyConfig) -> "TaskRunner":
    """Note in the run what it is about, and the precision that all its tasks will have, resumed ones too."""
    import torch

    from ocrgen.study.cells import TaskRunner
    from ocrgen.utils.device import pick_device, pick_dtype

    (run.path / "cells").mkdir(exist_ok=True)
    if run.request.precision is None:
        bf16 = pick_dtype(pick_device(), config.precision) is torch.bfloat16
        run.amend(precision="bf16" if bf16 else "fp32")
    runner = TaskRunner(run)
    runner.begin()
    return runner


def _reporter(run: Run, cells: list[Cell], show: Callable[[int, int], None]) -> Callable[[], None]:
    """A function that tells how many of the tasks are done, and how long the rest will take."""
    request, seconds = run.request, {}  # of each task that has ended, by key; 0 for one that failed
    config = StudyConfig.model_validate(request.settings)
    time_left = TimeLeft(config, cells, len(datasets.classes_of_run(run)), request.n_images("train"))

    def ended() -> set[str]:
        """Tasks that have a result file, whatever it says: each is read once only."""
        keys = {file.stem for file in (run.path / "cells").glob("*.json")} & {cell.key for cell in cells}
        for key in keys - seconds.keys():
            seconds[key] = float((read_row(run.path / "cells" / f"{key}.json") or {}).get("seconds", 0))
        return keys

    begun, before = time.monotonic(), ended()

    def report_progress() -> None:
        done = ended()
        known = {key: seconds[key] for key in done}
        left = time_left.seconds(known, done - before, time.monotonic() - begun)
        run.update(step=len(done), total=len(cells), left=left)
        show(len(done), len(cells))

    return report_progress


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
