"""Pictures of characters as people bring them, drawn from a seed: for tests, and to measure how many are read rightly.

Each file of this folder holds CONDITIONS: a name, and a function of a random generator and a pool of digits that draws
one photograph. `python -m tests.helpers.photos --help` measures them.
"""

import importlib
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from ocrgen.datasets import Characters
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.doubting import doubted
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader


@dataclass(frozen=True)
class Photo:
    """A picture's bytes and what it says: the class texts in reading order, "" where it shows no character."""

    data: bytes
    text: str


Draw = Callable[[np.random.Generator, Characters], Photo]


@cache
def conditions() -> dict[str, Draw]:
    """All conditions of this folder's files, by name."""
    found: dict[str, Draw] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            found |= importlib.import_module(f"{__name__}.{module.name}").CONDITIONS
    return found


def draw(condition: str, seed: int, pool: Characters) -> Photo:
    """One photograph of a condition: it follows from the condition, the seed and the pool alone."""
    rng = np.random.default_rng([seed, *condition.encode()])
    return conditions()[condition](rng, pool)


@dataclass
class Score:
    """How a condition was read: photographs rightly read of n, mean milliseconds each, and what went wrong."""

    right: int = 0
    n: int = 0
    ms: float = 0.0
    wrong: list[tuple[int, str, str]] = field(default_factory=list)  # seed, expected, what was read or said


def measure(condition: str, n: int, reader: Reader, geometry: Geometry, pool: Characters, first_seed: int = 0) -> Score:
    """Read n photographs of a condition, from `first_seed` on; right is only the whole text of a photograph.

    Of photographs of symbols, what is doubted counts as not read, and so does a picture that is refused.
    """
    symbols = condition.startswith("symbol-")
    score, judge = Score(n=n), partial(probabilities, reader)
    for seed in range(first_seed, first_seed + n):
        photo = draw(condition, seed, pool)
        begun = time.perf_counter()
        try:
            page = read_picture(photo.data, "photo", geometry, judge)
            images = np.stack([c.image for c in page.characters])
            each = zip(judge(images).argmax(1), doubted(reader, images), strict=True)
            said = "".join(reader.classes[i] for i, doubt in each if not (symbols and doubt))
        except ImageError as fault:
            said = "" if symbols else str(fault)
        score.ms += (time.perf_counter() - begun) * 1000 / n
        score.right += said == photo.text
        if said != photo.text:
            score.wrong.append((seed, photo.text, said))
    return score
