"""A few real images kept with a training, to show where the data set is not available."""

import numpy as np
from PIL import Image

from ocrgen.datasets import Digits
from ocrgen.datasets.base import CLASSES, SIZE
from ocrgen.imaging.render import tile, to_png
from ocrgen.runs.run import Run
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

GRID_ROWS = 8  # images of each digit in a grid, real or generated


def pick_reference(train: Digits) -> np.ndarray:
    """Real images to show, GRID_ROWS of each digit, drawn at random: uint8 (GRID_ROWS * 10, 28, 28), 0 to 9 in turn."""
    rng = np.random.default_rng(0)
    picked = [np.resize(rng.permutation(np.flatnonzero(train.labels == digit)), GRID_ROWS) for digit in range(CLASSES)]
    return train.images[np.stack(picked, 1).ravel()]


def save_reference_grid(train: Digits, run: Run) -> None:
    """Write real images, laid out as the samples are, to `samples/real.png`."""
    grid = tile(pick_reference(train), columns=CLASSES)
    write_atomically(run.folder("samples") / "real.png", to_png(grid))


def load_reference_grid(run: Run) -> Digits | None:
    """The images of that grid, labels 0 to 9 in turn; None where the file is missing or is not such a grid."""
    file = run.path / "samples" / "real.png"
    try:
        verify(file)
        with Image.open(file, formats=["PNG"]) as grid:
            if grid.mode != "L" or grid.size != (CLASSES * SIZE, GRID_ROWS * SIZE):
                return None
            pixels = np.asarray(grid)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UserError):
        return None
    images = pixels.reshape(GRID_ROWS, SIZE, CLASSES, SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE)
    return Digits(images, np.tile(np.arange(CLASSES), GRID_ROWS), f"{run.request.dataset}, kept with the run")
