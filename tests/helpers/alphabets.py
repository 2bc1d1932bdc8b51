"""Small data sets of 2, 3, 10, 26 or 28 classes, in the parts that a data set has."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ocrgen.datasets import Characters, Splits, load_data
from ocrgen.imaging.augmentation import augment

ALPHABETS = {
    2: ("yes", "no"),
    3: ("α", "β", "γ"),
    26: tuple("abcdefghijklmnopqrstuvwxyz"),
    28: tuple("أبتثجحخدذرزسشصضطظعغفقكلمنهوي"),
}
FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono")
HELD_OUT = 12  # images of a class in the validation and in the test set


@cache
def alphabet(k: int, per_class: int = 40) -> Splits:
    """A data set of k classes, `per_class` training images of each, drawn from fonts, moved, turned and bent.

    For k = 10 it is the bundled digits; for k = 2 their zeros and ones, which stand for two words.
    """
    if k == 10:
        return load_data("digits")
    if k == 2:
        parts = [p[p.labels < 2] for p in load_data("digits")]
        return Splits(*(Characters(p.images, p.labels, ALPHABETS[2], "words") for p in parts))
    (folder,) = find_spec("matplotlib").submodule_search_locations
    fonts = [ImageFont.truetype(Path(folder, "mpl-data", "fonts", "ttf", f"{face}.ttf"), 20) for face in FACES]
    labels = np.tile(np.arange(k), per_class + 2 * HELD_OUT)
    pages = []
    for i, c in enumerate(labels):
        page = Image.new("L", (28, 28), 0)
        # DejaVu Sans Mono has no shapes of its own for some Arabic letters.
        font = fonts[i // k % (len(fonts) if k < 28 else 2)]
        ImageDraw.Draw(page).text((14, 14), ALPHABETS[k][c], fill=255, font=font, anchor="mm")
        pages.append(np.asarray(page))
    images = augment(torch.from_numpy(np.stack(pages)).unsqueeze(1).float() / 255, torch.Generator().manual_seed(k))
    whole = Characters(images.squeeze(1).mul(255).byte().numpy(), labels, ALPHABETS[k], f"{k} letters")
    a, b = k * per_class, k * (per_class + HELD_OUT)
    return Splits(whole[:a], whole[a:b], whole[b:])
