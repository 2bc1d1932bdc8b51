"""The page FID and LFID: which runs, by which network and in which view, and what is not scored yet."""

from typing import get_args

import pandas as pd
import streamlit as st

from ocrgen.generators.scoring import ScoreConfig
from ocrgen.metrics.extractors import at_hand
from ocrgen.metrics.extractors.base import TAPS
from ocrgen.runs.run import Run
from ocrgen.runs.store import display_order_key
from ocrgen.ui.fid.epoch import one_epoch
from ocrgen.ui.fid.offer import missing_network, newest_unscored, offer
from ocrgen.ui.fid.scored import DISTANCES, Scored, is_scored, scores_of
from ocrgen.ui.fid.views import agreement, cost, distances, misses
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.selection import alike, by_model, nothing_yet
from ocrgen.ui.shared.widgets import choose_runs, noun_of, run_title

assert tuple(DISTANCES) == TAPS
VIEWS = ["Distances", "What FID misses", "One epoch", "Cost", "Agreement with OCR"]
OF_AN_EPOCH = VIEWS[:3]


def explain() -> None:
    """Both distances in plain words, with the formula."""
    with st.popover("What are FID and LFID?", icon=":material/help:"):
        st.markdown(
            "A trained network turns each image into a list of numbers. A Gaussian is fitted to the lists of "
            "real images and another one to those of generated images; the distance is how far the two Gaussians are "
            "apart, in place and in shape:"
        )
        st.latex(r"\|\mu_1-\mu_2\|^2+\mathrm{tr}\left(S_1+S_2-2(S_1S_2)^{1/2}\right)")
        st.markdown(
            "**FID** reads the network at its end (2,048 numbers); **LFID** after an earlier block (64, 192 or 768): "
            "quicker, and blind to more. Samples that are all alike can score well on LFID-64, so it never stands here "
            "without coverage and spread. The dashed line is *real against real*: what real images that the reference "
            "has not seen would score. Values compare only for the same network and the same number of images."
        )


def choose(known: dict[str, Run], extractor: str) -> list[Run]:
    """Choose runs; at first scored ones, one of each generator, all on the same data."""
    if (ready := st.session_state.pop("fid_just_scored", None)) in known:
        chosen = [name for name in st.session_state.get("fid_runs", []) if name in known and name != ready]
        shown = [name for name in chosen if is_scored(known[name], extractor)]
        st.session_state["fid_runs"] = [ready, *shown][:6]
    models = by_model(known.values())
    scored = {model: some for model, runs in models.items() if (some := [r for r in runs if is_scored(r, extractor)])}
    usual = list(alike(scored or models, None).values())
    first = max(usual, key=display_order_key)
    same = [run.name for run in usual if run.request.dataset == first.request.dataset]
    return choose_runs(known, "fid_runs", same)


def show() -> None:
    """The chosen runs in the chosen view, and a way to compute the scores that are missing."""
    known = {r.name: r for r in store().list("train") if r.epochs()}
    if not known:
        explain()
        nothing_yet("fid")
        return
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view = one_of(
            st.segmented_control, "View", VIEWS, name="view", key="fid_view", required=True, width="content", wrap=True
        )
        field = ScoreConfig.model_fields["extractor"]
        titles = {name: name if at_hand(name) else f"{name}: needs weights" for name in get_args(field.annotation)}
        extractor = one_of(
            st.selectbox, "Network", list(titles), name="network", key="fid_extractor", default=field.default,
            format_func=titles.__getitem__, width=210,
            help="Whose features are compared: digitnet is small, knows handwriting and is shipped; inception is the "
            "paper's, and needs its weights.",
        )  # fmt: skip
        more = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content")
        explain()
    with place:
        runs = choose(known, extractor)
    scored = Scored({run: rows for run in runs if (rows := scores_of(run, extractor))}, extractor)
    if view in OF_AN_EPOCH or not scored.rows:
        offers(known, runs, extractor)
    if not scored.rows:
        missing_network(extractor, runs[0] if runs else None)
        return
    with more:
        epoch = choose_epoch(scored.epochs) if view in OF_AN_EPOCH else scored.epochs[-1]
        log = view == "Distances" and st.toggle("Log scale", True, key="fid_log", persist_state="session")
    if view in OF_AN_EPOCH:
        warnings(scored)
    if view == "Distances":
        distances(scored, epoch, log)
    elif view == "What FID misses":
        misses(scored, epoch)
    elif view == "One epoch":
        one_epoch(scored, epoch)
    elif view == "Cost":
        cost(scored)
    else:
        agreement({r.request.dataset for r in scored.trusted or scored.rows})
    table = pd.concat([pd.DataFrame(rows) for rows in scored.rows.values()])
    st.download_button(
        "CSV", lambda: table.to_csv(index=False), "scores.csv", "text/csv", key="fid_csv", on_click="ignore",
        icon=":material/download:", help="All scores of these runs, of every epoch.",
    )  # fmt: skip


def offers(known: dict[str, Run], runs: list[Run], extractor: str) -> None:
    """What is not scored of the chosen runs, and the user's newest training, which is what one comes for."""
    if not at_hand(extractor):
        return
    newest = newest_unscored(known, extractor)
    for run in {run.name: run for run in (newest, *runs) if run}.values():
        offer(run, extractor)


def choose_epoch(epochs: list[int]) -> int:
    """The epoch that all charts mark, and whose samples are shown; the last one at first."""
    if len(epochs) < 2:
        return epochs[0]
    return one_of(
        st.select_slider, "Epoch", epochs, name="epoch", key="fid_epoch", default=epochs[-1], width=220,
        help="Marked in every chart. A click on a point of a chart chooses its epoch, too.",
    )  # fmt: skip


def warnings(scored: Scored) -> None:
    """What speaks against the scores: samples that are all alike, and images that the network does not know."""
    for run, rows in scored.rows.items():
        if bad := [r["epoch"] for r in rows if r.get("collapsed")]:
            alarm, kind = st.error if rows[-1]["epoch"] in bad else st.warning, noun_of(run)
            several = "epochs" if len(bad) > 1 else "epoch"
            alarm(
                f"Possible mode collapse in {run_title(run)}, after {several} {', '.join(map(str, bad))}: the samples "
                f"of a {kind} hardly differ from each other (spread under half of real {kind}s'). LFID alone misses "
                "this."
            )
        if words := scored.distrusted(run):
            st.warning(f"{run_title(run)}: {words}")
