"""Letters from Pillow's own font, in folders by name: data of one's own for tests of other alphabets than digits."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def write_letters(folder: Path, letters: str = "ABCDE", each: int = 12) -> Path:
    """`each` images of every letter, dark on light, 40x40, no two alike, in one folder per letter; returns `folder`."""
    rng = np.random.default_rng(0)
    for letter in letters:
        (folder / letter).mkdir(parents=True)
        for i in range(each):
            image = Image.new("L", (40, 40), 255)
            x, y, size = *rng.uniform(17, 23, 2), rng.uniform(20, 30)
            ImageDraw.Draw(image).text((x, y), letter, 0, ImageFont.load_default(size), anchor="mm")
            image = image.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC, fillcolor=255)
            image.save(folder / letter / f"{i}.png")
    return folder
