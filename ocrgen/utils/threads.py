"""How a process computes: the threads it takes of the processor, and what it does with memory that it gives back."""

import ctypes

import torch
from threadpoolctl import threadpool_limits

# glibc's mallopt: sizes from which memory is mapped anew, given back to the system, and asked for in one piece.
TRIM, TOP_PAD, MAP = -1, -2, -3
KEPT, ASKED = 1 << 28, 1 << 26  # bytes


def limit_threads(threads: int) -> None:
    """Let torch and all libraries of linear algebra that are loaded by now take so many threads and no more."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def configure_threads(threads: int) -> None:
    """For a process that trains: its threads, and memory kept from step to step.

    By default glibc gives large tensors back to the system and gets them anew, page by page: up to a sixth of a step.
    """
    limit_threads(threads)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    for what, size in ((MAP, KEPT), (TRIM, KEPT), (TOP_PAD, ASKED)) if mallopt else ():
        mallopt(what, size)
