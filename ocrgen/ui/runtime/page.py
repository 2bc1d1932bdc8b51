"""The page Runtime: the verdict on "ten times faster", speeds with intervals, and a button that measures here."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from ocrgen.benchmark import BenchmarkResults, read_benchmark, verdicts
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.verdicts import WAYS
from ocrgen.plots.benchmark import BARS
from ocrgen.plots.style import VERDICT_COLOURS
from ocrgen.runs import jobs
from ocrgen.runs.records import ALIVE, RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.runtime.views import VIEWS
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import judged_figure
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import BADGES, choose_one, show_errors
from ocrgen.utils.errors import UserError


@st.cache_data(max_entries=8, show_spinner=False)
def _read(path: str, changed: int) -> BenchmarkResults:
    return read_benchmark(Run(Path(path)))


def choose() -> Run | None:
    """Choose a benchmark that has results; the choice stands in the link."""
    known = {r.name: r for r in store().list("benchmark") if (r.path / "benchmark.json").exists()}
    if not known:
        if not any(r.alive for r in store().list("benchmark")):
            with st.container(border=True):
                st.subheader("Nothing measured yet")
                st.write("How fast is each generator on this machine? A first impression takes less than a minute.")
                if st.button("Measure now, on the bundled digits", type="primary", key="runtime_first"):
                    start(BenchmarkConfig(quick=True, dataset="digits"))
        return None
    asked = {n: r.request.settings for n, r in known.items()}
    usual = [n for n in known if asked[n].get("what") != "app"]
    whole = [n for n in usual if asked[n].get("what") == "all"]
    full = [n for n in whole if not asked[n].get("quick")]
    return choose_one("Measured", known, "runtime", (full or whole or usual or list(known))[-1])


def start(config: BenchmarkConfig) -> None:
    """Submit a benchmark and show it at work."""
    if show_errors(jobs.start, store(), "benchmark", config.model_dump(), "benchmark-all"):
        st.rerun()


def measure() -> None:
    """Start a benchmark on this machine, and watch it."""
    with st.popover("Measure here and now", icon=":material/speed:"):
        quick = st.toggle("Quick: a first impression in under a minute", True, key="runtime_quick")
        config = BenchmarkConfig(quick=quick)
        st.code("python -m ocrgen benchmark" + " --quick" * quick, language=None)
        if not quick:
            st.caption("All of it, half an hour to an hour; best where nothing else is at work.")
        if st.button("Start", type="primary", key="runtime_start"):
            start(config)

    at_work = [r for r in store().list("benchmark") if r.alive]

    def ended(run: Run, status: RunStatus) -> None:
        if status.state == "done":
            st.session_state["runtime_run"] = run.name

    if at_work:
        keys, every = "runtime_{action}_{run}", 1.0
        job_progress(lambda: at_work, _bench_at_work, keys=keys, every=every, ended=ended)


def _bench_at_work(status: RunStatus) -> str:
    return f"{status.step} of {status.total}: {status.bench or 'starting'}"


def show(run: Run) -> None:
    """What was found: machine, verdicts in words, views, downloads."""
    if (status := run.read_status()).state not in (*ALIVE, "done"):
        st.warning(f"This benchmark is {BADGES[status.state][1]}, its results as far as they came. "
                   f"{status.error or ''}")  # fmt: skip
    try:
        found = _read(str(run.path), (run.path / "benchmark.json").stat().st_mtime_ns)
    except UserError as fault:
        st.error(str(fault))
        return
    rows, machine = found.rows, found.machine
    st.caption(
        f"{machine.get('cpu')}, {machine.get('usable')} processors, **{machine.get('threads')} thread**, "
        f"**{machine.get('precision')}** ({', '.join(machine.get('instructions', []))}), {machine.get('memory')} GiB; "
        f"load at the start {machine.get('load')}; torch {machine.get('versions', {}).get('torch')}."
    )
    headline(rows)
    there = {r["bench"] for r in rows}
    views = [name for name, (bench, _) in VIEWS.items() if bench in there]
    if any(b in there for b in BARS) and "Speed" not in views:
        views.append("Speed")
    if len(views) == 1:
        VIEWS[views[0]][1](rows)
    elif views:
        view = st.segmented_control("View", views, default=views[0], key="runtime_view", required=True)
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


def headline(rows: list[dict]) -> None:
    """The three-way verdict on the paper's first claim, in plain words."""
    found = verdicts(rows)
    if not found:
        return
    st.markdown("#### “The CVAE is ten times faster”: it depends on what is compared")
    counts = {r["subject"].split(", ", 1)[1]: r["ratio"] for r in rows if r["unit"] == "multiply-adds" and r["ratio"]}
    for column, way in zip(st.columns(len(WAYS)), WAYS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{WAYS[way].capitalize()}**")
            for v in [v for v in found if v.way == way]:
                bounds = "one round" if v.low is None else f"95 %: {v.low:.3g} to {v.high:.3g}"
                work = counts.get(f"{way}: {v.what}")
                why = f"; the CGAN takes {work:.3g} times the multiply-adds" if work else ""
                figure, below = f"{v.ratio:.3g}×", f"{bounds}, n = {v.n}{why}"
                judged_figure(v.what.capitalize(), figure, v.verdict, VERDICT_COLOURS[v.verdict], below)
    st.caption(
        "The rule: it holds where the whole interval of the ratio CGAN time / CVAE time is at least 10, does not hold "
        "where all of it lies below 10."
    )
