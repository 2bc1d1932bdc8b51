"""The settings of a benchmark."""

from typing import Literal

from pydantic import Field

from ocrgen.datasets import DATASET
from ocrgen.utils.settings import Settings

BENCHES = ("train", "limit", "sample", "distance", "reader", "claim", "scaling", "quality")


class BenchmarkConfig(Settings):
    """One benchmark, as it stands in `run.json`."""

    what: Literal["train", "limit", "sample", "distance", "reader", "claim", "scaling", "quality", "all", "app"] = (
        Field(
            default="all",
            description="what to measure; all but the dashboard (app): half an hour or more, under a minute if quick",
        )
    )
    quick: bool = Field(default=False, description="all but the quality of samples, roughly, in under a minute")
    dataset: str = Field(default="mnist", description=DATASET)
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads; 1 leaves room for the dashboard")
    repeats: int = Field(default=0, ge=0, le=100, description="rounds of each comparison; 0 = 9, or 3 if quick")

    @property
    def benches(self) -> tuple[str, ...]:
        """The benches to run, in order."""
        if self.what != "all":
            return (self.what,)
        return tuple(b for b in BENCHES if not (self.quick and b == "quality"))

    @property
    def rounds(self) -> int:
        """How often each side of a comparison is timed."""
        return self.repeats or (3 if self.quick else 9)

    @property
    def trainings(self) -> int:
        """How often each generator of the paper's first claim is trained: ten times, as in the paper."""
        return self.repeats or (3 if self.quick else 10)

    @property
    def seconds(self) -> float:
        """Minimum CPU seconds of one measurement."""
        return 0.02 if self.quick else 0.25
