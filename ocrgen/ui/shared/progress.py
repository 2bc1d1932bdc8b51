"""How jobs stand on a page: badge, progress with the time left, Cancel and Resume, and why one stands still."""

from collections.abc import Callable, Iterable

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.widgets import BADGES, noun_of, run_title, show_errors
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


def run_status(run: Run, status: RunStatus, actions: Callable[[Run, RunStatus], None]) -> None:
    """One training in full: badge, title, `actions`, progress, speed, best epoch; and why it stands still."""
    state = status.state
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_badge(status)
        st.markdown(f"**{run_title(run)}**", width="content")
        actions(run, status)
    facts = _facts(run, status)
    if status.alive:
        st.progress(status.share, text=" · ".join(facts))
    elif facts:
        st.caption(" · ".join(facts))
    if status.stopped:
        st.info(f"Stopped early: {status.stopped}")
    if status.best_epoch and status.watched and status.best is not None:
        share = status.monitor_seconds / status.seconds if status.monitor_seconds and status.seconds else 0.0
        cost = f" Scoring used {share:.1%} of the training time." if 0 < share < 1 else ""
        name = status.watched.upper().replace("_", "-")
        st.caption(
            f"Best epoch by {name}: {status.best_epoch} ({status.best:.3g}, some 2,000 samples); it is used wherever "
            f"the run is sampled.{cost}"
        )
    if status.collapsed:
        one = noun_of(run)
        st.warning(f"The samples of a {one} hardly differ: class means instead of {one}s? Early on that is usual.")
    if status.note:
        st.caption(status.note)
    if state == "died":
        st.warning(
            "Its process has ended without a word (killed, or the machine restarted). *Resume* goes on exactly there."
        )
    elif status.error:
        st.error(status.error)


def _facts(run: Run, status: RunStatus) -> list[str]:
    """Epoch, step, speed and time of a training, in words."""
    state, total = status.state, status.total
    facts = []
    if status.epochs:
        facts.append(f"epoch {min((status.epoch or 0) + (state == 'running'), status.epochs)} of {status.epochs}")
    if total:
        facts.append(f"step {status.step:,} of {total:,}")
    if status.speed and state == "running":
        facts.append(f"{status.speed:,.0f} images/s")
    if state == "running":
        left = time_left(status)
        facts.append("starting …" if left is None else f"{duration(left)} left")
    elif status.seconds:
        facts.append(f"trained for {duration(status.seconds)}")
    if state == "queued":
        waiting = [r.name for r in jobs.queue(store())]
        ahead = waiting.index(run.name) if run.name in waiting else 0
        facts.append(
            "next in the queue" if not ahead else f"{ahead} {'job' if ahead == 1 else 'jobs'} before it in the queue"
        )
    return facts
