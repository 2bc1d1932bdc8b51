"""The view of the Gallery that puts each generated image beside the real one that is nearest to it."""

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.imaging.labelled import pairs
from ocrgen.imaging.render import to_png
from ocrgen.ui.gallery.views import Places, Shown, classes_of, in_words, labels_of, real_images
from ocrgen.ui.shared.cache import load_data_set, nearest, samples
from ocrgen.ui.shared.selection import Choice
from ocrgen.ui.shared.sheets import by_class, labelled, show_strips

ACROSS, ROWS = 3, 4  # pairs in a row, and rows of one class


def nearest_real(columns: Places, what: Shown, _) -> None:
    """Beside each sample the training image that is nearest to it: new handwriting, or a copy?"""
    for choice, place in columns:
        with place:
            labels = labels_of(choice, what.text)
            if labels:
                _one(choice, labels, what)
    st.caption(
        "In each frame, left: generated; right: the training image that is nearest to it; below: their distance, the "
        "root mean square difference of grey levels from 0 to 1. Distances far below those of held-out real images "
        "would mean copies."
    )


def _one(choice: Choice, labels: list[int], what: Shown) -> None:
    """The pairs of one generator, and how near real images that it has not seen are."""
    source, root, classes = real_images(choice), str(datasets.data_root()), classes_of(choice)
    if source is None:
        return
    each = ACROSS if what.text is None else what.count
    images = by_class(samples(choice.run, choice.epoch, each, what.seed), classes)[labels]  # (K, n, 28, 28)
    index, distance = nearest(images.reshape(-1, 28, 28), choice.dataset, root)
    found = source.images[index].reshape(images.shape)
    words = np.array([f"{d:.3f}" for d in distance]).reshape(images.shape[:2])
    alt = (
        f"{choice.title}: {in_words(classes, what.text)}, each in one frame with its nearest real image; distances "
        f"{distance.min():.3f} to {distance.max():.3f}"
    )
    sheets = [pairs(*of_class, ACROSS) for of_class in zip(images, found, words, strict=True)]
    if what.text is None and labelled(classes):
        show_strips(classes, [to_png(sheet) for sheet in sheets], 3 * ACROSS, alt)
    else:
        st.image(to_png(np.vstack(sheets)), width="stretch", output_format="PNG", alt=alt)
    held = load_data_set(choice.dataset, root).validation.relabelled(classes)
    held = held[np.isin(held.labels, labels)]
    told = f"Mean distance {interval(distance)}."
    if len(held):
        _, usual = nearest(held.images[:200], choice.dataset, root)
        told += f" Real images held out from training: {interval(usual)}."
    st.caption(told)


def interval(values: np.ndarray) -> str:
    """Mean with its 95% interval (normal approximation) and n, in words; one value has no interval."""
    n = len(values)
    if n < 2:
        return f"{values.mean():.3f} (n = {n})"
    half = 1.96 * values.std(ddof=1) / n**0.5
    return f"{values.mean():.3f} [{values.mean() - half:.3f}, {values.mean() + half:.3f}] (n = {n})"
