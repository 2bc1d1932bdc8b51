"""Which device and which floating-point type to compute with."""

import contextlib
from collections.abc import Iterator

import torch

from ocrgen.utils.errors import UserError

_auto = "auto"  # what "auto" means at the moment


def pick_device(choice: str = "auto") -> torch.device:
    """The device for "auto" (a GPU if there is one), "cpu" or "cuda". UserError if there is no GPU for "cuda"."""
    if choice == "cuda" and not torch.cuda.is_available():
        raise UserError("No CUDA device is available here: choose device cpu or auto.")
    return torch.device("cuda" if choice != "cpu" and torch.cuda.is_available() else "cpu")


def pick_dtype(device: torch.device, choice: str = "auto") -> torch.dtype:
    """The type for "bf16", "fp32" or "auto": bfloat16 where the hardware has instructions for it, else float32."""
    if choice == "auto":
        choice = _auto
    if choice != "auto":
        return torch.bfloat16 if choice == "bf16" else torch.float32
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return torch.bfloat16 if native else torch.float32


@contextlib.contextmanager
def computing_in(choice: str) -> Iterator[None]:
    """Within it, "auto" means this precision, "bf16" or "fp32", in the whole process; "auto" changes nothing."""
    global _auto
    before, _auto = _auto, choice
    try:
        yield
    finally:
        _auto = before
