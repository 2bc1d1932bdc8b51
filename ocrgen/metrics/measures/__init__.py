"""Measures beside the Fréchet distances: every module of this folder with a `measure` adds to scores and pages."""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

from ocrgen.datasets import Characters


@dataclass(frozen=True, eq=False)
class MeasureInput:
    """Generated characters in random order, and the real ones that they are compared with.

    features, real_features: float32 (m, d), of m generated and m real images. real_spread: within classes, of the
    training images. train, held_out: real characters, None if not at hand. held_out_distances: index and distance of
    `neighbours.nearest_shifted(held_out, train, 2)`, None to have them computed.
    """

    generated: Characters
    features: np.ndarray
    real_features: np.ndarray
    real_spread: float
    train: Characters | None = None
    held_out: Characters | None = None
    held_out_distances: tuple[np.ndarray, np.ndarray] | None = None


@cache
def measures() -> dict[str, ModuleType]:
    """All measures by name: modules with COLUMNS (name -> title, for charts) and measure(inputs) -> values by name."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {m.__name__.rsplit(".", 1)[1]: m for m in modules if hasattr(m, "measure")}


def columns() -> dict[str, str]:
    """The titles of all single numbers that the measures return, by name."""
    return {name: title for module in measures().values() for name, title in module.COLUMNS.items()}
