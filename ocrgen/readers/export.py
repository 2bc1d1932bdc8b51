"""Export a reader to ONNX, for use outside the lab."""

import io
import json
import threading
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ocrgen.datasets.alphabet import noun
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.network import Reader

TRACING = threading.Lock()  # torch's tracer has one state for the whole process


class _WithPreprocessing(nn.Module):
    """From grey levels to probabilities: scaling and softmax become part of the exported model."""

    def __init__(self, reader: Reader):
        super().__init__()
        self.reader = reader

    def forward(self, images: Tensor) -> Tensor:
        return self.reader(images.float() / 255).softmax(1)


def to_onnx(file: Path) -> bytes:
    """The reader in `file` as a serialised ONNX model, with its provenance in the metadata property `ocrgen`.

    Input `images`: uint8 (n, 1, 28, 28), white ink on black, laid out as MNIST's. Output `probabilities`: float32
    (n, K); the class texts are in `ocrgen`, as `classes`. UserError if the file is damaged.
    """
    import onnx

    reader, metadata = load_reader(file)
    buffer = io.BytesIO()
    with TRACING, warnings.catch_warnings():
        # The newer exporter gives the same graph, takes thirteen seconds instead of one, and wants two more packages.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            _WithPreprocessing(reader).eval(),
            (torch.zeros(2, 1, 28, 28, dtype=torch.uint8),),
            buffer,  # pyright: ignore[reportArgumentType] - with dynamo=False, a file object is accepted too
            dynamo=False,
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_axes={"images": {0: "n"}, "probabilities": {0: "n"}},
        )
    model = onnx.load_from_string(buffer.getvalue())
    what = noun(reader.classes)
    model.doc_string = f"Reads one handwritten {what}: images uint8 (n, 1, 28, 28), white on black, as trained on."
    onnx.helper.set_model_props(model, {"ocrgen": json.dumps(metadata | {"classes": reader.classes})})
    return model.SerializeToString()
