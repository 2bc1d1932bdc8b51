"""The verb that measures speed: `benchmark`."""

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from ocrgen.cli.common import Bar, checked, data_set, execute, open_store, parse
from ocrgen.utils.errors import UserError

if TYPE_CHECKING:
    from ocrgen.benchmark.plan import BenchmarkConfig
    from ocrgen.runs.run import Run


def benchmark(args: list[str]) -> int:
    """How fast is it? benchmark [train|sample|distance|reader|claim|scaling|all|app] [--quick] [--json]"""
    if args[:1] == ["app"]:
        return benchmark_app(args[1:])
    config, as_json, label = asked(args)
    store = open_store()
    run = store.create("benchmark", config.model_dump(), f"benchmark-{config.what}", label)
    # The list is to be all that stands on the standard output.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        code = execute(run, store)
    if code == 0:
        _print(run, as_json)
    return code


def asked(args: list[str]) -> tuple["BenchmarkConfig", bool, str]:
    """What the flags ask for: the settings, whether the rows are printed as JSON, and the run's label."""
    from pydantic import Field, create_model

    from ocrgen.benchmark.plan import BenchmarkConfig
    from ocrgen.cli.flags import RunFlags

    class BenchmarkFlags(RunFlags, BenchmarkConfig):
        """Measure speed, always as a ratio to another way, both in turn in this one run; a killed one resumes.

        The bundled digits stand in for a data set that is not at hand. The dashboard is measured apart:
        `benchmark app --help`.
        """

        as_json: Annotated[bool, tyro.conf.arg(name="json")] = Field(
            default=False, description="print a list of rows instead of a table"
        )

    benches = Positional[
        Literal["train", "limit", "sample", "distance", "reader", "claim", "scaling", "quality", "all"]
    ]  # all but the dashboard's, which has flags of its own
    about = "the bench; quality is what an OCR model learns from samples by the generator's CPU seconds"
    default = BenchmarkConfig.model_fields["what"].default
    what = (benches, Field(default=default, description=about))
    command = create_model("benchmark", __base__=BenchmarkFlags, __doc__=BenchmarkFlags.__doc__, what=what)
    flags = parse(command, "benchmark", args)
    values = flags.model_dump(include=set(BenchmarkConfig.model_fields)) | {
        "dataset": data_set(flags.dataset, flags.transpose)
    }
    return checked(BenchmarkConfig, values), flags.as_json, flags.run_name


def _print(run: "Run", as_json: bool) -> None:
    from ocrgen.benchmark import read_benchmark, verdicts

    found = read_benchmark(run)
    if as_json:
        print(json.dumps(found.rows, indent=1))
        return
    m = found.machine
    print(f"{m['cpu']}, {m['cores']} cores, {m['threads']} thread(s), {m['precision']}, load {m['load']}")
    print(f"{m['method']}\n")
    rows = [_cells(row) for row in found.rows]
    widths = [max(len(row[i]) for row in [HEADER, *rows]) for i in range(len(HEADER))]
    for row in [HEADER, *rows]:
        cells = (c.rjust(w) if i in RIGHT else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        print("  ".join(cells).rstrip())
    for verdict in verdicts(found.rows, bool(run.request.settings.get("quick"))):
        print(verdict.words)


HEADER = ("bench", "subject", "size", "value", "unit", "ratio", "bounds", "n", "against")
RIGHT = (2, 3, 5, 6, 7)


def _cells(row: dict) -> tuple[str, ...]:
    bounds = "" if row["low"] is None else f"[{row['low']:.3g}, {row['high']:.3g}]"
    value = f"{row['value']:,.0f}" if row["value"] >= 1000 else f"{row['value']:.4g}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
    size = "" if row["size"] is None else f"{row['size']:,}"
    return row["bench"], row["subject"], size, value, row["unit"], ratio, bounds, str(row["n"]), row["against"] or ""


VIEWERS, QUICK_VIEWERS = 20, 5
RERUNS, QUICK_RERUNS = 10, 2


def keep(rows: list[dict], here: dict, quick: bool) -> "Run":
    """Keep what was found as a run of the verb `benchmark`, done. UserError if the store cannot be written to."""
    from ocrgen.benchmark.plan import BenchmarkConfig
    from ocrgen.benchmark.results import BenchmarkResults, write_benchmark

    run = open_store().create("benchmark", BenchmarkConfig(what="app", quick=quick).model_dump(), "benchmark-app")
    write_benchmark(run, BenchmarkResults(machine=here, rows=rows, done=["app"]))
    run.update(state="done")
    return run


def benchmark_app(args: list[str]) -> int:
    """How fast is the dashboard? benchmark app [--viewers N] [--quick] [--json]

    What it finds is kept as a run, too, so that the page Runtime can show it.
    """

    def command(
        viewers: int = 0, reruns: int = 0, quick: bool = False, json: bool = False
    ) -> tuple[int, int, bool, bool]:
        """Start the dashboard over your runs and drive it with real sessions: server time, CPU and memory by page.

        Args:
            viewers: how many at once, after one alone; 0 = 20, or 5 if quick.
            reruns: clicks of each viewer on each page; 0 = 10, or 2 if quick.
            quick: roughly, in about a minute.
            json: print a list of rows instead of a table.
        """
        return viewers, reruns, quick, json

    viewers, reruns, quick, as_json = parse(command, "benchmark app", args)
    for name, given, most in (("viewers", viewers, 200), ("reruns", reruns, 1000)):
        if not 0 <= given <= most:
            raise UserError(f"--{name} must be from 0 to {most}, not {given}.")
    viewers = viewers or (QUICK_VIEWERS if quick else VIEWERS)
    reruns = reruns or (QUICK_RERUNS if quick else RERUNS)
    from ocrgen.benchmark.machine import machine
    from ocrgen.stress.latency import METHOD, PAUSE, measure

    m = machine(1) | {"method": METHOD}  # its load is that before the viewers came
    rows = measure(viewers, reruns, Bar("benchmark app").show, 1.0 if quick else PAUSE)
    try:
        keep(rows, m, quick)
    except UserError as fault:  # what was measured is told all the same
        print(f"Not kept: {fault}", file=sys.stderr)
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{m['cpu']}, {m['cores']} cores, load {m['load']}\n{METHOD}\n")
    for row in rows:
        cpu = "" if row["cpu_value"] is None else f"{row['cpu_value']:.0f} ms CPU"
        value = "" if row["value"] is None else f"{row['value']:,.0f}"
        n = f"n = {row['n']}" * (row["unit"] != "MB")
        print(f"{row['subject']:<42} {value:>7} {row['unit']:<6} {cpu:>11}  {n:<8} {row['note']}")
    return 0
