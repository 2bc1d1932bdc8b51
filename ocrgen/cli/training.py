"""The verbs that train: `train`, `resume`, `digitnet`."""

import functools
import operator
from typing import Annotated, Any

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from ocrgen.cli.common import data_set, execute, open_store, parse
from ocrgen.utils.errors import UserError


def _preset(args: list[str]) -> str:
    """The preset that is asked for: it must be known before the flags are drawn, since it sets their defaults."""
    for i, arg in enumerate(args):
        name, _, value = arg.partition("=")
        if name == "--preset":
            return value or (args[i + 1] if i + 1 < len(args) else "")
    return ""


def train(args: list[str]) -> int:
    """Train a generator: train {cvae,cgan} --dataset NAME --preset fast|paper --epochs N --seed S ..."""
    from pydantic import Field, create_model

    from ocrgen.cli.flags import RunFlags
    from ocrgen.generators import generators
    from ocrgen.generators.base import GeneratorConfig
    from ocrgen.generators.config import TrainConfig, TrainRequest

    known, asked = generators(), _preset(args)
    fields = TrainRequest.model_fields

    class TrainFlags(RunFlags):
        dataset: str = Field(default=fields["dataset"].default, description=fields["dataset"].description)
        train: TrainConfig = TrainConfig()
        config: GeneratorConfig = GeneratorConfig()

    commands: list[Any] = []
    for name, model in known.items():
        chosen = asked or model.default_preset()
        if name in args and chosen not in model.presets:
            raise UserError(f"--preset: {name} has no preset {chosen!r}; it has {', '.join(model.presets)}.")
        default = model.presets.get(chosen) or model.presets[model.default_preset()]
        summary = (model.__doc__ or model.title).split("\n")[0]
        command = create_model(
            name,
            __base__=TrainFlags,
            __doc__=f"{summary} Flags show the values of the preset {chosen!r}.",
            preset=(str, Field(default=chosen, description=fields["preset"].description)),
            config=(model.Config, default),
        )
        commands.append(Annotated[command, tyro.conf.subcommand(name, prefix_name=False)])
    # One type for all generators, known only now: tyro makes a subcommand of each of its members.
    union = functools.reduce(operator.or_, commands)
    flags: Any = parse(
        union, "train", args, description="Train a generator and keep every epoch in a run.",
        config=(OmitArgPrefixes,),
    )  # fmt: skip
    request = TrainRequest(
        dataset=data_set(flags.dataset, flags.transpose),
        model=type(flags).__name__,
        preset=flags.preset,
        train=flags.train,
        config=flags.config,
    )
    store = open_store()
    run = store.create("train", request.model_dump(mode="json"), request.about, flags.run_name)
    return execute(run, store)


def resume(args: list[str]) -> int:
    """Go on with a run that was cancelled or has died, exactly where it stopped: resume RUN"""

    def command(run: Positional[str]) -> str:
        """Go on with a run that was cancelled, has failed or has died, exactly where it stopped.

        Args:
            run: the run's name, or its label.
        """
        return run

    store = open_store()
    return execute(store.get(parse(command, "resume", args)), store)


def digitnet(args: list[str]) -> int:
    """Train the metric network on MNIST and Arabic digits: digitnet [--epochs N] ..."""
    from ocrgen.metrics.extractors.digitnet_training import DigitNetConfig

    config = parse(DigitNetConfig, "digitnet", args)
    store = open_store()
    return execute(store.create("digitnet", config.model_dump(), "digitnet"), store)
