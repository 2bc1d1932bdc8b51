"""The page Runtime: the verdict on "ten times faster", speeds with intervals, and a button that measures here."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from ocrgen.benchmark import BenchmarkResults, busy, load_now, read_benchmark, verdicts
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.verdicts import WAYS
from ocrgen.plots.benchmark import BARS
from ocrgen.plots.style import VERDICT_COLOURS
from ocrgen.runs import jobs
from ocrgen.runs.records import ALIVE, RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.runtime.views import VIEWS
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import judged_figure
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import BADGES, choose_one, run_title, show_errors
from ocrgen.utils.errors import UserError
from ocrgen.utils.numbers import significant
from ocrgen.utils.places import PROGRAM


@st.cache_data(max_entries=8, show_spinner=False)
def _read(path: str, changed: int) -> BenchmarkResults:
    return read_benchmark(Run(Path(path)))


def choose() -> Run | None:
    """Choose a benchmark that has results; the choice stands in the link. One that was started here is shown first."""
    every = store().list("benchmark")
    known = {r.name: r for r in every if (r.path / "benchmark.json").exists()}
    if not known:
        if not any(r.alive for r in every):
            with st.container(border=True):
                st.subheader("Nothing measured yet")
                st.write("How fast is each generator on this machine? A first impression takes less than a minute.")
                if st.button("Measure now, on the bundled digits", type="primary", key="runtime_first"):
                    start(BenchmarkConfig(quick=True, dataset="digits"))
        return None
    if st.session_state.get("runtime_started") in known:
        st.session_state["runtime_run"] = st.session_state.pop("runtime_started")
    asked = {n: r.request.settings for n, r in known.items()}
    usual = [n for n in known if asked[n].get("what") != "app"]
    whole = [n for n in usual if asked[n].get("what") == "all"]
    full = [n for n in whole if not asked[n].get("quick")]
    return choose_one("Measured", known, "runtime", (full or whole or usual or list(known))[-1])


def start(config: BenchmarkConfig) -> None:
    """Submit a benchmark and show it at work."""

    def submit() -> None:
        run = jobs.start(store(), "benchmark", config.model_dump(), "benchmark-all")
        st.session_state["runtime_started"] = run.name

    if show_errors(submit):
        st.rerun()


def measure() -> None:
    """Start a benchmark on this machine, and watch it."""
    with st.popover("Measure here and now", icon=":material/speed:"):
        quick = st.toggle("Quick: a first impression in under a minute", True, key="runtime_quick")
        config = BenchmarkConfig(quick=quick)
        st.code(f"{PROGRAM} benchmark" + " --quick" * quick, language=None)
        st.caption(
            "Rough figures with their intervals, and no verdict: that takes a full benchmark."
            if quick
            else "All of it, half an hour to an hour; best where nothing else is at work."
        )
        load, processors = load_now()
        if busy(load, processors, config.threads):
            st.warning(f"{_busy_words(load, processors)} now: wait until it is idle, or the figures will be off.")
        if st.button("Start", type="primary", key="runtime_start"):
            start(config)

    at_work = [r for r in store().list("benchmark") if r.alive]

    def ended(run: Run, status: RunStatus) -> None:
        if status.state == "done":
            st.session_state["runtime_started"] = run.name
        st.toast(f"{run_title(run)}: {BADGES[status.state][1]}")

    if at_work:
        parts = {run.name: _changed(run) for run in at_work}

        def more(status: RunStatus) -> None:  # at each look: what has been measured since then is shown at once
            if any(_changed(run) != parts[run.name] for run in at_work):
                st.rerun(scope="app")

        keys, every = "runtime_{action}_{run}", 2.0
        job_progress(lambda: at_work, _bench_at_work, keys=keys, every=every, more=more, ended=ended)


def _changed(run: Run) -> int:
    """When a benchmark's results last changed; 0 while there are none."""
    file = run.path / "benchmark.json"
    return file.stat().st_mtime_ns if file.exists() else 0


def _bench_at_work(status: RunStatus) -> str:
    return f"Measured: {status.step} of {status.total} comparisons; now {status.bench or 'starting'}"


def _busy_words(load: float, processors: int) -> str:
    return f"The machine is busy (load {significant(load, 2)} on {processors} processor{'s' * (processors != 1)})"


def show(run: Run) -> None:
    """What was found: machine, verdicts in words, views, downloads."""
    if (status := run.read_status()).state not in (*ALIVE, "done"):
        st.warning(f"This benchmark is {BADGES[status.state][1]}, its results as far as they came. "
                   f"{status.error or ''}")  # fmt: skip
    try:
        found = _read(str(run.path), _changed(run))
    except UserError as fault:
        st.error(str(fault))
        return
    rows, machine = found.rows, found.machine
    if not rows:
        st.info("First results appear here within seconds of its start, by themselves.")
        return
    quick = bool(run.request.settings.get("quick"))
    load, processors, threads = (machine.get(key) or 0 for key in ("load", "usable", "threads"))
    if busy(load, processors, threads):
        st.warning(f"{_busy_words(load, processors)} when this was measured: figures scatter, and may be off.")
    headline(rows, quick)
    there = {r["bench"] for r in rows}
    views = [name for name, (bench, _) in VIEWS.items() if bench in there]
    if any(b in there for b in BARS) and "Speed" not in views:
        views.append("Speed")
    if len(views) == 1:
        VIEWS[views[0]][1](rows)
    elif views:
        view = one_of(st.segmented_control, "View", views, name="view", key="runtime_view", required=True, wrap=True)
        VIEWS[view][1](rows)
    with st.expander("All figures"):
        frame = pd.DataFrame(rows)
        st.dataframe(frame, hide_index=True, width="stretch")
        st.caption(machine.get("method", ""))
    with st.container(horizontal=True):
        st.download_button("CSV", lambda: frame.to_csv(index=False), f"{run.name}.csv", "text/csv", on_click="ignore",
                           key="runtime_csv", icon=":material/download:")  # fmt: skip
        st.download_button("JSON", lambda: json.dumps(found.model_dump(), indent=1), f"{run.name}.json",
                           "application/json",
                           on_click="ignore", key="runtime_json", icon=":material/download:")  # fmt: skip
    st.caption(
        f"{machine.get('cpu')}, {processors} processors, **{threads} thread{'s' * (threads != 1)}**, "
        f"**{machine.get('precision')}** ({', '.join(machine.get('instructions', []))}), {machine.get('memory')} GiB; "
        f"load at the start {load}; torch {machine.get('versions', {}).get('torch')}."
    )


def headline(rows: list[dict], quick: bool) -> None:
    """The three-way verdict on the paper's first claim, in plain words; of a quick benchmark the figures alone."""
    found = verdicts(rows, quick)
    if not found:
        return
    st.markdown(
        f"#### “The CVAE is ten times faster”: {'first figures' if quick else 'it depends on what is compared'}"
    )
    counts = {r["subject"].split(", ", 1)[1]: r["ratio"] for r in rows if r["unit"] == "multiply-adds" and r["ratio"]}
    for column, way in zip(st.columns(len(WAYS)), WAYS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{WAYS[way].capitalize()}**")
            for v in [v for v in found if v.way == way]:
                several = f"95%: [{significant(v.low)}, {significant(v.high)}]"
                bounds = "one round" if v.low is None else several
                work = counts.get(f"{way}: {v.what}")
                why = f"; the CGAN takes {significant(work)} times the multiply-adds" if work else ""
                figure, below = f"{significant(v.ratio)}×", f"{bounds}, n = {v.n}{why}"
                word = "quick: no verdict" if quick else v.verdict
                judged_figure(v.what.capitalize(), figure, word, VERDICT_COLOURS[v.verdict], below)
    if quick:
        st.caption("A quick benchmark is too short for a verdict: three rounds, of trainings that take milliseconds.")
    else:
        st.caption(
            "The rule: it holds where the whole interval of the ratio CGAN time / CVAE time is at least 10, does not "
            "hold where all of it lies below 10."
        )
