"""How a chosen run stands, in one line, with what can be done with it; the rest on request."""

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.records import ALIVE, RunStatus
from ocrgen.runs.run import Run
from ocrgen.runs.tags import MAX_LENGTH, MAX_TAGS, read_tags, write_tags
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import dot, literal
from ocrgen.ui.shared.progress import job_buttons, state_badge, time_left
from ocrgen.ui.shared.widgets import link, noun_of, run_title, show_errors
from ocrgen.utils.errors import UserError
from ocrgen.utils.progress import duration


def run_line(run: Run, status: RunStatus, colour: str | None, tags: list[str]) -> None:
    """State, title and actions; a bar while it is at work, and why it stands still. tags: those there are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if colour:
            dot(colour)
        st.markdown(f"**{literal(run_title(run))}**", width="content")
        state_badge(status)
        if status.collapsed:
            st.badge("possible mode collapse", icon=":material/warning:", color="orange")
        if run.epochs():
            link("3_Gallery", "View samples", query_params={"run": run.name}, icon=":material/grid_view:")
        if not run.shipped:
            job_buttons(run, status, "train_{action}_{run}")
        with st.popover("Details", type="tertiary"):
            _details(run, status, tags)
    if status.alive:
        st.progress(status.share, text=" · ".join(_progress(run, status)))
    if status.state == "died":
        st.warning(
            "Its process has ended without a word (killed, or the machine restarted). *Resume* goes on exactly there."
        )
    elif status.error:
        st.error(literal(status.error))


def _progress(run: Run, status: RunStatus) -> list[str]:
    """How far a run at work is, in words."""
    if status.state == "queued":
        waiting = [r.name for r in jobs.queue(store())]
        ahead = waiting.index(run.name) if run.name in waiting else 0
        return [f"{ahead} job{'s' * (ahead > 1)} before it in the queue" if ahead else "next in the queue"]
    facts = [f"epoch {min((status.epoch or 0) + 1, status.epochs)} of {status.epochs}"] if status.epochs else []
    facts += [f"step {status.step:,} of {status.total:,}"] if status.total else []
    facts += [f"{status.speed:,.0f} images/s"] if status.speed else []
    left = time_left(status)
    return [*facts, "starting …" if left is None else f"{duration(left)} left"]


def _details(run: Run, status: RunStatus, tags: list[str]) -> None:
    """Best epoch, cost of scoring, collapse, notes; tags; and the way to delete it."""
    facts = []
    if status.total:
        facts.append(f"Step {status.step:,} of {status.total:,}.")
    if status.best_epoch and status.watched and status.best is not None:
        name = status.watched.upper().replace("_", "-")
        facts.append(
            f"Best epoch by {name}: {status.best_epoch} ({status.best:.3g}, some 2,000 samples); it is used wherever "
            "the run is sampled."
        )
    spent, total = status.monitor_seconds or 0, status.seconds or 0
    if 0 < spent < total and not (status.state == "damaged" or run.request.untrained):
        facts.append(f"Scoring used {spent / total:.1%} of training time.")
    if status.collapsed:
        facts.append(
            f"Possible mode collapse: samples of the same {noun_of(run)} hardly differ from each other. Early in a "
            "training that is usual."
        )
    if status.stopped:
        facts.append(f"Stopped early: {status.stopped}")
    if status.note:
        facts.append(status.note)
    st.write(literal(" ".join(facts)))
    if status.state != "damaged":
        _tags(run, tags)
    if not run.shipped and status.state not in ALIVE:
        with st.expander("Delete", icon=":material/delete:"):
            st.write(f"Delete {literal(run_title(run))} with its weights and curves? This cannot be undone.")
            if st.button("Delete for good", key=f"train_delete_{run.name}") and show_errors(store().delete, run):
                st.rerun()


def _tags(run: Run, known: list[str]) -> None:
    """The run's tags, to add to and to take away from."""
    key, now = f"train_tags_{run.name}", list(read_tags(run, store()))
    if key not in st.session_state or st.session_state.get(f"{key}_read") != now:  # changed elsewhere
        st.session_state[key] = st.session_state[f"{key}_read"] = now

    def keep() -> None:
        try:
            write_tags(run, store(), st.session_state[key])
        except UserError as problem:
            st.toast(str(problem), icon=":material/error:")

    st.multiselect(
        "Tags", sorted({*known, *now}), key=key, accept_new_options=True, max_selections=MAX_TAGS, on_change=keep,
        placeholder="Choose or type", help=f"words of your own, at most {MAX_LENGTH} characters each",
    )  # fmt: skip
