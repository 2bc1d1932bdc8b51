"""The robustness view of a study: accuracy by strength, and what a corruption of that strength looks like."""

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import noun, shown
from ocrgen.imaging.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from ocrgen.plots import views
from ocrgen.plots.section import arm_names, main_arms
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.ui.ocr.controls import cached_section, choose_arms, choose_size, legend
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import load_data_set
from ocrgen.ui.shared.widgets import picture, places
from ocrgen.utils.errors import UserError


def robustness(results: Results, run: Run) -> None:
    """Accuracy against the strength of each corruption and of the attack, with pictures of each strength."""
    left, middle, right = st.columns([2, 1, 3])
    with left:
        n = choose_size(results)
        kind = noun(results.classes)
    with middle:
        classes = list(range(len(results.classes)))
        index = one_of(
            st.selectbox, f"Pictured {kind}", classes, name="class", key="ocr_class",
            format_func=lambda c: shown(results.classes[c]),
        )  # fmt: skip
    with right:
        chosen = choose_arms(arm_names(results, n), main_arms(results, n))
    section = cached_section(views.robustness, results, n=n, names=tuple(chosen)) if chosen else None
    if section is None:
        return
    st.html(legend(section))
    try:
        strips = _strips(results.config.dataset, str(datasets.data_root()), results.classes, index)
    except UserError as fault:
        strips = {}
        st.caption(f"The test images are not at hand, so no corruption is pictured. {fault}")
    names = [*CORRUPTIONS, "attack"]
    for name, view, place in zip(names, section.views, places(section.columns), strict=False):
        with place:
            st.plotly_chart(view.figure, key=f"ocr_robust_{name}", alt=view.alt)
            if name in strips:
                title, text = CORRUPTIONS[name].title, shown(results.classes[index])
                picture(
                    strips[name], len(strips[name]), f"{title} of a test image of {text}: none, and strengths 1 to 5"
                )
    told = "Pictures: one test image at strengths 1 to 5, from left to right. " if strips else ""
    st.caption(told + section.caption)


@st.cache_data(max_entries=64, show_spinner=False)
def _strips(dataset: str, root: str, classes: tuple[str, ...], index: int) -> dict[str, np.ndarray]:
    """A test image of class `index` at each strength, uint8 (5, 28, 28), by the name of the corruption.

    UserError if the data set is not there, or has no test image of the class.
    """
    import torch

    test = load_data_set(dataset, root).test.relabelled(classes)
    found = np.flatnonzero(test.labels == index)
    if not len(found):
        raise UserError(f"There is no test image of {classes[index]}.")
    image = torch.from_numpy(test.images[found[:1]]).unsqueeze(1).float() / 255
    strips = {}
    for name in CORRUPTIONS:
        changed = torch.cat([corrupt(image, name, k) for k in STRENGTHS])
        strips[name] = (changed[:, 0] * 255).round().to(torch.uint8).numpy()
    return strips
