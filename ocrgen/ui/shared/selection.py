"""Which generators are on show: one run of each kind, on the same data where they can be, after an epoch of choice."""

from dataclasses import dataclass

import streamlit as st

from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.runs.store import display_order_key
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import heading
from ocrgen.ui.shared.quickstart import QUICK, start_both
from ocrgen.ui.shared.widgets import model_title, run_title, show_errors


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


def by_model() -> dict[str, list[Run]]:
    """Runs that can draw, by the name of their generator; of each, those that are shown first before others."""
    from ocrgen.generators import generators

    runs: dict[str, list[Run]] = {}
    for run in reversed(store().list("train")):
        if run.epochs():
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


def choose() -> list[Choice]:
    """Pick a run and an epoch for each kind of generator; empty, with a way on, while there is nothing to show."""
    models = by_model()
    if not models:
        nothing_yet("gallery")
        return []
    linked = st.query_params.get("run")
    if linked and st.session_state.get("gallery_linked") != linked:
        st.session_state["gallery_linked"] = linked
        for name, run in alike(models, linked).items():
            st.session_state[f"gallery_{name}"] = run.name
    defaults = alike(models, None)
    chosen = []
    for column, (name, runs) in zip(st.columns(max(2, len(models))), models.items(), strict=False):
        with column:
            heading(model_title(name), charts.hue(name))
            known = {r.name: r for r in runs}
            key = f"gallery_{name}"
            if st.session_state.get(key) not in known:
                st.session_state[key] = defaults[name].name
            picked = st.selectbox(
                "Run", list(known), format_func=lambda n, k=known: run_title(k[n]), key=key, persist_state="session"
            )
            epochs = known[picked].epochs()
            epoch = known[picked].best_epoch()
            if len(epochs) > 1:
                epoch = st.select_slider("Epoch", epochs, known[picked].best_epoch(), key=f"gallery_epoch_{picked}")
            chosen.append(Choice(known[picked], epoch))
    return chosen
