"""Train: configure a generator, start it, watch it learn, stop it, go on."""

import streamlit as st

from ocrgen.ui.shared import journey
from ocrgen.ui.shared.frame import page_title
from ocrgen.ui.train import form as training
from ocrgen.ui.train import own_data, watch

page_title(
    "Train a generator", "It learns from real handwriting, in a process of its own: close this tab and it goes on."
)
guide = st.container()
left, right = st.columns([1, 2.4], gap="large")
with left:
    training.new_run()
with guide:  # filled once the form knows which data are chosen
    journey.show("Train")
own_data.panel()
with right:
    watch.runs()
