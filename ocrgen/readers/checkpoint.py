"""Save and load a reader: weights in half precision as safetensors, settings and provenance in the header."""

import json
from pathlib import Path

from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ocrgen.datasets import classes_of
from ocrgen.datasets.alphabet import AlphabetError, stored_classes
from ocrgen.generators.checkpoint import require_finite
from ocrgen.imaging.geometry import GEOMETRIES, Geometry
from ocrgen.readers.doubt import PREFIX, Doubt
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

# ValidationError is a ValueError; a header that is no object has no attribute `get`.
_FAULTS = (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError, RuntimeError)


def save_reader(reader: Reader, metadata: dict, file: Path) -> None:
    """Write weights in half precision, with settings and `metadata` (provenance as JSON values) in the header.

    What the reader doubts by, if anything, is stored beside the weights.
    """
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in reader.cpu().state_dict().items()}
    tensors |= reader.doubt.tensors() if reader.doubt else {}
    metadata = {"reader": reader.config.model_dump(), "classes": reader.classes} | metadata
    write_atomically(file, save({k: v.contiguous() for k, v in tensors.items()}, {"ocrgen": json.dumps(metadata)}))


def load_reader(file: Path) -> tuple[Reader, dict]:
    """The reader, on the CPU, and the metadata that `save_reader` wrote. UserError if the file is damaged."""
    verify(file)
    name = f"{file.parent.name}/{file.name}"
    try:
        with safe_open(file, "pt") as content:
            metadata = parse((content.metadata() or {})["ocrgen"])
            tensors = {k: content.get_tensor(k) for k in content.keys()}  # noqa: SIM118
        classes = stored_classes(metadata, classes_of(str(metadata.get("dataset", ""))))
        stored_geometry(metadata)
        config = ReaderConfig.model_validate(metadata["reader"])
        if (k := len(tensors["last.1.bias"])) != len(classes):
            raise AlphabetError(f"it names {len(classes)} classes for a network of {k}.")
        reader = Reader(config, classes)
        reader.load_state_dict({k: v.float() for k, v in tensors.items() if not k.startswith(PREFIX)})
        reader.doubt = Doubt.of(tensors, 98 * config.channels + config.hidden)
    except AlphabetError as fault:
        raise UserError(f"{name} is damaged: {fault} Train the OCR model anew, or export it again.") from fault
    except _FAULTS as fault:
        raise UserError(f"{name} is damaged or no OCR model of ours ({type(fault).__name__}).") from fault
    require_finite(reader, name)
    return reader.eval(), metadata


def stored_geometry(metadata: dict) -> Geometry:
    """How the characters were placed that a reader was trained on; ValueError if the metadata's is damaged."""
    if "geometry" not in metadata:  # of an earlier version, which knew digits only
        return GEOMETRIES.get(str(metadata.get("dataset", "")), GEOMETRIES["mnist"])
    return TypeAdapter(Geometry).validate_python(metadata["geometry"])
