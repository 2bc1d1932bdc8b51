"""Weights of a generator as safetensors: the averaged network that draws, and how it came to be."""

import json
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch.nn import Module

from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically


def save_weights(model: GenerativeModel, about: dict, file: Path) -> None:
    """Write the sampler's weights; `about` (JSON values: model, config, seed, data, epoch) travels in the header."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.sampler.state_dict().items()}
    write_atomically(file, save(tensors, {"ocrgen": json.dumps(about)}))


def read_about(file: Path) -> dict:
    """What `save_weights` was told. UserError if the file is damaged."""
    verify(file)
    try:
        with safe_open(file, "pt") as content:
            return parse((content.metadata() or {})["ocrgen"])
    except (OSError, SafetensorError, KeyError, ValueError) as fault:
        raise UserError(f"{file.parent.parent.name}/{file.name} is damaged or no weights of ours ({fault}).") from fault


def load_generator(file: Path) -> GenerativeModel:
    """A generator that samples with the weights in `file`, on the CPU. UserError if the file is damaged or foreign."""
    about = read_about(file)
    name = f"{file.parent.parent.name}/{file.name}"
    try:
        kind = generators()[about["model"]]
        model = kind(kind.Config.model_validate(about["config"]))
        with safe_open(file, "pt") as content:
            model.sampler.load_state_dict({k: content.get_tensor(k) for k in content.keys()})  # noqa: SIM118
    except (KeyError, TypeError, ValidationError, RuntimeError, SafetensorError) as fault:
        raise UserError(f"{name} does not fit its own description ({type(fault).__name__}).") from fault
    finite(model.sampler, name)
    return model.eval()


def finite(network: Module, name: str) -> None:
    """UserError if weights are NaN or infinite: what they draw or read would mean nothing, and look like something."""
    if not all(bool(v.isfinite().all()) for v in network.state_dict().values() if v.is_floating_point()):
        raise UserError(f"{name} holds weights that are no numbers: take another epoch, or train anew.")
