"""The settings of one training of a reader."""

from typing import Literal

from pydantic import Field

from ocrgen.datasets import DATASET
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.utils.settings import Settings


class ReaderRequest(Settings):
    """One training of a reader, as it stands in `run.json`."""

    dataset: str = Field(default="mnist", description=DATASET)
    n: int = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="real labelled images to learn from; 0 = the whole training set, or, "
        "where all images are rendered, its layout and stroke widths alone",
    )
    augment: bool = Field(default=False, description="move, turn and bend each image anew (classical augmentation)")
    characters: str = Field(
        default="",
        max_length=400,
        description="learn these characters from rendered images alone: no data set, no labelled image",
    )
    generator: str = Field(default="", description="a generator's run, or rendered: learn from its samples")
    style: Literal["", "handwriting", "print", "pens"] = Field(
        default="",
        description="of rendered characters: as a data set's pens write, outlines of fonts, or thin, thick and "
        "outlined pens; left out, handwriting for those of a data set, pens for typed ones",
    )
    fonts: str = Field(default="", description="for rendered characters, a folder with fonts of your own")
    epoch: int = Field(default=0, ge=0, description="the epoch that draws them; 0 = its best")
    samples: int = Field(default=10_000, ge=100, le=MAX_SAMPLES, description="how many are drawn")
    share: float = Field(
        default=1.0, gt=0, le=1, description="share of generated images in a batch; 1 = no real ones at all"
    )
    preset: Literal["fast", "paper"] = Field(default="fast", description="shape and schedule of the network")
    steps: int = Field(
        default=0, ge=0, le=1_000_000, description="optimiser steps; 0 = 400, or 4,000 for a whole training set"
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="seed of subset, weights, order and samples")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads")


def default_steps(request: ReaderRequest) -> int:
    """Optimiser steps where none are given: enough to see what there is to learn from several times."""
    if request.characters:
        return 1000
    return 400 if request.n or (request.generator and request.share == 1) else 4000
