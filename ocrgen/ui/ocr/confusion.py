"""The confusion view of a study: two training mixes side by side, and the images behind a cell that is clicked."""

import numpy as np
import streamlit as st

from ocrgen.datasets import load_digits
from ocrgen.plots.views import confusion_of
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.plan import Arm
from ocrgen.ui.ocr.views import choose_size, made_view
from ocrgen.ui.shared.widgets import picture
from ocrgen.utils.errors import UserError

MISREAD_SHOWN = 30


def confusion(results: Results, run: Run) -> None:
    """Two training mixes' misread digits side by side; a click on a cell shows the images."""
    n = choose_size(results, "confusion")
    keys = [k for k in results.confusions if int(k.split("|")[1]) in (n, 0)]
    title = {k: Arm.parse(k.split("|")[0]).title for k in keys}
    default = [f"real+aug|{n}", *(k for k in keys if k.endswith("filtered|" + str(n)) and k.startswith("real+aug"))]
    for column, i in zip(st.columns(2), range(2), strict=True):
        with column:
            start = keys.index(default[i]) if len(default) > i and default[i] in keys else 0
            key = st.selectbox("Training mix", keys, start, format_func=title.__getitem__, key=f"ocr_confusion_{i}")
            view = made_view(confusion_of, results, key=key)
            picked = st.plotly_chart(
                view.figure, key=f"ocr_confusion_chart_{i}", on_select="rerun", selection_mode="points", alt=view.alt
            )
            points = picked.get("selection", {}).get("points", []) if picked else []
            if points:
                misread(results, run, key, int(points[0]["y"]), int(points[0]["x"]))
            else:
                st.caption("Click a cell to see the images of the first seed that it counts.")


def misread(results: Results, run: Run, key: str, truth: int, read: int) -> None:
    """The test images of one cell of a confusion matrix, as the first seed's reader misread them."""
    try:
        images, labels = test_images(run, results.config.dataset)
    except UserError as fault:
        st.info(f"The images themselves are not at hand. {fault}")
        return
    index, seen = results.misread.get(key, ([], []))
    chosen = [i for i, r in zip(index, seen, strict=True) if r == read and labels.get(i) == truth][:MISREAD_SHOWN]
    if not chosen:
        st.caption(f"The first seed's reader read no {truth} as {read}.")
        return
    sheet = np.stack([images[i] for i in chosen] + [np.zeros((28, 28), np.uint8)] * (-len(chosen) % 10))
    picture(sheet, 10, f"{len(chosen)} test images of a {truth} that were read as {read}")
    st.caption(f"{truth} read as {read}: {len(chosen)} of the first seed")


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(path: str) -> tuple[dict, dict]:
    with np.load(path, allow_pickle=False) as kept:
        index = kept["index"].tolist()
        return dict(zip(index, kept["images"], strict=True)), dict(zip(index, kept["labels"].tolist(), strict=True))


def test_images(run: Run, dataset: str) -> tuple[dict, dict]:
    """Misread test images and their labels by index: those the study kept, else the data's. UserError if neither."""
    file = run.path / "misread.npz"
    if file.exists():
        try:
            return _kept(str(file))
        except (OSError, ValueError, KeyError) as fault:
            raise UserError(f"{run.name}: misread.npz is damaged ({type(fault).__name__}).") from fault
    test = load_digits(dataset).test
    return dict(enumerate(test.images)), dict(enumerate(test.labels.tolist()))
