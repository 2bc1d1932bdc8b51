"""The confusion view of a study: the matrices of two training mixes, the images behind a cell, scores by class."""

import numpy as np
import pandas as pd
import streamlit as st

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import noun, shown
from ocrgen.plots.confusion import FEW, ROW, class_scores
from ocrgen.plots.confusion_views import (
    by_class,
    confusion_change,
    confusion_columns,
    confusion_of,
    counted_in,
    misread_of,
)
from ocrgen.plots.section import View
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.arms import Arm
from ocrgen.study.headline import shown_ways
from ocrgen.ui.ocr.controls import cached_section, cached_view, choose_size, show
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.widgets import picture, places
from ocrgen.utils.errors import UserError

MISREAD_SHOWN = 30
COLUMNS = 10  # images side by side
MODES = {"counts": "Counts", "rows": "Row %", "difference": "Difference"}


def confusion(results: Results, run: Run) -> None:
    """The confusion matrices of two training mixes, or their difference; below, the scores of each class."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = choose_size(results)
        mode = one_of(
            st.segmented_control, "Show", list(MODES), name="show", key="ocr_confusion_mode",
            format_func=MODES.__getitem__, required=True,
        )  # fmt: skip
    keys = {k.split("|")[0]: k for k in results.confusions if int(k.split("|")[1]) in (n, 0)}
    if not keys:
        st.caption(f"No OCR model of {n:,} labelled images has been graded yet.")
        return
    chosen = _two_mixes(results, keys)
    if mode == "difference":
        _difference(results, run, *chosen)
    else:
        for i, (key, place) in enumerate(zip(chosen, places(confusion_columns(results)), strict=False)):
            with place:
                _matrix(results, run, key, mode == "rows", i)
    told = "Row %: of each true class. " if mode == "rows" else ""
    st.caption(f"{told}{counted_in(results, n)}. Click a cell to see the images that the first seed's model misread.")
    _scores(results, chosen)
    if section := cached_section(by_class, results, n=n):
        show(section, "classes")


def _title(key: str) -> str:
    """The title of a key's training mix, for Markdown."""
    return literal(Arm.parse(key.split("|")[0]).title)


def _two_mixes(results: Results, keys: dict[str, str]) -> tuple[str, str]:
    """The two training mixes to compare, as keys of `Results.confusions`: at first the bar and the first way on top.

    keys: by the name of the training mix.
    """
    titles = {name: (arm := Arm.parse(name)).title + ", no labelled image" * arm.alone for name in keys}
    first = [name for name in ("real+aug", *(arm.name for arm in shown_ways(results)), "real", *keys) if name in keys]
    chosen = []
    for i, column in enumerate(st.columns(2)):
        with column:
            name = one_of(
                st.selectbox, f"Training mix {i + 1}", list(keys), name=f"mix-{i + 1}", key=f"ocr_confusion_{i}",
                default=first[min(i, len(first) - 1)], format_func=titles.__getitem__,
            )  # fmt: skip
            chosen.append(keys[name])
    return chosen[0], chosen[1]


def _matrix(results: Results, run: Run, key: str, shares: bool, i: int) -> None:
    """One training mix's matrix, or a sentence where nothing was misread."""
    wrong, of = misread_of(results, key)
    if not wrong:
        st.success(f"{_title(key)}: none of {of:,} readings was wrong.", icon=":material/check:")
        return
    st.markdown(f"**{_title(key)}**: {wrong:,} of {of:,} readings were wrong ({wrong / of:.2%}).")
    if cell := _clicked(results, cached_view(confusion_of, results, key=key, shares=shares), f"{i}_{shares}"):
        misread(results, run, key, *cell)


def _difference(results: Results, run: Run, key: str, other: str) -> None:
    """The second mix's shares minus the first's."""
    (wrong, of), (wrong_2, of_2) = misread_of(results, key), misread_of(results, other)
    if key == other:
        st.info("Choose two different training mixes to see how their confusions differ.", icon=":material/info:")
        return
    if not wrong + wrong_2:
        st.success(f"Neither {_title(key)} nor {_title(other)} misread anything.", icon=":material/check:")
        return
    st.markdown(
        f"**{_title(other)}** ({wrong_2 / of_2:.2%} wrong) minus **{_title(key)}** ({wrong / of:.2%} wrong): cells "
        "with a plus (red) are confused more often by the former, those with a minus (blue) less often."
    )
    if cell := _clicked(results, cached_view(confusion_change, results, key=key, other=other), "change"):
        for k, column in zip((key, other), st.columns(2), strict=True):
            with column:
                st.markdown(f"**{_title(k)}**")
                misread(results, run, k, *cell)


def _clicked(results: Results, view: View, name: str) -> tuple[int, int] | None:
    """Draw a matrix; the true and the predicted class of the cell that was clicked. Many classes scroll sideways."""
    box = f"ocr_matrix_{name}"
    if (k := len(results.classes)) > FEW:
        wide = f".st-key-{box} > div {{ min-width: {110 + ROW * k}px; }}"
        st.html(f"<style>.st-key-{box} {{ overflow-x: auto; }} {wide}</style>")
    with st.container(key=box):
        selected = st.plotly_chart(
            view.figure, key=f"ocr_confusion_chart_{name}", on_select="rerun", selection_mode="points", alt=view.alt
        )
    points = selected.get("selection", {}).get("points", []) if selected else []
    return (int(points[0]["customdata"][0]), int(points[0]["customdata"][1])) if points else None


def _scores(results: Results, keys: tuple[str, str]) -> None:
    """Precision, recall and F1 of each class for both training mixes, from the counts of all seeds."""
    one = noun(results.classes)
    table = pd.DataFrame({one: [shown(text) for text in results.classes]})
    columns: dict = {one: st.column_config.TextColumn(one.capitalize(), pinned=True, width="small")}
    mixes = list(dict.fromkeys(keys))
    for i, key in enumerate(mixes, 1):
        scores, about = class_scores(np.asarray(results.confusions[key])), Arm.parse(key.split("|")[0]).title
        for name, label in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
            table[f"{name}{i}"] = 100 * scores[name]
            columns[f"{name}{i}"] = st.column_config.NumberColumn(f"{label} ({i})", help=about, format="%.2f%%")
        table[f"n{i}"] = scores["read"]
        columns[f"n{i}"] = st.column_config.NumberColumn(f"Readings ({i})", help=about, format="localized")
    st.markdown(f"##### Precision, recall and F1 by {one}")
    st.dataframe(
        table, hide_index=True, column_config=columns, height="content" if len(table) <= FEW else 420,
        alt=f"Precision, recall and F1 of each {one} for the two training mixes",
    )  # fmt: skip
    named = "; ".join(f"({i}) {_title(key)}" for i, key in enumerate(mixes, 1))
    st.caption(f"{named}. From the counts of all seeds together. Empty: never predicted, or never there.")


def misread(results: Results, run: Run, key: str, truth: int, read: int) -> None:
    """The test images of class `truth` that the first seed's reader read as `read`; key: "arm|n_real"."""
    try:
        images, labels = test_images(run, results)
    except UserError as fault:
        st.info(f"The images themselves are not at hand. {fault}")
        return
    indices, classes_read = results.misread.get(key, ([], []))
    chosen = [i for i, r in zip(indices, classes_read, strict=True) if r == read and labels.get(i) == truth]
    chosen, true, other = chosen[:MISREAD_SHOWN], *(shown(results.classes[c]) for c in (truth, read))
    if not chosen:
        st.caption(f"The first seed's model read no {literal(true)} as {literal(other)}.")
        return
    sheet = np.stack([images[i] for i in chosen] + [np.zeros((28, 28), np.uint8)] * (-len(chosen) % COLUMNS))
    picture(sheet, COLUMNS, f"{len(chosen)} test images of {true} that were read as {other}")
    st.caption(f"{literal(true)} read as {literal(other)}: {len(chosen)} of the first seed")


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_kept(path: str) -> tuple[dict, dict]:
    """Images and labels by index, from the `misread.npz` of a study."""
    with np.load(path, allow_pickle=False) as kept:
        index = kept["index"].tolist()
        return dict(zip(index, kept["images"], strict=True)), dict(zip(index, kept["labels"].tolist(), strict=True))


def test_images(run: Run, results: Results) -> tuple[dict, dict]:
    """Test images uint8 (28, 28) and their labels, both by index: the misread ones that the study kept, else all.

    UserError if what the study kept is damaged, or it kept none and its data set is not available any more.
    """
    file = run.path / "misread.npz"
    if file.exists():
        try:
            return _load_kept(str(file))
        except (OSError, ValueError, KeyError) as fault:
            raise UserError(f"{run.name}: misread.npz is damaged ({type(fault).__name__}).") from fault
    test = load_data(results.config.dataset).test.relabelled(results.classes)
    return dict(enumerate(test.images)), dict(enumerate(test.labels.tolist()))
