"""How a process's allocator treats freed memory, where it is glibc's."""

import ctypes

# Parameters of glibc's mallopt, from malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


# For the environment of the dashboard, which Python cannot change once it runs: all its threads allocate in one place,
# where one uses what another has freed. By default each gets an arena of its own, up to eight a core, which keeps what
# it once needed: 50 MB with twenty viewers.
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}


def keep_freed_memory() -> None:
    """Keep freed memory for the next step of a training.

    By default glibc returns large tensors to the system and faults them in again page by page, which takes up to a
    sixth of a step.
    """
    parameters = {M_MMAP_THRESHOLD: 1 << 28, M_TRIM_THRESHOLD: 1 << 28, M_TOP_PAD: 1 << 26}
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # absent outside glibc
        for parameter, size in parameters.items():
            mallopt(parameter, size)
