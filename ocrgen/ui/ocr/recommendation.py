"""What a study recommends, and its best OCR model and generated images as downloads."""

from contextlib import suppress
from html import escape

import streamlit as st

from ocrgen.datasets.alphabet import noun
from ocrgen.report.environment import ink
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.advice import Advice, advise
from ocrgen.study.export import StudyExport, find_export
from ocrgen.study.formatting import per_class
from ocrgen.ui.shared.widgets import model_title, sample_buttons
from ocrgen.utils.errors import UserError


def show_advice(results: Results) -> None:
    """The recommendations of a study, a line for each number of labelled images."""
    if recommendations := advise(results):
        st.markdown("##### What to do")
        st.html("".join(_line(a, results.classes) for a in recommendations))
        st.caption(
            "Of several better ways, the one with the largest lower bound; intervals are corrected for the number "
            "of ways that were declared beforehand."
        )


def show_advice_at(results: Results, n: int) -> None:
    """The recommendation at n labelled images in one line; nothing where there is none."""
    if found := next((a for a in advise(results) if a.n == n), None):
        st.html(_line(found, results.classes))


def _line(a: Advice, classes: tuple[str, ...]) -> str:
    """A recommendation as HTML: a line that wraps on narrow screens."""
    colour = ink(a.decision.word, a.decision.less)
    return (
        f'<div class="part"><span style="flex:0 0 9rem">{a.n:,} labelled images</span>'
        f'<span style="flex:0 0 7rem">{per_class(a.n, classes)}</span>'
        f'<b style="flex:0 0 7rem;color:{colour}">{a.headline}</b>'
        f'<span style="flex:1 1 22rem">{escape(a.words)}</span></div>'
    )


def downloads(run: Run, results: Results) -> None:
    """Downloads of the recommended OCR model and of generated images; nothing if the study keeps no networks."""
    exports = {}
    for advice in advise(results):
        with suppress(UserError):
            exports[advice.n] = find_export(run, results, advice.n)
    if not exports:
        return
    with st.expander(f"Download the best OCR model and synthetic {noun(results.classes)}s", icon=":material/download:"):
        n = max(exports)
        if len(exports) > 1:
            n = st.segmented_control(
                "Labelled images", list(exports), default=n, key="ocr_take_n", required=True, format_func="{:,}".format
            )
        _buttons(run, exports[n], results.classes)


def _buttons(run: Run, export: StudyExport, classes: tuple[str, ...]) -> None:
    """The buttons that download an OCR model and generated images."""
    from ocrgen.generators.base import MAX_SAMPLES
    from ocrgen.readers.export import to_onnx

    kind, k = noun(classes), len(classes)
    a, stem = export.advice, f"{run.name}-n{export.advice.n}"
    training = f"{a.best.title}, {a.n:,} labelled images, seed 0"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**OCR model** of {training}")
        st.download_button(
            "ONNX", lambda: to_onnx(export.reader), f"{stem}-reader.onnx", "application/octet-stream",
            key="ocr_take_onnx", on_click="ignore", help=f"images uint8 (n, 1, 28, 28) in, probabilities (n, {k}) out",
        )  # fmt: skip
        st.download_button(
            "safetensors", export.reader.read_bytes, f"{stem}-reader.safetensors", "application/octet-stream",
            key="ocr_take_safetensors", on_click="ignore", help="weights in half precision, with their provenance",
        )  # fmt: skip
    if not export.draws:
        st.caption(f"{a.way.title} has no generator: there is nothing to draw more {kind}s from.")
        return
    count = st.number_input(
        f"Images of each {kind}", 1, MAX_SAMPLES // k, min(1000, MAX_SAMPLES // k), key="ocr_take_count", width=220
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Synthetic {kind}s** of {model_title(a.way.generator)}, {k * count:,} images")
        sample_buttons(lambda: export.samples(count), f"{stem}-{kind}s", "ocr_take")
