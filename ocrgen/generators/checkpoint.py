"""Weights of a generator's sampler as safetensors, with the settings of its training in the header."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch.nn import Module

from ocrgen.datasets import classes_of
from ocrgen.datasets.alphabet import AlphabetError, stored_classes
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

# ValidationError is a ValueError; metadata that are no object have no attribute `get`.
_FAULTS = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError, AlphabetError)


def save_weights(model: GenerativeModel, metadata: dict, file: Path) -> None:
    """Write the sampler's weights, with `metadata` (JSON values: model, config, seed, data, epoch) in the header."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.sampler.state_dict().items()}
    write_atomically(file, save(tensors, {"ocrgen": json.dumps(metadata)}))


def read_metadata(file: Path) -> dict:
    """The metadata that `save_weights` wrote. UserError if the file is damaged."""
    verify(file)
    try:
        with safe_open(file, "pt") as content:
            return parse((content.metadata() or {})["ocrgen"])
    except (OSError, SafetensorError, KeyError, ValueError) as fault:
        raise UserError(f"{file.parent.parent.name}/{file.name} is damaged or no weights of ours ({fault}).") from fault


def load_generator(file: Path) -> GenerativeModel:
    """The generator with the sampler in `file`, on the CPU. UserError if it is damaged or not from ocrgen."""
    metadata = read_metadata(file)
    name = f"{file.parent.parent.name}/{file.name}"
    try:
        kind = generators()[metadata["model"]]
        default = classes_of(str(metadata.get("dataset", "")))
        model = kind(kind.Config.model_validate(metadata["config"]), stored_classes(metadata, default))
        with safe_open(file, "pt") as content:
            model.load_sampler({k: content.get_tensor(k) for k in content.keys()})  # noqa: SIM118
    except _FAULTS as fault:
        raise UserError(f"{name} does not fit its own description ({type(fault).__name__}).") from fault
    require_finite(model.sampler, name)
    return model.eval()


def require_finite(network: Module, name: str) -> None:
    """UserError if a weight is NaN or infinite: the output would be meaningless, yet look plausible."""
    if not all(bool(v.isfinite().all()) for v in network.state_dict().values() if v.is_floating_point()):
        raise UserError(f"{name} holds weights that are no numbers: take another epoch, or train anew.")
