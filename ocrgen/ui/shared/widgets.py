"""Widgets that pages share: forms drawn from settings, runs in words, pictures with alternative text."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import Characters
from ocrgen.datasets.alphabet import noun
from ocrgen.runs.run import Run
from ocrgen.runs.store import shipped_folder
from ocrgen.ui.shared.address import give, take
from ocrgen.utils.errors import UserError

BadgeColour = Literal["red", "orange", "blue", "green", "gray"]
BADGES: dict[str, tuple[BadgeColour, str]] = {
    "queued": ("gray", "Queued"),
    "running": ("blue", "Running"),
    "done": ("green", "Done"),
    "failed": ("red", "Failed"),
    "cancelled": ("orange", "Cancelled"),
    "died": ("red", "Died"),
    "damaged": ("red", "Damaged"),
}


def link(page: str, label: str, **options) -> None:
    """A link to another page."""
    st.page_link(f"pages/{page}.py", label=label, **options)


def model_title(name: str) -> str:
    """A generator's name for people; the bare name of one that this version does not know."""
    from ocrgen.generators import generators

    return generators()[name].title if name in generators() else name


def run_title(run: Run) -> str:
    """A run in a few words: number, model, data, preset, label."""
    try:
        request, settings = run.request, run.request.settings
    except UserError:
        return f"{run.name} (damaged)"
    data = "typed characters" if settings.get("characters") else datasets.title(request.dataset)
    label = f" “{request.label}”" if request.label else ""
    if request.verb == "study":
        seeds = "until decided" if settings.get("until_decided") else f"{settings.get('seeds')} seeds"
        return f"#{run.number} Study · {data} · {settings.get('protocol')} · {seeds}{label}"
    if request.verb == "benchmark":
        return f"#{run.number} {'Quick' if settings.get('quick') else 'Full'} benchmark · {settings.get('what')}{label}"
    if request.verb == "score":
        name = request.scored_run
        scored = Run(run.path.parent / name)
        return f"Scoring {_short_title(scored if scored.path.is_dir() else Run(shipped_folder(name)))}"
    model = model_title(request.model) if request.model else request.verb
    return f"#{run.number} {model} · {data} · {settings.get('preset', '')}{label}"


def _short_title(run: Run) -> str:
    """A training in a few words: number, model, data."""
    try:
        return f"#{run.number} {model_title(run.request.model)} · {datasets.title(run.request.dataset)}"
    except UserError:
        return run.name


def classes_if_known(run: Run) -> tuple[str, ...] | None:
    """The class texts of what a run is about; None where they are damaged."""
    try:
        return datasets.classes_of_run(run)
    except UserError:
        return None


def noun_of(run: Run) -> str:
    """What a run's classes are called: "digit", "letter" or "character", also where its class texts are damaged."""
    classes = classes_if_known(run)
    return noun(classes) if classes else "character"


def choose_one(label: str, known: dict[str, Run], key: str, default: str) -> Run:
    """Choose one run; the choice stands in the URL (`?run=NAME`), so that it can be shared and reloaded."""

    def read(names: list[str]) -> str | None:
        if names[0] in known:
            return names[0]
        st.warning(f"The link names a run that is not here: {names[0][:200]}. It may have been deleted.")
        return None

    chosen = f"{key}_run"
    take("run", chosen, read)
    if st.session_state.get(chosen) not in known:
        st.session_state[chosen] = default
    name = st.selectbox(
        label, list(known)[::-1], format_func=lambda n: run_title(known[n]), key=chosen, persist_state="session"
    )
    give("run", [name])
    return known[name]


def places(columns: int) -> Iterator[AbstractContextManager]:
    """Places in rows of so many, without end: where the screen is narrow they follow each other in the same order."""
    while True:
        yield from st.columns(columns)


def linked_runs(names: list[str], known: dict[str, Run], limit: int) -> list[str] | None:
    """Those runs of a link that are here, with a word on those that are not; None if it names none that is here."""
    if gone := [n for n in names if n not in known]:
        st.warning(f"The link names a run that is not here: {', '.join(gone)[:200]}. It may have been deleted.")
    return [n for n in names if n in known][:limit] or None


def choose_runs(known: dict[str, Run], key: str, first: list[str] | None = None, limit: int = 6) -> list[Run]:
    """Choose among runs, at `first` those, else the last.

    The choice stands in the URL (`?run=NAME&run=NAME`), to share and reload.
    """

    take("run", key, lambda names: linked_runs(names, known, limit))
    chosen = [n for n in st.session_state.get(key, []) if n in known]
    st.session_state[key] = chosen or first or [*known][-1:]
    chosen = st.multiselect(
        "Runs", list(known)[::-1], format_func=lambda n: run_title(known[n]), key=key, max_selections=limit,
        placeholder="Choose runs to compare", persist_state="session",
    )  # fmt: skip
    give("run", chosen)
    return [known[n] for n in chosen]


def show_errors(action, *args) -> bool:
    """Do what a button asks; a fault that the user can mend is shown, not raised. Returns whether it went well."""
    try:
        action(*args)
        return True
    except UserError as problem:
        st.error(str(problem))
        return False


def sample_buttons(drawn: Callable[[], tuple[Characters, dict]], stem: str, page: str, of: str = "") -> None:
    """Labelled images as ZIP and as NPZ; `drawn` gives them and their provenance once a button is pressed."""
    from ocrgen.generators.sampling import to_npz, to_zip

    for label, pack, mime, about in (
        ("ZIP", to_zip, "application/zip", "one folder per class, named after it, with PNG files"),
        ("NPZ", to_npz, "application/octet-stream", "arrays images, labels, classes; provenance"),
    ):
        st.download_button(
            label, lambda pack=pack: pack(*drawn()), f"{stem}.{label.lower()}", mime, help=about, on_click="ignore",
            key="_".join(filter(None, (page, label, of))),
        )  # fmt: skip


def picture(images: np.ndarray, columns: int, alt: str, zoom: int = 3, gap: int = 2) -> None:
    """Show images uint8 (N, 28, 28) as one sheet of `columns`, as wide as its place."""
    st.image(sheet(images, columns, zoom, gap), width="stretch", output_format="PNG", alt=alt)


@st.cache_data(max_entries=128, show_spinner=False)
def sheet(images: np.ndarray, columns: int, zoom: int = 3, gap: int = 2) -> bytes:
    """Images uint8 (N, h, w) as one sheet of `columns`, `gap` pixels of grey apart and enlarged by `zoom`: PNG."""
    from ocrgen.imaging.render import tile, to_png

    return to_png(tile(images, columns, gap=gap, paper=48), zoom)
