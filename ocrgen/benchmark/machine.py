"""The machine that a benchmark runs on, without which its figures mean nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from ocrgen.benchmark.measure import METHOD
from ocrgen.utils.device import pick_dtype

INSTRUCTIONS = ("avx2", "avx512_f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16")
NAMES = {torch.bfloat16: "bf16", torch.float32: "fp32"}


def precision() -> str:
    """The arithmetic that our networks use on this CPU: bf16 or fp32."""
    return NAMES[pick_dtype(torch.device("cpu"))]


def machine(threads: int) -> dict:
    """Processor, cores, threads, instructions, memory in GiB, system, versions, load of the last minute, method."""
    capabilities = torch.cpu.get_capabilities()
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": threads,
        "instructions": [name for name in INSTRUCTIONS if capabilities.get(name)],
        "precision": precision(),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "numpy", "scipy")},
        "load": round(os.getloadavg()[0], 2),
        "method": METHOD,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return fields.get("model name") or platform.machine()
