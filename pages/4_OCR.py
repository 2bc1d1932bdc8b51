"""OCR: what a reader learns from real, generated and mixed digits, with intervals and verdicts."""

import streamlit as st

from ocrgen.ui import study
from ocrgen.ui.frame import page_title

page_title("OCR", "Does synthetic data help a reader? What it reads of real test digits, by what it learned from.")
with st.container(horizontal=True, vertical_alignment="bottom"):
    run = study.choose()
    study.new()
if run:
    study.progress(run)
    study.show(run)
