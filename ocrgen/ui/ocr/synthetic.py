"""The choice of synthetic images of one's own in the form of a new study, checked before the study starts."""

from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import Characters
from ocrgen.datasets.own import open_data
from ocrgen.ui.shared import uploads
from ocrgen.utils.errors import UserError

NONE, PATH = "", "path"


def choose_synthetic(dataset: str, classes: tuple[str, ...]) -> tuple[str, bool]:
    """The path of one's own synthetic images, "" for none, and whether they can be used; a message says why not.

    dataset, classes: of the study. What was brought on the page Train can be chosen, and any path on this machine.
    """
    titles = {path: datasets.title(path) for path in uploads.found() if path != dataset}
    labels = {NONE: "none", **titles, PATH: "at a path …"}
    chosen = st.selectbox(
        "Your own synthetic images", list(labels), format_func=labels.__getitem__, key="ocr_form_synthetic",
        help="labelled images that your program made, to compare with the generators; bring them on the page Train, "
        "or name a file or folder on the machine that the lab runs on",
    )  # fmt: skip
    if chosen == NONE:
        return "", True
    text = chosen
    if chosen == PATH:
        text = st.text_input("Path", key="ocr_form_path", placeholder="~/synthetic.zip").strip().strip("\"'")
    if not text:
        st.caption("A zip, folder, array file or table, as for data of your own.")
        return "", False
    path = datasets.existing_path(text)
    if path is None:
        st.error(f"{text[:200]}: there is no such file or folder on the machine that the lab runs on.")
        return "", False
    try:
        images = _checked(str(path), path.stat().st_mtime_ns, classes)
    except UserError as fault:
        st.error(str(fault))
        return "", False
    st.caption(f"{len(images):,} images of {len(set(images.labels.tolist()))} of {len(classes)} classes.")
    return str(path.absolute()), True


@st.cache_resource(max_entries=2, show_spinner="Reading the images …")
def _checked(path: str, changed: int, classes: tuple[str, ...]) -> Characters:
    """Images at a path as the study will read them. UserError if it could not, or has no such classes."""
    return open_data(Path(path), least=1).whole.relabelled(classes)
