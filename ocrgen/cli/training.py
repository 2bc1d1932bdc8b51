"""The verbs that train: `train`, `resume`, `digitnet`."""

from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from ocrgen.cli.common import absolute, execute, open_store, parse
from ocrgen.utils.errors import UserError


def _preset(args: list[str]) -> str:
    """The preset that is asked for: it must be known before the flags are drawn, since it sets their defaults."""
    for i, arg in enumerate(args):
        name, _, value = arg.partition("=")
        if name == "--preset":
            return value or (args[i + 1] if i + 1 < len(args) else "")
    return "fast"


def train(args: list[str]) -> int:
    """Train a generator: train {cvae,cgan} --dataset NAME --preset fast|paper --epochs N --seed S ..."""
    from pydantic import Field, create_model

    from ocrgen.generators import generators
    from ocrgen.generators.config import TrainConfig, TrainRequest
    from ocrgen.utils.settings import Settings

    known, preset = generators(), _preset(args)
    asked = TrainRequest.model_fields
    commands = {}
    for name, model in known.items():
        if name in args and preset not in model.presets:
            raise UserError(f"--preset: {name} has no preset {preset!r}; it has {', '.join(model.presets)}.")
        default = model.presets.get(preset) or next(iter(model.presets.values()))
        about = (model.__doc__ or model.title).split("\n")[0]
        commands[name] = create_model(
            name,
            __base__=Settings,
            __doc__=f"{about} Flags show the values of the preset {preset!r}.",
            dataset=(str, Field("digits", description=asked["dataset"].description)),
            preset=(str, Field(preset, description=asked["preset"].description)),
            run_name=(str, Field("", description="a label of your own for the run; its folder's name is generated")),
            train=(OmitArgPrefixes[TrainConfig], TrainConfig()),
            config=(OmitArgPrefixes[model.Config], default),
        )
    kinds = [Annotated[c, tyro.conf.subcommand(n, prefix_name=False)] for n, c in commands.items()]
    command = parse(_union(kinds), "train", args, description="Train a generator and keep every epoch in a run.")
    request = TrainRequest(
        dataset=absolute(command.dataset),
        model=type(command).__name__,
        preset=command.preset,
        train=command.train,
        config=command.config,
    )
    store = open_store()
    about = f"{request.model}-{Path(request.dataset).stem}"
    run = store.create("train", request.model_dump(mode="json"), about, command.run_name)
    return execute(run, store)


def _union(kinds: list) -> object:
    union = kinds[0]
    for kind in kinds[1:]:
        union = union | kind
    return union


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
