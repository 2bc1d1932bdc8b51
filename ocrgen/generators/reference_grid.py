"""A few real images that stay with a training: what pages show where the data are not at hand."""

import numpy as np
from PIL import Image

from ocrgen.datasets import Digits
from ocrgen.datasets.base import CLASSES, SIZE
from ocrgen.imaging.render import tile, to_png
from ocrgen.runs.run import Run
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

GRID_ROWS = 8  # images of each digit on a sheet, real or generated


def save_reference_grid(train: Digits, run: Run) -> None:
    """Real images laid out as the samples are: `samples/real.png`."""
    rng = np.random.default_rng(0)
    picked = [np.resize(rng.permutation(np.flatnonzero(train.labels == digit)), GRID_ROWS) for digit in range(CLASSES)]
    sheet = tile(train.images[np.stack(picked, 1).ravel()], columns=CLASSES)
    write_atomically(run.folder("samples") / "real.png", to_png(sheet))


def load_reference_grid(run: Run) -> Digits | None:
    """The images of that sheet, in turn 0 to 9; None where there is none, or what lies there is no such sheet."""
    file = run.path / "samples" / "real.png"
    try:
        verify(file)
        with Image.open(file, formats=["PNG"]) as sheet:
            if sheet.mode != "L" or sheet.size != (CLASSES * SIZE, GRID_ROWS * SIZE):
                return None
            pixels = np.asarray(sheet)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UserError):
        return None
    images = pixels.reshape(GRID_ROWS, SIZE, CLASSES, SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE)
    return Digits(images, np.tile(np.arange(CLASSES), GRID_ROWS), f"{run.request.dataset}, kept with the run")
