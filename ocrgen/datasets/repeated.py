"""Repeated splits of small data: another part is the test set each time, so that every image is tested at some time."""

import numpy as np

from ocrgen.datasets import existing_path
from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.names import PARTS
from ocrgen.datasets.own import open_data

SMALL = 1000  # test images: fewer are too few to tell by
MOST_FOLDS, FEWEST_FOLDS = 6, 3


def whole_if_small(name: str) -> Characters | None:
    """All images of the user's own data at the path `name`, if it has no test set of its own, and only few images.

    None for anything else: known data sets, data whose source sets test images apart, and data with SMALL test images
    or more. DataError if it cannot be read.
    """
    if not (path := existing_path(name)):
        return None
    data = open_data(path)
    apart = data.parts is not None and bool((data.parts == PARTS.index("test")).any())
    return None if apart or len(data.whole) / MOST_FOLDS >= SMALL else data.whole


def n_folds(repetitions: int) -> int:
    """How many parts data is divided into, each the test set in turn: as many as repetitions, from 3 to 6."""
    return max(FEWEST_FOLDS, min(MOST_FOLDS, repetitions))


def repeated_split(whole: Characters, repetition: int, folds: int) -> tuple[Splits, np.ndarray]:
    """The split of one repetition, and the index of its test images in `whole`, int64 (n_test,).

    Every `folds` repetitions test each image once; then the data is divided anew. By writer where writers are known,
    else stratified by label. DataError if a class is missing in the rest.
    """
    rng = np.random.default_rng((repetition // folds, folds))
    fold = np.empty(len(whole), int)
    if whole.writers is not None:
        writers = rng.permutation(np.unique(whole.writers))
        place = dict(zip(writers.tolist(), (np.arange(len(writers)) % folds).tolist(), strict=True))
        fold[:] = [place[writer] for writer in whole.writers.tolist()]
    else:
        start = 0  # the classes go on where the one before ended, so that the parts are equally large
        for c in range(whole.n_classes):
            index = rng.permutation(np.flatnonzero(whole.labels == c))
            fold[index] = (start + np.arange(len(index))) % folds
            start += len(index)
    tested = fold == repetition % folds
    rest, test = whole[~tested], whole[tested]
    if not len(rest) or not len(test) or (rest.counts == 0).any():
        raise DataError(f"{whole.name}: a class or a writer has too few images to be divided into {folds} parts.")
    train, validation = hold_out(rest)
    return Splits(train, validation, test), np.flatnonzero(tested)
