"""Timings of two implementations, taken in turn in one process, and their ratio with its bounds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocrgen.runs.jobs import Cancelled

RESAMPLES = 2000
MIN_RESAMPLED = 5  # with fewer rounds, the bounds are the smallest and the largest ratio
MIN_ROUNDS = 3  # of a comparison that takes long
TIME_LIMIT = 60.0  # CPU seconds after which a comparison ends, once it has MIN_ROUNDS
METHOD = (
    "All sides of a comparison are measured in turn, A B A B, in one process, after a round of warm-up that is left "
    "out. A ratio is the median over the rounds of the paired ratios of CPU seconds, since other processes may be "
    "busy; above 1, the subject is the faster. Its bounds: percentile bootstrap of that median (95 %, 2,000 "
    "resamples), smallest and largest where there are fewer than 5 rounds, Student's t (95 %) of the mean for the "
    "repeated trainings of the claim. Values are medians by the clock on the wall; cpu_value is the same by CPU "
    "seconds."
)
Clock = Callable[[], tuple[float, float]]


def clock() -> tuple[float, float]:
    """CPU seconds of this process (all threads) and wall-clock seconds."""
    return time.process_time(), time.perf_counter()


@dataclass(frozen=True)
class Side:
    """One implementation: a call of `run` does `amount` of the work (images, or 1)."""

    name: str
    run: Callable[[], Any]
    amount: float = 1.0


@dataclass(frozen=True, eq=False)
class Times:
    """Seconds per call of one side, in each round: CPU (n,) and wall-clock (n,)."""

    name: str
    amount: float
    cpu: np.ndarray
    wall: np.ndarray

    def figure(self, unit: str, cpu: bool = False) -> float:
        """The median in `unit`: ms, seconds, or else the amount per second; by CPU or wall-clock time."""
        seconds = float(np.median(self.cpu if cpu else self.wall))
        return {"ms": 1000 * seconds, "seconds": seconds}.get(unit, self.amount / seconds)


def timed(run: Callable[[], object], now: Clock = clock) -> np.ndarray:
    """CPU and wall-clock seconds of one call, (2,)."""
    begun = now()
    run()
    return np.subtract(now(), begun)


def interleave(
    sides: list[Side], rounds: int, seconds: float, stop: Callable[[], bool] = lambda: False, now: Clock = clock
) -> list[Times]:
    """Time all sides in turn, for `rounds` rounds; Cancelled after `stop()`.

    seconds: of CPU time that one measurement takes at least; short calls are repeated. The warm-up, which determines
    how often, is not counted. A comparison that exceeds TIME_LIMIT ends early, with at least MIN_ROUNDS rounds.
    """

    def checked(run: Callable[[], object], calls: int = 1) -> np.ndarray:
        if stop():
            raise Cancelled
        return timed(lambda: [run() for _ in range(calls)], now) / calls

    calls = []
    for side in sides:
        first = checked(side.run)
        # The first call includes one-time costs, so the second determines the duration.
        again = checked(side.run) if first[0] < 5 * seconds else first
        calls.append(max(1, round(seconds / max(float(again[0]), 1e-7))))
    measured: list[list[np.ndarray]] = []
    begun = now()[0]
    while len(measured) < rounds and (len(measured) < MIN_ROUNDS or now()[0] - begun < TIME_LIMIT):
        measured.append([checked(side.run, k) for side, k in zip(sides, calls, strict=True)])
    table = np.maximum(np.array(measured), 1e-9)  # (rounds, sides, 2)
    return [Times(s.name, s.amount, table[:, i, 0], table[:, i, 1]) for i, s in enumerate(sides)]


def ratios(subject: Times, against: Times) -> np.ndarray:
    """Throughput of `subject` per CPU second over that of `against`, round by round, (n,)."""
    return (against.cpu / against.amount) / (subject.cpu / subject.amount)


def spread(values: np.ndarray) -> tuple[float, float | None, float | None]:
    """Median and its bounds, as METHOD says; None for the bounds of a single value."""
    values = np.asarray(values, float)
    middle = float(np.median(values))
    if len(values) < 2:
        return middle, None, None
    if len(values) < MIN_RESAMPLED:
        return middle, float(values.min()), float(values.max())
    resampled = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
    low, high = np.percentile(np.median(resampled, 1), [2.5, 97.5])
    return middle, float(low), float(high)
