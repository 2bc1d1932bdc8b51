"""How jobs stand on a page: badge, progress with the time left, Cancel and Resume, and why one stands still."""

from collections.abc import Callable, Iterable

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.widgets import BADGES, show_errors
from ocrgen.utils.progress import duration

RESUMABLE = ("cancelled", "died", "failed")


def job_progress(
    find: Callable[[], Iterable[Run]],
    words: Callable[[RunStatus], str],
    *,
    keys: str = "",
    every: float | None = 2.0,
    more: Callable[[RunStatus], None] | None = None,
    idle: Callable[[], None] | None = None,
    ended: Callable[[Run, RunStatus], None] | None = None,
) -> None:
    """Follow jobs in a fragment of their own, and run the page again as soon as one of them has ended.

    find: the jobs, asked for anew at each look: one that is started from a shell or by another viewer is seen, too.
    words: what a job's progress bar says of its status; the time left is added.
    keys: pattern of the keys of the buttons Cancel and Resume, with {action} and {run}; without it there are neither
    badge nor buttons.
    every: seconds between two looks; None for never.
    more: further widgets beside the buttons, drawn from the status.
    idle: drawn while none of the jobs is at work, such as a button that starts one.
    ended: called with a job that has just ended and its status, before the page runs again.
    """
    known = {run.name for run in find() if not run.alive}  # had ended when the page was drawn
    # But what stands further up may have been drawn before that: of those seen at work earlier, nobody has told it.
    seen: set[str] = st.session_state.setdefault("shared_seen_at_work", set())

    @st.fragment(run_every=every)
    def look() -> None:
        statuses = [(run, run.read_status()) for run in find()]
        for run, status in statuses:
            if status.alive:
                known.discard(run.name)
                seen.add(run.name)
            elif run.name in seen or run.name not in known:
                seen.discard(run.name)
                known.add(run.name)
                if ended:
                    ended(run, status)
                st.rerun(scope="app")
            if keys:
                with st.container(horizontal=True, vertical_alignment="center"):
                    state_badge(status)
                    job_buttons(run, status, keys)
                    if more:
                        more(status)
            job_bar(status, words(status))
        if idle and not any(status.alive for _, status in statuses):
            idle()

    look()


def time_left(status: RunStatus) -> float | None:
    """Seconds that a running job still needs: as it says, else from its average speed; None if not known yet."""
    if status.left:
        return status.left
    if not status.step or not status.seconds:
        return None
    return status.seconds / status.step * (status.total - status.step)


def state_badge(status: RunStatus) -> None:
    """A job's state as a coloured word."""
    colour, word = BADGES[status.state]
    st.badge(word, color=colour)


def job_buttons(run: Run, status: RunStatus, keys: str) -> None:
    """Cancel, or Resume, where the state allows it; `keys` as for `job_progress`."""
    key = keys.format(action="cancel", run=run.name)
    if status.alive and st.button("Cancel", key=key, icon=":material/stop_circle:"):
        show_errors(run.cancel)
        st.toast("Stopping at a checkpoint …")
    key, icon = keys.format(action="resume", run=run.name), ":material/play_arrow:"
    pressed = status.state in RESUMABLE and st.button("Resume", key=key, icon=icon, type="primary")
    if pressed and show_errors(jobs.submit, run, store()):
        st.rerun(scope="app")


def job_bar(status: RunStatus, words: str) -> None:
    """The progress of a job at work, with the time left; or why it stands still."""
    if status.alive:
        left = time_left(status) if status.state == "running" else None
        st.progress(status.share, text=words if left is None else f"{words} · {duration(left)} left")
    elif status.error:
        st.error(status.error)
