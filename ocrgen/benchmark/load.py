"""Whether a machine has processors to spare, without which figures scatter."""

import os


def busy(load: float | None, processors: int | None, threads: int | None = 1) -> bool:
    """Whether so many threads have to share processors with others, at a load of so many processes that want one.

    Then figures scatter, and short measurements are off by factors: half a processor is allowed for the dashboard.
    """
    return bool(load is not None and processors and load + (threads or 1) > processors + 0.5)


def load_now() -> tuple[float, int]:
    """The load of the last minute, and how many processors this process may use."""
    return os.getloadavg()[0], len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
