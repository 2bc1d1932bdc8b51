"""The plan of a study: its training mixes (arms), seeds and sizes, divided into tasks (cells)."""

import shlex
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from ocrgen.datasets import DATASET
from ocrgen.generators import generators
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.utils.settings import Settings

PAPER_N = 500  # real labelled images that the paper trains a reader on


class StudyConfig(Settings):
    """The settings of one study, as stored in its `run.json`."""

    renamed: ClassVar = {"least": "min_epoch_images", "looked": "n_saliency", "robust": "n_robustness"}

    dataset: str = Field(default="mnist", description=DATASET)
    protocol: Literal["paper", "fair"] = Field(
        default="fair",
        description="fair: generator and reader learn from the same n labelled images; "
        "paper: the generator learns from the whole training set, the reader from 500 real or 10,000 generated images",
    )
    seeds: int = Field(
        default=5, ge=1, le=100, description="repetitions: data subset, generator and reader all drawn anew"
    )
    n: list[int] = Field(
        default=[100, 500, 1000, 5000],
        min_length=1,
        description="labelled images (protocol fair); 10, 50, 100 and 500 a class unless told otherwise",
    )
    generators: list[str] = Field(default=["cvae", "cgan"], min_length=1, description="generators to compare")
    preset: str = Field(default="fast", description="generator settings: fast, or paper for the published ones")
    epochs: int = Field(default=10, ge=1, le=200, description="training epochs of the generators")
    min_epoch_images: int = Field(
        default=12_800,
        ge=100,
        le=1_000_000,
        description="least number of images per epoch: a smaller training set is repeated",
    )
    samples: int = Field(
        default=10_000, ge=100, le=MAX_SAMPLES, description="generated images that a reader learns from"
    )
    reader: Literal["fast", "paper"] = Field(default="fast", description="architecture and schedule of the readers")
    steps: int = Field(default=400, ge=10, le=100_000, description="optimiser steps of every reader that is compared")
    full_steps: int = Field(
        default=4000,
        ge=10,
        le=1_000_000,
        description="optimiser steps of the readers trained on all real images: upper bound and GAN-test",
    )
    shares: list[float] = Field(
        default=[0.05, 0.2, 0.5], min_length=1, description="synthetic shares of a batch to try"
    )
    confidence: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="least probability of its label for the filter to keep an image",
    )
    validation: int = Field(
        default=1000,
        ge=10,
        le=100_000,
        description="most validation images to choose settings by (fair: at most n)",
    )
    n_saliency: int = Field(default=500, ge=0, le=10_000, description="test images to explain by Grad-CAM; 0 = none")
    n_robustness: int = Field(default=500, ge=0, le=100_000, description="test images to corrupt and attack; 0 = none")
    workers: int = Field(default=1, ge=1, le=64, description="processes that share the work on this machine")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads of each process")

    @field_validator("generators")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        for name in names:
            trained = [known for known, kind in generators().items() if kind.trains]
            if name not in trained:
                raise ValueError(f"there is no generator {name!r}: choose from the trained ones, {', '.join(trained)}")
        return list(dict.fromkeys(names))

    @field_validator("shares")
    @classmethod
    def _shares(cls, shares: list[float]) -> list[float]:
        if not all(0 < share < 1 for share in shares):
            raise ValueError("each share must lie between 0 and 1")
        return sorted(set(shares))

    @field_validator("n")
    @classmethod
    def _sizes(cls, sizes: list[int]) -> list[int]:
        if min(sizes) < 20:
            raise ValueError("each n must be 20 or more")
        return sorted(set(sizes))

    def sizes(self) -> list[int]:
        """The numbers of real labelled images at which training mixes are compared."""
        return self.n if self.protocol == "fair" else [PAPER_N]


# The same code path on the bundled digits, in under three minutes on two cores without instructions for bfloat16.
QUICK = {
    "dataset": "digits",
    "seeds": 3,
    "n": [200],
    "epochs": 3,
    "min_epoch_images": 3200,
    "samples": 1000,
    "steps": 60,
    "full_steps": 200,
    "shares": [0.1, 0.5],
    "n_saliency": 50,
    "n_robustness": 100,
    "workers": 2,
}


@dataclass(frozen=True)
class Arm:
    """A training mix: real images or none, classical augmentation, one generator's images or none.

    real: "" for none, "real" for the n labelled images, "all" for the whole training set. augmented: whether real
    images are distorted at random. generator: its name, "" for none. filtered: whether only generated images are kept
    whose label a reader confirms.
    """

    real: str = ""
    augmented: bool = False
    generator: str = ""
    filtered: bool = False

    @property
    def name(self) -> str:
        """The name in tables and files, for example `real+aug+cvae-filtered`."""
        parts = [self.real, "aug" if self.augmented else "", self.generator + ("-filtered" if self.filtered else "")]
        return "+".join(p for p in parts if p)

    @property
    def title(self) -> str:
        """The name for people, for example `real + augmentation + CVAE, filtered`."""
        real = {"": "", "real": "real", "all": "all real"}[self.real]
        model = generators()[self.generator].title if self.generator in generators() else self.generator.upper()
        parts = [real, "augmentation" if self.augmented else "", model + (", filtered" if self.filtered else "")]
        return " + ".join(p for p in parts if p)

    @property
    def mixed(self) -> bool:
        """Whether its batches hold both real and generated images."""
        return bool(self.real and self.generator)

    @classmethod
    def parse(cls, name: str) -> "Arm":
        """The inverse of `name`."""
        parts = name.split("+")
        generator = next((p for p in parts if p not in ("real", "all", "aug")), "")
        real = next((p for p in parts if p in ("real", "all")), "")
        filtered = generator.endswith("-filtered")
        return cls(real, "aug" in parts, generator.removesuffix("-filtered"), filtered)


@dataclass(frozen=True)
class Cell:
    """One task of a study, done as a whole by one process.

    kind: train a generator; train a reader on one epoch's samples and score these; train and grade the reader of a
    training mix; or explain it by Grad-CAM. n: real labelled images, 0 for the whole training set. epoch: of the
    generator, for kind "epoch" only. needs: keys of the tasks whose results it uses.
    """

    kind: Literal["generator", "epoch", "reader", "saliency"]
    seed: int
    n: int
    arm: Arm
    epoch: int = 0
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The task's unique name, which its result file bears too."""
        middle = f"-e{self.epoch:03d}" if self.epoch else ""
        return f"{self.kind}-{self.arm.name}-n{self.n}-s{self.seed}{middle}"

    def identity(self) -> dict:
        """The fields by which a result file identifies its task, whether the task succeeded or failed."""
        return {"key": self.key, "kind": self.kind, "arm": self.arm.name, "n_real": self.n, "seed": self.seed}


def arms(names: list[str]) -> list[Arm]:
    """The training mixes compared at each n, for the generators `names`; `real` and `real+aug` come first."""
    compared = [Arm("real"), Arm("real", True)]
    for name in names:
        for real, augmented in (("", False), ("real", False), ("real", True)):
            compared += [Arm(real, augmented, name, filtered) for filtered in (False, True)]
    return compared


def plan(config: StudyConfig) -> list[Cell]:
    """All tasks of a study, each after those it needs; seed by seed, so that early results span all training mixes."""
    cells = []
    paper = config.protocol == "paper"
    for seed in range(config.seeds):
        all_augmented = Cell("reader", seed, 0, Arm("all", True))  # grades generated images (GAN-test)
        all_real = Cell("reader", seed, 0, Arm("all"))  # the upper bound
        cells += [all_augmented, all_real]
        for n in config.sizes():
            generator_cells: dict[str, list[Cell]] = {}  # the training, and each epoch's task, by generator
            for name in config.generators:
                training = Cell("generator", seed, 0 if paper else n, Arm(generator=name))
                epochs = range(1, config.epochs + 1) if paper else ()
                by_epoch = [Cell("epoch", seed, 0, training.arm, e, (training.key, all_augmented.key)) for e in epochs]
                generator_cells[name] = [training, *by_epoch]
                cells += generator_cells[name]
            real_cells = {augmented: Cell("reader", seed, n, Arm("real", augmented)) for augmented in (False, True)}
            for arm in arms(config.generators):
                needs = []
                if arm.generator:
                    needs = [c.key for c in generator_cells[arm.generator]] + [all_augmented.key]
                if arm.filtered:  # by a reader of the real images that the generator has learned from
                    needs.append((all_real if paper else real_cells[arm.augmented]).key)
                cells.append(Cell("reader", seed, n, arm, needs=tuple(dict.fromkeys(needs))))
                if config.n_saliency and not arm.augmented and not arm.filtered and not (arm.real and arm.generator):
                    # Readers of real digits alone and of each generator's alone are compared by where they look.
                    needs = dict.fromkeys((real_cells[False].key, cells[-1].key))
                    cells.append(Cell("saliency", seed, n, arm, needs=tuple(needs)))
    return cells


def describe(config: StudyConfig) -> str:
    """The shell command that runs a study with these settings."""
    parts = ["python -m ocrgen study"]
    for name, value in config.model_dump().items():
        if value != StudyConfig.model_fields[name].default or name in ("dataset", "protocol", "seeds", "n"):
            values = value if isinstance(value, list) else [value]
            parts.append(f"--{name.replace('_', '-')} {' '.join(shlex.quote(str(v)) for v in values)}")
    return " ".join(parts)
