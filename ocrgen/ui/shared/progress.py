"""How jobs stand on a page: badge, progress with the time left, Cancel and Resume, and why one stands still."""

from collections.abc import Callable, Iterable

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.run import ALIVE, Run
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.widgets import BADGES, duration, run_title, show_errors

RESUMABLE = ("cancelled", "died", "failed")


def job_progress(
    find: Callable[[], Iterable[Run]],
    words: Callable[[dict], str],
    *,
    keys: str = "",
    every: float | None = 2.0,
    more: Callable[[dict], None] | None = None,
    idle: Callable[[], None] | None = None,
    ended: Callable[[Run, dict], None] | None = None,
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

    @st.fragment(run_every=every)
    def look() -> None:
        statuses = [(run, run.read_status()) for run in find()]
        for run, status in statuses:
            if status["state"] in ALIVE:
                known.discard(run.name)
            elif run.name not in known:
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
        if idle and not any(status["state"] in ALIVE for _, status in statuses):
            idle()

    look()


def share_done(status: dict) -> float:
    """The share of its steps that a job has done, 0 to 1; 0 while it does not know them."""
    return min(1.0, (status.get("step") or 0) / (status.get("total") or 1))


def time_left(status: dict) -> float | None:
    """Seconds that a running job still needs: as it says, else from its average speed; None if not known yet."""
    if status.get("left"):
        return status["left"]
    step, total, seconds = (status.get(k) or 0 for k in ("step", "total", "seconds"))
    return seconds / step * (total - step) if step and seconds else None


def state_badge(status: dict) -> None:
    """A job's state as a coloured word."""
    colour, word = BADGES[status["state"]]
    st.badge(word, color=colour)


def job_buttons(run: Run, status: dict, keys: str) -> None:
    """Cancel, or Resume, where the state allows it; `keys` as for `job_progress`."""
    key = keys.format(action="cancel", run=run.name)
    if status["state"] in ALIVE and st.button("Cancel", key=key, icon=":material/stop_circle:"):
        show_errors(run.cancel)
        st.toast("Stopping at a checkpoint …")
    key, icon = keys.format(action="resume", run=run.name), ":material/play_arrow:"
    pressed = status["state"] in RESUMABLE and st.button("Resume", key=key, icon=icon, type="primary")
    if pressed and show_errors(jobs.submit, run, store()):
        st.rerun(scope="app")


def job_bar(status: dict, words: str) -> None:
    """The progress of a job at work, with the time left; or why it stands still."""
    if status["state"] in ALIVE:
        left = time_left(status) if status["state"] == "running" else None
        st.progress(share_done(status), text=words if left is None else f"{words} · {duration(left)} to go")
    elif status.get("error"):
        st.error(status["error"])


def run_status(run: Run, status: dict, actions: Callable[[Run, dict], None]) -> None:
    """One training in full: badge, title, `actions`, progress, speed, best epoch; and why it stands still."""
    state = status["state"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_badge(status)
        st.markdown(f"**{run_title(run)}**", width="content")
        actions(run, status)
    facts = _facts(run, status)
    if state in ALIVE:
        st.progress(share_done(status), text=" · ".join(facts))
    elif facts:
        st.caption(" · ".join(facts))
    if status.get("stopped"):
        st.info(f"Stopped early: {status['stopped']}")
    if status.get("best_epoch"):
        share = (status.get("monitor_seconds") or 0) / (status.get("seconds") or 1)
        name = status["watched"].upper().replace("_", "-")
        st.caption(
            f"Best epoch by {name}: {status['best_epoch']} ({status['best']:.3g}, 2,000 samples); it is used wherever "
            f"the run is sampled. Watching took {share:.1%} of the time."
        )
    if status.get("collapsed"):
        st.warning("The samples of a digit hardly differ: class means instead of digits? Early on that is usual.")
    if status.get("note"):
        st.caption(status["note"])
    if state == "died":
        st.warning(
            "Its process has ended without a word (killed, or the machine restarted). *Resume* goes on exactly there."
        )
    elif status.get("error"):
        st.error(status["error"])


def _facts(run: Run, status: dict) -> list[str]:
    """Epoch, step, speed and time of a training, in words."""
    state, total = status["state"], status.get("total") or 0
    facts = []
    if total:
        epoch = min(status.get("epoch", 0) + (state == "running"), status["epochs"])
        facts += [f"epoch {epoch} of {status['epochs']}", f"step {status.get('step') or 0:,} of {total:,}"]
    if status.get("speed") and state == "running":
        facts.append(f"{status['speed']:,.0f} images/s")
    if state == "running":
        left = time_left(status)
        facts.append("starting …" if left is None else f"{duration(left)} to go")
    elif status.get("seconds"):
        facts.append(f"{duration(status['seconds'])} at work")
    if state == "queued":
        waiting = [r.name for r in jobs.queue(store())]
        ahead = waiting.index(run.name) if run.name in waiting else 0
        facts.append("next in the queue" if not ahead else f"{ahead} ahead in the queue")
    return facts
