"""What is measured beside the distances: a file here that has a `measure` brings columns to scores and pages."""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

from ocrgen.datasets import Digits


@dataclass(frozen=True, eq=False)
class MeasureInput:
    """Generated digits in random order, and the real ones that they are measured against.

    features, real_features: float32 (m, d), of as many images on either side. real_spread: of the training images.
    train, held_out: real digits, where they are at hand. held_out_distances: `neighbours.nearest(held_out, train)`.
    """

    digits: Digits
    features: np.ndarray
    real_features: np.ndarray
    real_spread: float
    train: Digits | None = None
    held_out: Digits | None = None
    held_out_distances: tuple[np.ndarray, np.ndarray] | None = None


@cache
def measures() -> dict[str, ModuleType]:
    """Modules of this folder with COLUMNS (name -> title, for charts) and measure(seen) -> values by name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {m.__name__.rsplit(".", 1)[1]: m for m in modules if hasattr(m, "measure")}


def columns() -> dict[str, str]:
    """The single numbers that all of them bring, by name, with their titles."""
    return {name: title for module in measures().values() for name, title in module.COLUMNS.items()}
