"""A few real images kept with a training, to show where the data set is not available."""

import numpy as np
from PIL import Image

from ocrgen.datasets import Characters
from ocrgen.datasets.base import SIZE
from ocrgen.imaging.render import tile, to_png
from ocrgen.runs.run import Run
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

GRID_ROWS = 8  # images of each class in a grid, real or generated


def pick_reference(train: Characters) -> np.ndarray:
    """Real images to show, GRID_ROWS of each of K classes, drawn at random: uint8 (GRID_ROWS * K, 28, 28), in turn."""
    rng = np.random.default_rng(0)
    picked = [np.resize(rng.permutation(np.flatnonzero(train.labels == c)), GRID_ROWS) for c in range(train.n_classes)]
    return train.images[np.stack(picked, 1).ravel()]


def save_reference_grid(train: Characters, run: Run) -> None:
    """Write real images, laid out as the samples are, to `samples/real.png`."""
    grid = tile(pick_reference(train), columns=train.n_classes)
    write_atomically(run.folder("samples") / "real.png", to_png(grid))


def load_reference_grid(run: Run, classes: tuple[str, ...]) -> Characters | None:
    """The images of that grid, the classes in turn; None where the file is missing or is not such a grid."""
    file = run.path / "samples" / "real.png"
    try:
        verify(file)
        with Image.open(file, formats=["PNG"]) as grid:
            if grid.mode != "L" or grid.size != (len(classes) * SIZE, GRID_ROWS * SIZE):
                return None
            pixels = np.asarray(grid)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UserError):
        return None
    images = pixels.reshape(GRID_ROWS, SIZE, len(classes), SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE)
    labels = np.tile(np.arange(len(classes)), GRID_ROWS)
    return Characters(images, labels, classes, f"{run.request.dataset}, kept with the run")
