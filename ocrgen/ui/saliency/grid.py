"""The paper's grid: the same ten test digits, as the readers of each generator epoch saw them."""

import re
from pathlib import Path

import numpy as np
import streamlit as st

from ocrgen.datasets import classes_of_run, data_root
from ocrgen.datasets.alphabet import AlphabetError, are_digits
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import overlay
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.saliency import explain
from ocrgen.runs.run import Run
from ocrgen.ui.saliency.input import samples
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import heading
from ocrgen.ui.shared.widgets import model_title, run_title
from ocrgen.utils.errors import UserError


def kept(run: Run) -> dict[str, dict[int, Path]]:
    """Reader files that a study kept, by generator and epoch, of its first seed."""
    readers: dict[str, dict[int, Path]] = {}
    for file in sorted((run.path / "readers").glob("epoch-*-s0-e*.safetensors")):
        if match := re.fullmatch(r"epoch-(.+)-n0-s0-e(\d+)", file.stem):
            readers.setdefault(match[1], {})[int(match[2])] = file
    return readers


@st.cache_data(max_entries=16, show_spinner="Explaining every epoch …")
def sheet(
    files: tuple[tuple[int, str], ...], dataset: str, classes: tuple[str, ...], opacity: float
) -> tuple[np.ndarray, list[str]]:
    """Overlays of ten digits (columns) by epoch (rows), uint8 (H, W, 3); and what was empty or damaged, in words."""
    images = np.stack([found[0] for found in samples(dataset, classes, str(data_root()))[0]])
    rows, notes = [], []
    for epoch, file in files:
        try:
            maps = explain(load_reader(Path(file))[0], images)
        except UserError as fault:
            notes.append(str(fault))
            continue
        rows.append(np.concatenate([overlay(i, m, opacity, 3) for i, m in zip(images, maps, strict=True)], 1))
        if empty := [str(c) for c, m in enumerate(maps) if m.empty]:
            notes.append(f"Epoch {epoch}: empty maps for {', '.join(empty)}, drawn without colours.")
    return (np.concatenate(rows) if rows else np.zeros((0, 0, 3), np.uint8)), notes


def _of_digits(run: Run) -> bool:
    try:
        return are_digits(classes_of_run(run))
    except AlphabetError:
        return False


def show(opacity: float) -> None:
    """The grid of the newest study that has kept its epochs' readers; a word on what is needed where none has."""
    studies = {r.name: r for r in store().list("study") if kept(r) and _of_digits(r)}
    if not studies:
        st.caption("A study of the paper's protocol keeps its first seed's readers of every epoch: none is here yet.")
        return
    name = st.selectbox("Study", list(studies)[::-1], format_func=lambda n: run_title(studies[n]), key="saliency_study")
    run = studies[name]
    readers = kept(run)
    for column, (generator, files) in zip(st.columns(len(readers)), readers.items(), strict=True):
        with column:
            heading(f"Readers of {model_title(generator)} digits", charts.hue(generator))
            by_epoch = tuple((e, str(f)) for e, f in files.items())
            grid, notes = sheet(by_epoch, run.request.dataset, classes_of_run(run), opacity)
            if grid.size:
                st.image(grid, width="stretch", alt=f"Grad-CAM of ten test digits by epoch of the {generator}")
            st.caption(f"Test digits 0 to 9 across; the generator's epochs {min(files)} to {max(files)} down.")
            for note in notes:
                st.caption(note)
