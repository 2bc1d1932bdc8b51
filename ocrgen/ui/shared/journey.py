"""The way of a user's own data through the lab, in one line: what is done, what comes next, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ocrgen.datasets import title
from ocrgen.runs.run import Run
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.widgets import link
from ocrgen.utils.errors import UserError

State = Literal["done", "running", "next", "later"]
ICONS: dict[State, str] = {
    "done": ":material/check_circle:",
    "running": ":material/progress_activity:",
    "next": ":material/arrow_circle_right:",
    "later": ":material/radio_button_unchecked:",
}
# Which data set of the user's own is on its way, and what has been seen of it: pairs of its path and a step's name.
CHOSEN, SEEN = "shared_own_data", "shared_own_seen"


@dataclass(frozen=True)
class Step:
    """A step on the way: its name, how it stands, and the page that it leads to, none while there is nothing there."""

    name: str
    state: State
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """What the line says of it."""
        return self.name if self.state == "later" else f"{self.name}: {self.state}"


def steps(dataset: str, runs: Iterable[Run], seen: Iterable[str] = ()) -> list[Step]:
    """How far a data set has come, as the runs tell.

    runs: in the order of the store, the one to show first last. seen: names of the steps that leave no trace on the
    disk, and that the user has taken: Look, Advice, Download.
    """
    of_data = [(run, run.read_status()) for run in runs]
    of_data = [(run, s) for run, s in of_data if s.state != "damaged" and run.request.dataset == dataset]
    trained = [run for run, _ in of_data if run.request.verb == "train" and run.epochs()]
    studies = [(run, s) for run, s in of_data if run.request.verb == "study"]
    studied = [run for run, s in studies if s.state == "done"]
    training = any(s.alive for run, s in of_data if run.request.verb == "train")
    studying = [run for run, s in studies if s.alive]

    data, here = ("data", uploads.ident(dataset)), set(seen)
    done = {
        "Data": True,
        "Train": bool(trained),
        "Look": bool(trained) and ("Look" in here or bool(studied or studying)),  # a study comes after it
        "Study": bool(studied),
        "Advice": "Advice" in here and bool(studied),
        "Download": "Download" in here and bool(studied),
    }
    running = {"Train": training and not trained, "Study": bool(studying) and not studied}
    study = ("run", (studied or studying)[-1].name) if studied or studying else data
    places: dict[str, tuple[str, tuple[str, str]] | None] = {
        "Data": ("2_Train", data),
        "Train": ("2_Train", data),
        "Look": ("3_Gallery", ("run", trained[-1].name)) if trained else None,
        "Study": ("4_OCR", study),
        "Advice": ("4_OCR", study) if studied else None,
        "Download": ("4_OCR", study) if studied else None,
    }
    found, waiting = [], False
    for name, is_done in done.items():
        state: State = "done" if is_done else "running" if running.get(name) else "later" if waiting else "next"
        waiting |= state in ("running", "next")
        page, query = (place[0], (place[1],)) if (place := places[name]) else ("", ())
        found.append(Step(name, state, page, query))
    return found


def choose(dataset: str) -> None:
    """Note which data set was chosen: one of the user's own is on its way from now on, no other is."""
    st.session_state[CHOSEN] = dataset if dataset in uploads.found() else None


def show(page: str) -> None:
    """Draw the line, where data of the user's own are in play: in the link, or chosen before.

    page: the title of the page that it stands on.
    """
    dataset = _in_play(linked=page != "Train")
    if dataset is None:
        return
    seen: set[tuple[str, str]] = st.session_state.setdefault(SEEN, set())
    runs = store().own()
    now = {step.name: step for step in steps(dataset, runs)}
    if page == "Gallery" and now["Train"].state == "done":
        seen.add((dataset, "Look"))
    if page == "OCR" and now["Study"].state == "done":
        seen.add((dataset, "Advice"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True, key="shared_journey"):
        st.markdown(f"**{literal(title(dataset))}**", width="content")
        for step in steps(dataset, runs, {name for data, name in seen if data == dataset}):
            icon = ICONS[step.state]
            if not step.page:
                st.badge(step.label, icon=icon, color="gray")
            elif step.page.partition("_")[2] == page:  # a link to the page that it stands on would change nothing
                query = (dict(step.query),)
                st.button(
                    step.label, icon=icon, type="tertiary", key=f"shared_journey_{step.name}",
                    on_click=st.query_params.from_dict, args=query,
                )  # fmt: skip
            else:
                link(step.page, step.label, icon=icon, query_params=dict(step.query))


def _in_play(linked: bool) -> str | None:
    """The data set of the user's own that was chosen last; with `linked`, the one that the link is about goes first."""
    own = uploads.found()
    if not own:
        return None
    if linked:
        data = uploads.identified(st.query_params.get("data", ""))
        names = st.query_params.get_all("run")
        named = next((d for d in [data, *map(_dataset_of, names)] if d in own), None)
        st.session_state[CHOSEN] = named or st.session_state.get(CHOSEN)
    chosen = st.session_state.get(CHOSEN)
    return chosen if chosen in own else None


def _dataset_of(name: str) -> str | None:
    """The data set of one of the user's own runs; None if there is no such run."""
    path = store().root / name
    try:
        return Run(path).request.dataset if name in {p.name for p in store().root.iterdir()} else None
    except (UserError, OSError):
        return None
