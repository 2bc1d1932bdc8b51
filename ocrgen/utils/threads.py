"""CPU threads of a process."""

import torch
from threadpoolctl import threadpool_limits

from ocrgen.utils.memory import keep_freed_memory


def limit_threads(threads: int) -> None:
    """Limit torch, and every BLAS and OpenMP library loaded so far, to this number of threads."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def configure_threads(threads: int) -> None:
    """Set up a process that trains: limit its threads, and keep freed memory for the next step."""
    limit_threads(threads)
    keep_freed_memory()
