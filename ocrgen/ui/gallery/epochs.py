"""The view of the Gallery over the epochs: one epoch at a time, all of them as an animation, and a row for each."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from ocrgen.imaging.labelled import animate, labelled_rows, spaced
from ocrgen.imaging.render import tile, to_png
from ocrgen.runs.run import Run
from ocrgen.ui.gallery.views import Places, Shown, classes_of, in_words, labels_of, show_sheet
from ocrgen.ui.shared.cache import samples
from ocrgen.ui.shared.selection import Choice
from ocrgen.ui.shared.sheets import labelled

ROWS, FRAMES = 12, 30  # epochs in rows, and of an animation


def over_the_epochs(columns: Places, what: Shown, _) -> None:
    """How drawing is learned: the same random codes after each epoch."""
    shown = []
    for choice, place in columns:
        with place:
            if labels := labels_of(choice, what.text):
                shown.append((choice, place, labels))
                if what.play:  # all of them before the first is shown, so that they keep step
                    _animation(choice, labels, what)
    for choice, place, labels in shown:
        with place:
            _one(choice, labels, what)
    st.caption("The same random codes after each epoch: what changes is what the generator has learned.")


def _one(choice: Choice, labels: list[int], what: Shown) -> None:
    """One generator after the chosen epoch or, while it plays, after one after the other; and some epochs in rows."""
    run, epochs, classes = choice.run, choice.run.epochs(), classes_of(choice)
    about, across = in_words(classes, what.text), what.text is None and labelled(classes)
    made = partial(_animation, choice, labels, what)
    if what.play and len(epochs) > 1:
        alt = f"{choice.model}: generated {about}, animated over epochs {epochs[0]} to {epochs[-1]}"
        st.image(made(), width="stretch", alt=alt)
    else:
        images = _drawn(run, choice.epoch, len(classes), labels, what, what.count)
        show_sheet(images, classes, what.text, what.count, f"{choice.title}: generated {about}")
    if len(epochs) == 1:
        st.caption("Drawn without any training." if run.request.untrained else "Only one epoch is kept.")
        return
    some = f" of {FRAMES} epochs, evenly spaced" if len(epochs) > FRAMES else " of all epochs"
    st.download_button(
        "GIF", made, f"{run.name}-epochs.gif", "image/gif", key=f"gallery_gif_{run.name}", on_click="ignore",
        icon=":material/download:", help=f"An animation{some}, with their numbers.",
    )  # fmt: skip
    if across:  # too many for a row
        return
    few = spaced(epochs, ROWS)
    each = 1 if what.text is None else what.count
    rows = np.stack([_drawn(run, e, len(classes), labels, what, each) for e in few])
    sheet = labelled_rows(rows.reshape(len(few), -1, 28, 28), [f"Epoch {e}" for e in few])
    alt = f"{choice.model}: {about.removesuffix(', a row each')} after epochs {', '.join(map(str, few))}, a row each"
    st.image(to_png(sheet), width="stretch", output_format="PNG", alt=alt)


def _drawn(run: Run, epoch: int, k: int, labels: Sequence[int], what: Shown, n: int) -> np.ndarray:
    """Images uint8 (len(labels), n, 28, 28), of some of k classes, after an epoch."""
    return samples(run, epoch, n, what.seed).reshape(n, k, 28, 28).swapaxes(0, 1)[list(labels)]


def _animation(choice: Choice, labels: list[int], what: Shown) -> bytes:
    """The animation of a generator's epochs, drawn once; of some of its classes."""
    run, k = choice.run, len(classes_of(choice))
    epochs = spaced(run.epochs(), FRAMES)
    stamps = [run.weights(epoch).stat().st_mtime_ns for epoch in epochs]
    return _gif(str(run.path), stamps, k, labels, what.seed, what.count, run, what)


@st.cache_data(max_entries=16, show_spinner="Drawing every epoch …")
def _gif(path: str, stamps: list, k: int, labels: list, seed: int, n: int, _run: Run, _what: Shown) -> bytes:
    epochs = spaced(_run.epochs(), FRAMES)
    # A row for each class of a few; of many as many beside each other as make it about square.
    width = n * max(1, round((len(labels) / n) ** 0.5) if k > ROWS else 1)
    rows = 1 if len(labels) > 1 else 8  # of one class, as many rows as side by side
    drawn = (_drawn(_run, epoch, k, labels, _what, rows * n) for epoch in epochs)
    sheets = [tile(images.reshape(-1, 28, 28), width, gap=2, paper=48) for images in drawn]
    return animate(sheets, [f"Epoch {epoch}" for epoch in epochs], zoom=2)
