"""Ten test images side by side: as each chosen OCR model sees them, and, as in the paper, as those of each epoch."""

import re
from pathlib import Path

import numpy as np
import streamlit as st

from ocrgen.datasets import classes_of_run, data_root, sources
from ocrgen.datasets.alphabet import AlphabetError, shown
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import overlay
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.saliency import explain
from ocrgen.runs.run import Run
from ocrgen.ui.saliency.input import Script, samples
from ocrgen.ui.saliency.readers import ReaderChoice
from ocrgen.ui.shared.address import give, one_of, take
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import heading, literal
from ocrgen.ui.shared.widgets import model_title, run_title
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM

COLUMNS, ON = 10, "on"


def kept(run: Run) -> dict[str, dict[int, Path]]:
    """OCR models that a study kept, by generator and epoch, of its first seed."""
    readers: dict[str, dict[int, Path]] = {}
    for file in sorted((run.path / "readers").glob("epoch-*-s0-e*.safetensors")):
        if match := re.fullmatch(r"epoch-(.+)-n0-s0-e(\d+)", file.stem):
            readers.setdefault(match[1], {})[int(match[2])] = file
    return readers


@st.cache_data(max_entries=32, show_spinner="Explaining …")
def sheet(
    files: tuple[tuple[str, str, int], ...], dataset: str, classes: tuple[str, ...], opacity: float, root: str
) -> tuple[np.ndarray, list[str], list[str]]:
    """A row of overlays for each of `files` (name, path, time of change), of one test image of up to ten classes.

    Returns the sheet uint8 (H, W, 3), the texts of the classes, and what was empty or damaged, in words.
    """
    found = [(classes[c], images[0]) for c, images in enumerate(samples(dataset, classes, root)[0]) if len(images)]
    texts, images = [text for text, _ in found[:COLUMNS]], np.stack([image for _, image in found[:COLUMNS]])
    rows, notes = [], []
    for name, file, _ in files:
        try:
            maps = explain(load_reader(Path(file))[0], images)
        except UserError as fault:
            notes.append(str(fault))
            continue
        rows.append(np.concatenate([overlay(i, m, opacity, 3) for i, m in zip(images, maps, strict=True)], 1))
        if empty := [shown(text) for text, m in zip(texts, maps, strict=True) if m.empty]:
            notes.append(f"{name}: empty maps for {', '.join(empty)}, drawn without colours.")
    return (np.concatenate(rows) if rows else np.zeros((0, 0, 3), np.uint8)), texts, notes


def _row(title: str, shade: str, files: list[tuple[str, Path]], script: Script, opacity: float, alt: str) -> list[str]:
    """One sheet below its title; returns the texts of its columns."""
    heading(title, shade)
    stamped = tuple((name, str(file), file.stat().st_mtime_ns) for name, file in files)
    grid, texts, notes = sheet(stamped, script.dataset, script.classes, opacity, str(data_root()))
    if grid.size:
        st.image(grid, width="stretch", output_format="PNG", alt=alt)
    for note in notes:
        st.caption(literal(note))
    return texts


def wanted(script: Script) -> bool:
    """Whether the user wants to see it; stands in the address."""
    data = script.dataset if script.dataset in sources() else "FILE.zip"
    command = f"{PROGRAM} study --protocol paper --seeds 1 --dataset {data}"
    take("grid", "saliency_grid", lambda texts: texts[0] == ON)
    on = st.toggle(
        f"Compare {min(COLUMNS, len(script.classes))} test {script.noun}s side by side", key="saliency_grid",
        persist_state="session",
        help="A row for each OCR model; after a study of the paper's protocol on this machine, also the paper's grid, "
        f"a row for each epoch of the generators. Such a study takes about 20 minutes with one seed: `{command}`",
    )  # fmt: skip
    give("grid", [ON] if on else [])
    return on


def show(readers: list[ReaderChoice], script: Script, opacity: float) -> None:
    """A row for each of the OCR models; then, of the newest study that has kept those of its epochs, a row for each."""
    try:
        for reader in readers:
            shade = charts.REAL if reader.source == "real" else charts.hue(reader.source)
            alt = f"Grad-CAM of test {script.noun}s by the OCR model trained on {reader.title}"
            texts = _row(reader.title, shade, [(reader.title, reader.file)], script, opacity, alt)
        st.caption(f"One test {script.noun} each: {', '.join(map(shown, texts))}.")
        by_epoch(script, opacity)
    except UserError as fault:
        st.info(literal(str(fault)))


def _knows(run: Run, script: Script) -> bool:
    try:
        return run.request.dataset == script.dataset and classes_of_run(run) == script.classes
    except AlphabetError:
        return False


def by_epoch(script: Script, opacity: float) -> None:
    """The paper's grid: by the OCR models of each generator's epochs; nothing where no study has kept them."""
    studies = {run.name: run for run in store().list("study") if kept(run) and _knows(run, script)}
    if not studies:
        return
    name = one_of(
        st.selectbox, "The paper's grid, of the study", list(studies)[::-1], name="epochs", key="saliency_epochs",
        format_func=lambda n: run_title(studies[n]),
    )  # fmt: skip
    readers = kept(studies[name])
    for column, (generator, files) in zip(st.columns(len(readers)), readers.items(), strict=True):
        with column:
            rows = [(f"Epoch {epoch}", file) for epoch, file in files.items()]
            alt = f"Grad-CAM of ten test {script.noun}s by epoch of the {generator}"
            title = f"OCR models trained on {model_title(generator)} {script.noun}s"
            texts = _row(title, charts.hue(generator), rows, script, opacity, alt)
            st.caption(
                f"Test {script.noun}s {', '.join(map(shown, texts))} across; the generator's epochs {min(files)} to "
                f"{max(files)} down."
            )
