"""Run a benchmark, bench by bench; benches that are complete are kept when it is resumed."""

import importlib
import shutil
import time
from collections.abc import Callable

from ocrgen.benchmark.forecast import seconds_left
from ocrgen.benchmark.lab import Lab
from ocrgen.benchmark.machine import machine
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.results import FILE, BenchmarkResults, read_benchmark, write_benchmark
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.threads import limit_threads

SAME = ("cpu", "cores", "threads", "precision", "versions")


def run_benchmark(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `benchmark`: run the benches that are not done yet. UserError if it began on another machine."""
    config = BenchmarkConfig.model_validate(run.request.settings)
    if config.what == "app":  # a job would slow down the server that is measured
        raise UserError(f"The dashboard is measured from a shell: `{PROGRAM} benchmark app`.")
    modules = {name: importlib.import_module(f"ocrgen.benchmark.benches.{name}") for name in config.benches}
    limit_threads(config.threads)  # after the imports; the allocator is left alone, as a plain program would
    stop.graceful = True
    results = begin(run, config)
    lab = Lab(run, config, stop)
    facts = lab.data.facts()
    if run.request.data not in (None, facts):
        raise UserError(f"{config.dataset} is not what it was when {run.name} began: start a new benchmark.")
    run.amend(data=facts)
    benches = {name: module.parts(lab) for name, module in modules.items()}
    counts = {name: len(parts) for name, parts in benches.items()}
    total, step = sum(counts.values()), 0
    begun, first = time.monotonic(), sum(n for name, n in counts.items() if name in results.done)

    def report(step: int, name: str) -> None:
        seconds = time.monotonic() - begun
        left = seconds_left(counts, config.quick, first, max(step, first), seconds)
        run.update(step=step, total=total, bench=name, seconds=seconds, left=left)
        show(step, total)

    for name, parts in benches.items():
        lab.bench = name
        if name not in results.done:
            for i, part in enumerate(parts):
                report(step + i, name)
                if stop():
                    raise Cancelled
                results.rows.extend(part())
                write_benchmark(run, results)
            results.done.append(name)
            write_benchmark(run, results)
        step += len(parts)
        report(step, name)
    if not any((run.path / "trainings").glob("*/weights")):
        shutil.rmtree(run.path / "trainings", ignore_errors=True)


def begin(run: Run, config: BenchmarkConfig) -> BenchmarkResults:
    """The results so far, without those of a bench that was interrupted; written anew where there are none."""
    here = machine(config.threads)
    if not (run.path / FILE).exists():
        results = BenchmarkResults(machine=here, rows=[], done=[])
        write_benchmark(run, results)
        return results
    results = read_benchmark(run)
    # Ratios of different machines in one table would be compared with each other.
    if results.done and any(results.machine.get(k) != here[k] for k in SAME):
        raise UserError(f"{run.name} began on another machine, or with other versions: start a new benchmark.")
    if not results.done:
        results.machine = here
    results.rows = [row for row in results.rows if row["bench"] in results.done]
    shutil.rmtree(run.path / "trainings", ignore_errors=True)
    return results
