"""The settings of a training, shown as flags and as a form, and kept in `run.json`."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, SerializeAsAny, ValidationError, ValidationInfo, field_validator

from ocrgen.datasets import DATASET, Characters
from ocrgen.generators import generators
from ocrgen.generators.base import GeneratorConfig
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.settings import Settings, first_fault

# Of a training with an automatic number of epochs. On the bundled digits LFID-192, against images that were held out,
# is then near the level that longer trainings reach.
STEPS, MOST_EPOCHS = 1500, 500
CLASS_VIEWS = 25_000  # images of each class that such a training sees, if 60 epochs suffice


class TrainConfig(Settings):
    """Settings of the training loop, the same for every generator."""

    epochs: int = Field(
        default=0,
        ge=0,
        le=MOST_EPOCHS,
        description=f"passes over the images; 0 = auto: 10, or as many as make {STEPS:,} steps if images are few",
    )
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="seed of weights, order and noise; the same seed repeats a run"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="where to compute; auto takes a GPU if present"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="arithmetic of the networks; auto takes bf16 where the processor gains from it"
    )
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads; 1 leaves room for the dashboard")
    monitor: int = Field(
        default=40_000,
        ge=0,
        le=10_000_000,
        description="images between two LFID scores, taken at an epoch's end; 0 = none",
    )
    watch: Literal["lfid_64", "lfid_192"] = Field(
        default="lfid_192", description="the score that says which epoch is best"
    )
    patience: int = Field(default=0, ge=0, le=500, description="stop after so many scores without a gain; 0 = never")
    min_gain: float = Field(
        default=0.0, ge=0, lt=1, description="share by which the score must fall to count as a gain"
    )
    keep: int = Field(
        default=100,
        ge=0,
        le=500,
        description="epochs whose weights stay; of more the oldest go, never best or last; 0 = all",
    )
    log_every: int = Field(default=20, ge=1, le=10_000, description="steps between two points of the curves")


class TrainRequest(Settings):
    """One training, as it stands in `run.json`."""

    dataset: str = Field(default="digits", description=DATASET)
    model: str = Field(default="cvae", description="generator")
    preset: str = Field(
        default="fast",
        description="settings to start from: fast, or paper for the published ones, where a generator has them",
    )
    train: TrainConfig = TrainConfig()
    config: SerializeAsAny[GeneratorConfig] = GeneratorConfig()

    @field_validator("model")
    @classmethod
    def _check_model(cls, name: str) -> str:
        if name not in generators():
            raise ValueError(f"there is no generator {name!r}: choose from {', '.join(generators())}")
        return name

    @field_validator("config", mode="before")
    @classmethod
    def _parse_model_config(cls, value: object, info: ValidationInfo) -> object:
        model = generators().get(info.data.get("model", ""))
        if model is None or isinstance(value, model.Config):
            return value
        return model.Config.model_validate(value.model_dump() if isinstance(value, GeneratorConfig) else value)

    @property
    def about(self) -> str:
        """What its run is named after."""
        return f"{self.model}-{Path(self.dataset).stem}"


def request_of(
    model: str, dataset: str, preset: str = "", train: Mapping | None = None, config: Mapping | None = None
) -> TrainRequest:
    """The request of a training. UserError, in words, if there is no such generator or preset, or a setting is off.

    preset: the generator's first if not given. train, config: settings of the loop and of the generator that differ.
    """
    known = generators()
    if model not in known:
        raise UserError(f"There is no generator {model!r}: choose from {', '.join(known)}.")
    preset, presets = preset or known[model].default_preset(), known[model].presets
    if preset not in presets:
        raise UserError(f"{model} has no preset {preset!r}: choose from {', '.join(presets)}.")
    values = {"dataset": dataset, "model": model, "preset": preset, "train": train or {}}
    try:
        return TrainRequest.model_validate(values | {"config": presets[preset].model_dump() | dict(config or {})})
    except ValidationError as fault:
        raise UserError(first_fault(fault)) from fault


class Length(NamedTuple):
    """How long a training is: images per step, steps per epoch, epochs."""

    batch: int
    per_epoch: int
    epochs: int

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return self.per_epoch * self.epochs


def length_of(train: Characters, batch: int, epochs: int = 0) -> Length:
    """How long a training on these images is, with so many of them per step, and so many epochs; 0 = auto."""
    batch = min(batch, len(train))
    return Length(batch, len(train) // batch, epochs or auto_epochs(train, batch))


def auto_epochs(train: Characters, batch: int) -> int:
    """The number of epochs where none is given: 10, or more where images, or images of a class, are few.

    Few images: as many as make 1,500 steps, at most 500. Few of a class: until each class has been seen 25,000 times,
    at most 60.
    """
    for_steps = math.ceil(STEPS / max(1, len(train) // batch))
    for_classes = math.ceil(CLASS_VIEWS * train.n_classes / len(train))
    return max(10, min(for_steps, MOST_EPOCHS), min(for_classes, 60))


def describe(request: TrainRequest) -> str:
    """The command that repeats this training from a shell."""
    model = generators()[request.model]
    parts = [f"{PROGRAM} train", request.model, f"--dataset {request.dataset}", f"--preset {request.preset}"]
    default = model.presets[request.preset]
    for config, defaults in ((request.train, TrainConfig()), (request.config, default)):
        changed = {k: v for k, v in config.model_dump().items() if v != getattr(defaults, k)}
        parts += [f"--{k.replace('_', '-')} {json.dumps(v).strip(chr(34))}" for k, v in changed.items()]
    return " ".join(parts)
