"""Which generators are on show: one run of each kind, on the same data where they can be, after an epoch of choice."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import streamlit as st

from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.runs.store import display_order_key
from ocrgen.ui.shared.address import give, take
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import heading
from ocrgen.ui.shared.quickstart import QUICK, start_both
from ocrgen.ui.shared.widgets import model_title, run_title, show_errors

SLIDER = 68  # pixels that a slider is high: what stands below the choices begins at one height


@dataclass(frozen=True)
class Choice:
    """One generator on show: a run, and the epoch whose weights draw."""

    run: Run
    epoch: int

    @property
    def model(self) -> str:
        """The name of its model, for people."""
        return model_title(self.run.request.model)

    @property
    def title(self) -> str:
        """Its model and epoch, as far as it has been trained."""
        return self.model if self.run.request.untrained else f"{self.model}, epoch {self.epoch}"

    @property
    def dataset(self) -> str:
        """The data set that it learned from."""
        return self.run.request.dataset


def by_model(known: Iterable[Run] | None = None) -> dict[str, list[Run]]:
    """Runs that can draw, by the name of their generator; of each, those that are shown first before others.

    known: the runs that have epochs, in the order of the store, where they are listed already.
    """
    from ocrgen.generators import generators

    runs: dict[str, list[Run]] = {}
    found = [run for run in store().list("train") if run.epochs()] if known is None else list(known)
    for run in reversed(found):
        runs.setdefault(run.request.model, []).append(run)
    order = [*generators(), *runs]
    return dict(sorted(runs.items(), key=lambda kv: order.index(kv[0])))


def alike(models: dict[str, list[Run]], linked: str | None) -> dict[str, Run]:
    """One run of each generator: the one in the link, else what is shown first; the others on the same data, if any."""
    runs = [r for group in models.values() for r in group]
    if not runs:
        return {}
    first = max(runs, key=lambda r: (r.name == linked, display_order_key(r)))
    data = first.request.dataset
    picked = {}
    for model, group in models.items():
        same = [r for r in group if r.request.dataset == data]
        picked[model] = first if first in group else (same or group)[0]
    return picked


def nothing_yet(page: str) -> None:
    """What to do where nothing has been trained, and one click that does it."""
    with st.container(border=True):
        st.subheader("Nothing to show yet")
        st.write(
            "Images appear here after the first epoch of a training. Both take about a minute on the bundled digits."
        )
        if st.button(QUICK, type="primary", key=f"{page}_quick") and show_errors(start_both):
            st.switch_page("pages/2_Train.py")


def follow_link(models: dict[str, list[Run]]) -> None:
    """Let the URL (`?run=NAME&run=NAME&epoch=N&epoch=N`) decide on the widgets of `choose` where it says something new.

    Of a kind of generator that it does not name, a run on the same data as the first that it names is shown. Epochs
    follow the order of the runs.
    """
    known = {r.name: r for group in models.values() for r in group}

    def of(name: str) -> list[str] | None:
        """What the URL newly says; empty where somebody has gone back to an address without it, None for nothing."""
        st.session_state["gallery_link"] = None
        take(name, "gallery_link", lambda texts: texts)
        return st.session_state.pop("gallery_link", [])

    runs, epochs = of("run"), of("epoch")
    if runs is not None:
        if gone := [n for n in runs if n and n not in known]:
            st.warning(f"The link names a run that is not here: {', '.join(gone)[:200]}. It may have been deleted.")
        named = [known[n] for n in runs if n in known]
        picked = alike(models, named[0].name if named else None) | {r.request.model: r for r in named[::-1]}
        for model, run in picked.items():
            st.session_state[f"gallery_{model}"] = run.name
    if epochs is None:
        return
    for name in known:
        st.session_state.pop(f"gallery_epoch_{name}", None)
    for name, text in zip(st.query_params.get_all("run"), epochs, strict=False):
        if name in known and text in map(str, known[name].epochs()):
            st.session_state[f"gallery_epoch_{name}"] = int(text)
        elif name in known:
            st.warning(f"The link asks for epoch “{text[:80]}” of {run_title(known[name])}, which is not kept.")


def choose(models: dict[str, list[Run]], places: Sequence[AbstractContextManager]) -> list[Choice]:
    """Pick a run and an epoch for each kind of generator, each in its place; the choice stands in the URL."""
    follow_link(models)
    defaults = alike(models, None)
    known = {name: {r.name: r for r in runs} for name, runs in models.items()}
    for name, run in defaults.items():
        if st.session_state.get(f"gallery_{name}") not in known[name]:
            st.session_state[f"gallery_{name}"] = run.name
    chosen = []
    for place, (name, runs) in zip(places, known.items(), strict=True):
        with place:
            heading(model_title(name), charts.hue(name))
            picked = st.selectbox(
                "Run", list(runs), format_func=lambda n, k=runs: run_title(k[n]), key=f"gallery_{name}",
                persist_state="session",
            )  # fmt: skip
            epochs, epoch = runs[picked].epochs(), runs[picked].best_epoch()
            if len(epochs) > 1:
                key = f"gallery_epoch_{picked}"
                if st.session_state.get(key) not in epochs:
                    st.session_state[key] = epoch
                epoch = st.select_slider("Epoch", epochs, key=key, persist_state="session")
            elif any(len(group[st.session_state[f"gallery_{name}"]].epochs()) > 1 for name, group in known.items()):
                st.space(SLIDER)
            chosen.append(Choice(runs[picked], epoch))
    give("run", [c.run.name for c in chosen])
    give("epoch", [str(c.epoch) for c in chosen])
    return chosen
