"""Save and load a reader: safetensors weights in half precision, settings and provenance in the header."""

import json
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ocrgen.generators.checkpoint import require_finite
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically


def save_reader(reader: Reader, about: dict, file: Path) -> None:
    """Write weights in half precision, with settings and provenance (`about`, JSON values) in the header."""
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in reader.cpu().state_dict().items()}
    about = {"reader": reader.config.model_dump()} | about
    write_atomically(file, save({k: v.contiguous() for k, v in tensors.items()}, {"ocrgen": json.dumps(about)}))


def load_reader(file: Path) -> tuple[Reader, dict]:
    """What `save_reader` wrote: the reader, on the CPU, and its provenance. UserError if the file is damaged."""
    verify(file)
    try:
        with safe_open(file, "pt") as content:
            about = parse((content.metadata() or {})["ocrgen"])
            reader = Reader(ReaderConfig.model_validate(about["reader"]))
            reader.load_state_dict({k: content.get_tensor(k).float() for k in content.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ValidationError, RuntimeError) as fault:
        raise UserError(
            f"{file.parent.name}/{file.name} is damaged or no reader of ours ({type(fault).__name__})."
        ) from fault
    require_finite(reader, f"{file.parent.name}/{file.name}")
    return reader.eval(), about
