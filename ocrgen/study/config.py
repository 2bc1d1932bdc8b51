"""The settings of a study, as stored in its `run.json`, and the shell command that asks for the same one."""

import shlex
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ocrgen.datasets import DATASET
from ocrgen.generators import generators
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.study.arms import OWN, Arm, alone, compared, trained
from ocrgen.study.sequential import LOOKS
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.settings import Settings

PAPER_N = 500  # real labelled images that the paper trains a reader on
RULES = 2  # the rules by which a study is made and judged: 1 chose shares and steps by validation images
FEWEST_STEPS, MOST_STEPS, STEPS_PER_CLASS = 400, 2000, 40


class StudyConfig(Settings):
    """The settings of one study."""

    renamed: ClassVar = {"least": "min_epoch_images", "looked": "n_saliency", "robust": "n_robustness"}

    dataset: str = Field(default="mnist", description=DATASET)
    protocol: Literal["paper", "fair", "pool"] = Field(
        default="fair",
        description="fair: generator and OCR model learn from the same n labelled images; pool: and from unlabelled "
        "ones, which OCR models label; paper: the generator learns from the whole training set, the OCR model from 500 "
        "real or 10,000 generated images",
    )
    seeds: int = Field(
        default=8, ge=1, le=100, description="repetitions: data subset, generator and OCR models all drawn anew"
    )
    until_decided: bool = Field(
        default=False,
        description=f"add seeds until every way is decided: looks at {', '.join(map(str, LOOKS))} seeds, whose chance "
        "to err together is that of one look",
    )
    readers_per_task: int = Field(
        default=3, ge=1, le=20, description="OCR models that are trained for each training mix and seed, and averaged"
    )
    matters: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="least difference of accuracy that matters, in points; by default the larger of 0.5 and a tenth of "
        "the error rate of real images with augmentation",
    )
    n: list[int] = Field(
        default=[100, 500, 1000, 5000],
        min_length=1,
        description="labelled images (protocols fair and pool); 10, 50, 100 and 500 a class unless told otherwise",
    )
    unlabelled: int = Field(
        default=20_000, ge=100, le=1_000_000, description="images without labels (protocol pool), at most all others"
    )
    generators: list[str] = Field(
        default=["rendered", "cvae", "cgan"],
        min_length=1,
        description="generators to compare; those that are not trained are left out under the paper's protocol",
    )
    synthetic: str = Field(
        default="", description="path of synthetic images of your own, in any form that own data has, to compare"
    )
    preset: str = Field(default="fast", description="generator settings: fast, or paper for the published ones")
    epochs: int = Field(default=10, ge=1, le=200, description="training epochs of the generators")
    min_epoch_images: int = Field(
        default=12_800,
        ge=100,
        le=1_000_000,
        description="least number of images per epoch: a smaller training set is repeated",
    )
    generator_n: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="labelled images that generators learn from under the paper's protocol; 0 for all",
    )
    scored: int = Field(
        default=0,
        ge=0,
        le=200,
        description="about how many epochs are scored under the paper's protocol, closer at the beginning; 0 for all",
    )
    samples: int = Field(
        default=10_000, ge=100, le=MAX_SAMPLES, description="generated images that an OCR model learns from"
    )
    reader: Literal["fast", "paper"] = Field(default="fast", description="architecture and schedule of the OCR models")
    steps: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="optimiser steps of every OCR model that is compared; 0: 400 to 2,000, by n and classes",
    )
    full_steps: int = Field(
        default=4000,
        ge=10,
        le=1_000_000,
        description="optimiser steps of the OCR models trained on all real images: upper bound and GAN-test",
    )
    share: float = Field(
        default=0.2, gt=0, lt=1, description="share of synthetic images in a batch, where real ones are in it, too"
    )
    confidence: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="least probability of its label for the filter to keep an image, and for a pseudo-label",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        default="auto", description="arithmetic of all training; auto: what the processor has, kept when resumed"
    )
    n_saliency: int = Field(default=500, ge=0, le=10_000, description="test images to explain by Grad-CAM; 0 = none")
    n_robustness: int = Field(default=500, ge=0, le=100_000, description="test images to corrupt and attack; 0 = none")
    workers: int = Field(default=1, ge=1, le=64, description="processes that share the work on this machine")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads of each process")
    rules: int = Field(default=RULES, ge=1, le=RULES, description="version of the rules that the study follows")

    @model_validator(mode="before")
    @classmethod
    def _earlier(cls, values: Any) -> Any:
        """Studies of earlier versions tried several shares; by that they are known."""
        if isinstance(values, dict) and "shares" in values:
            kept = {k: v for k, v in values.items() if k not in ("shares", "validation")}
            return kept | {"rules": 1, "readers_per_task": 1}
        return values

    @field_validator("generators")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        for name in names:
            if name not in generators():
                raise ValueError(f"there is no generator {name!r}: choose from {', '.join(generators())}")
        return list(dict.fromkeys(names))

    @field_validator("n")
    @classmethod
    def _sizes(cls, sizes: list[int]) -> list[int]:
        if min(sizes) < 20:
            raise ValueError("each n must be 20 or more")
        return sorted(set(sizes))

    @field_validator("steps")
    @classmethod
    def _steps(cls, steps: int) -> int:
        if 0 < steps < 10:
            raise ValueError("steps must be 10 or more, or 0 to let n and classes decide")
        return steps

    @model_validator(mode="after")
    def _something_to_compare(self) -> "StudyConfig":
        if self.protocol == "paper" and not self.trained:
            raise ValueError("the paper's protocol needs a generator that is trained, such as cvae")
        return self

    @property
    def about(self) -> str:
        """What its run is named after."""
        return f"study-{self.protocol}-{Path(self.dataset).stem}"

    @property
    def trained(self) -> list[str]:
        """The generators that learn from labelled images."""
        return [name for name in self.generators if trained(name)]

    @property
    def sources(self) -> list[str]:
        """Where synthetic images come from: the generators, and OWN if there are such."""
        return [*self.generators, *[OWN] * bool(self.synthetic)]

    @property
    def arms(self) -> list[Arm]:
        """The training mixes compared at each n."""
        earlier = self.rules == 1  # compared the same mixes under both protocols
        return compared("paper" if earlier else self.protocol, self.sources, self.n_robustness > 0)

    @property
    def arms_alone(self) -> list[Arm]:
        """The training mixes that need no labelled image."""
        return [] if self.rules == 1 else alone(self.protocol, self.sources)

    @property
    def most_seeds(self) -> int:
        """The largest number of seeds that the study may take."""
        return LOOKS[-1] if self.until_decided else self.seeds

    def sizes(self) -> list[int]:
        """The numbers of real labelled images at which training mixes are compared."""
        return [PAPER_N] if self.protocol == "paper" else self.n

    def scored_epochs(self) -> list[int]:
        """The epochs whose samples are scored under the paper's protocol, the first and the last always among them."""
        if not 1 < self.scored < self.epochs:
            return list(range(1, self.epochs + 1))
        spaced = (round(self.epochs ** (i / (self.scored - 1))) for i in range(self.scored))
        return sorted(set(spaced))

    def steps_at(self, n: int, classes: int) -> int:
        """Optimiser steps of a reader of n labelled images of so many classes; of all that there are if n is 0.

        40 per class at 10 images of each, and with the square root of n beyond, between 400 and 2,000. Twice as many
        lift real images with augmentation by 0.0 to 0.3 points more on MNIST (n = 100, 500 and 5,000, after 400, 800
        and 1,000), by 0.6 to 1.0 on the Arabic letters (280, 1,400 and 5,600, after 1,120, 2,000 and 2,000; validation
        images, means of two seeds), and cost twice the time.
        """
        if self.steps:
            return self.steps
        grown = STEPS_PER_CLASS * classes * (n / (10 * classes)) ** 0.5 if n else MOST_STEPS
        return int(min(MOST_STEPS, max(FEWEST_STEPS, round(grown, -2))))


# The same code path on the bundled digits, in under three minutes on two cores without instructions for bfloat16.
QUICK = {
    "dataset": "digits",
    "seeds": 3,
    "readers_per_task": 2,
    "n": [200],
    "epochs": 3,
    "min_epoch_images": 3200,
    "samples": 1000,
    "steps": 60,
    "full_steps": 200,
    "n_saliency": 50,
    "n_robustness": 100,
    "workers": 2,
}


def describe(config: StudyConfig) -> str:
    """The shell command that runs a study with these settings."""
    parts = [f"{PROGRAM} study"]
    for name, value in config.model_dump(exclude={"rules"}).items():
        if value != StudyConfig.model_fields[name].default or name in ("dataset", "protocol", "seeds", "n"):
            flag = name.replace("_", "-")
            if isinstance(value, bool):
                parts.append(f"--{flag}" if value else f"--no-{flag}")
                continue
            values = value if isinstance(value, list) else [value]
            parts.append(f"--{flag} {' '.join(shlex.quote(str(v)) for v in values)}")
    return " ".join(parts)
