"""Save and load a reader: weights in half precision as safetensors, settings and provenance in the header."""

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


def save_reader(reader: Reader, metadata: dict, file: Path) -> None:
    """Write weights in half precision, with settings and `metadata` (provenance as JSON values) in the header."""
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in reader.cpu().state_dict().items()}
    metadata = {"reader": reader.config.model_dump()} | metadata
    write_atomically(file, save({k: v.contiguous() for k, v in tensors.items()}, {"ocrgen": json.dumps(metadata)}))


def load_reader(file: Path) -> tuple[Reader, dict]:
    """The reader, on the CPU, and the metadata that `save_reader` wrote. UserError if the file is damaged."""
    verify(file)
    try:
        with safe_open(file, "pt") as content:
            metadata = parse((content.metadata() or {})["ocrgen"])
            reader = Reader(ReaderConfig.model_validate(metadata["reader"]))
            reader.load_state_dict({k: content.get_tensor(k).float() for k in content.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ValidationError, RuntimeError) as fault:
        raise UserError(
            f"{file.parent.name}/{file.name} is damaged or no reader of ours ({type(fault).__name__})."
        ) from fault
    require_finite(reader, f"{file.parent.name}/{file.name}")
    return reader.eval(), metadata
