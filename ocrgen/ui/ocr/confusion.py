"""The confusion view of a study: the matrices of two training mixes, and the images behind a clicked entry."""

import numpy as np
import streamlit as st

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import shown
from ocrgen.plots.views import by_class, confusion_columns, confusion_of, counted_in
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.arms import Arm
from ocrgen.study.headline import shown_ways
from ocrgen.ui.ocr.views import cached_section, cached_view, choose_size, show
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.widgets import picture, places
from ocrgen.utils.errors import UserError

MISREAD_SHOWN = 30
COLUMNS = 10  # images side by side


def confusion(results: Results, run: Run) -> None:
    """The confusion matrices of two training mixes; a click on an entry shows its images. Below, F1 by class."""
    n = choose_size(results, "confusion")
    keys = [k for k in results.confusions if int(k.split("|")[1]) in (n, 0)]
    if not keys:
        st.caption(f"No reader of {n:,} labelled images has been graded yet.")
        return
    arms = {k: Arm.parse(k.split("|")[0]) for k in keys}
    titles = {k: arm.title + ", no labelled image" * arm.alone for k, arm in arms.items()}
    default = [f"real+aug|{n}", *(k for arm in shown_ways(results) if (k := f"{arm.name}|{n}") in keys)]
    for place, i in zip(places(confusion_columns(results)), range(2), strict=False):
        with place:
            index = keys.index(default[i]) if len(default) > i and default[i] in keys else 0
            key = st.selectbox("Training mix", keys, index, format_func=titles.__getitem__, key=f"ocr_confusion_{i}")
            view = cached_view(confusion_of, results, key=key)
            selected = st.plotly_chart(
                view.figure, key=f"ocr_confusion_chart_{i}", on_select="rerun", selection_mode="points", alt=view.alt
            )
            points = selected.get("selection", {}).get("points", []) if selected else []
            if points:
                truth, read, *_ = points[0]["customdata"]
                misread(results, run, key, int(truth), int(read))
            else:
                st.caption(
                    f"{counted_in(results, n)}. Click a cell to see images that the first seed’s reader misread."
                )
    if section := cached_section(by_class, results, n=n):
        show(section, "classes")


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
        st.caption(f"The first seed's reader read no {literal(true)} as {literal(other)}.")
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
