"""CPU threads of a process, and how its allocator reuses freed memory."""

import ctypes

import torch
from threadpoolctl import threadpool_limits

# Parameters of glibc's mallopt, from malloc.h, and their values in bytes.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
ALLOCATOR = {M_MMAP_THRESHOLD: 1 << 28, M_TRIM_THRESHOLD: 1 << 28, M_TOP_PAD: 1 << 26}


def limit_threads(threads: int) -> None:
    """Limit torch, and every BLAS and OpenMP library loaded so far, to this number of threads."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def configure_threads(threads: int) -> None:
    """Set up a process that trains: limit its threads, and keep freed memory for the next step.

    By default glibc returns large tensors to the system and faults them in again page by page, which takes up to a
    sixth of a step.
    """
    limit_threads(threads)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # absent outside glibc
        for parameter, size in ALLOCATOR.items():
            mallopt(parameter, size)
