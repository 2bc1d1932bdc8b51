"""Which device and which arithmetic to compute with."""

import torch

from ocrgen.utils.errors import UserError


def pick_device(wanted: str = "auto") -> torch.device:
    """The device to compute on: auto takes a GPU if there is one. UserError if cuda is wanted and absent."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("No CUDA device is available here: choose device cpu or auto.")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def pick_dtype(device: torch.device, wanted: str = "auto") -> torch.dtype:
    """The networks' arithmetic: auto takes bfloat16 where the hardware has instructions for it, else float32."""
    if wanted != "auto":
        return torch.bfloat16 if wanted == "bf16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        fast = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return torch.bfloat16 if fast else torch.float32
