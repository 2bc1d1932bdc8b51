"""The jobs that run and wait, on every page: one line, the queue behind it, the tab's title, and a word at the end."""

from pathlib import Path

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.ui.shared.cache import LIVE, store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.progress import job_buttons, state_badge, time_left
from ocrgen.ui.shared.widgets import link, run_title
from ocrgen.utils.progress import duration

ICON = "🔢"
# Where a job is watched.
PAGES = {"study": "4_OCR", "score": "5_FID_and_LFID", "benchmark": "6_Runtime", "reader": "7_Saliency"}
EVERY = 3.0  # seconds between two looks
ENDS = {"done": ("is done", "✅"), "cancelled": ("was cancelled", "⏹️")}


def show(here: str) -> None:
    """Follow all jobs in a fragment of its own. here: the title of the page, which stands in the tab while none runs.

    Each viewer is told once of a job's end, on whatever page they are by then, if they have seen it run.
    """
    if st.session_state.get("queue_page") != here:
        st.session_state["queue_page"], st.session_state["queue_ended"] = here, ""

    @st.fragment(run_every=EVERY)
    def look() -> None:
        statuses = _statuses(str(store().root))
        alive = {name: pair for name, pair in statuses.items() if pair[1].alive}
        for name in st.session_state.get("queue_alive", set()) - alive.keys():
            if name in statuses:
                _tell(*statuses[name])
        st.session_state["queue_alive"] = set(alive)
        running = [pair for pair in alive.values() if pair[1].state == "running"]
        waiting = [alive[run.name] for run in jobs.in_turn(alive.values())]
        st.set_page_config(page_title=_title(here, running))
        if alive:
            _line(running, waiting)

    look()


@st.cache_resource(ttl=LIVE, max_entries=4, show_spinner=False)
def _statuses(root: str) -> dict[str, tuple[Run, RunStatus]]:
    """The user's runs and how they stand, by name: read once for all viewers, who each ask every few seconds."""
    return {run.name: (run, run.read_status()) for run in RunStore(Path(root), shipped=None).list()}


def _title(here: str, running: list[tuple[Run, RunStatus]]) -> str:
    """The title of the browser's tab: how far the jobs are, else the last that has ended, else the page."""
    if not running:
        return f"{st.session_state.get('queue_ended') or here} · ocrgen"
    share = sum(status.share for _, status in running) / len(running)
    return f"{share:.0%} · {_short(running[0][0]) if len(running) == 1 else f'{len(running)} jobs'}"


def _short(run: Run) -> str:
    return run_title(run).partition(" · ")[0]


def _tell(run: Run, status: RunStatus) -> None:
    """Say that a job has ended, in the corner of the page and in the tab's title."""
    word, icon = ENDS.get(status.state, ("has failed", "⚠️"))
    st.session_state["queue_ended"] = f"{'Done' if status.state == 'done' else 'Ended'}: {_short(run)}"
    st.toast(f"{literal(run_title(run))} {word}.", icon=icon, duration="long")


def _line(running: list[tuple[Run, RunStatus]], waiting: list[tuple[Run, RunStatus]]) -> None:
    """What runs, in one line, and all that runs and waits behind a button."""
    with st.container(horizontal=True, vertical_alignment="center", key="queue_line"):
        for run, status in running[:1]:
            left = time_left(status)
            facts = [literal(run_title(run)), f"{status.share:.0%}", *([f"{duration(left)} left"] if left else [])]
            st.badge(" · ".join(facts), color="blue", icon=":material/progress_activity:")
            watch(run)
        words = [f"{len(running)} running"] * (len(running) > 1) + [f"{len(waiting)} queued"] * bool(waiting)
        with st.popover(", ".join(words) or "Jobs", icon=":material/list:", type="tertiary", key="queue_all"):
            for run, status in [*running, *waiting]:
                with st.container(horizontal=True, vertical_alignment="center"):
                    state_badge(status)
                    st.markdown(literal(run_title(run)), width="content")
                    watch(run)
                    job_buttons(run, status, "queue_{action}_{run}")
                if status.state == "running":
                    st.progress(status.share)


def watch(run: Run) -> None:
    """A link to where a job is watched."""
    page = PAGES.get(run.request.verb, "2_Train")
    link(page, "Watch", query_params={"run": run.request.scored_run if run.request.verb == "score" else run.name})
