"""Times of two ways to do the same, taken in turn in one process, and the ratio between them with its spread."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ocrgen.runs.jobs import Cancelled

RESAMPLES = 2000
FEW = 5  # below so many rounds, resampling says less than the smallest and the largest
FEWEST = 3  # rounds of a comparison whose rounds are long
LONGEST = 60.0  # CPU seconds after which a comparison ends at FEWEST rounds or more
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
    """CPU seconds of this process, all its threads together, and seconds on the wall."""
    return time.process_time(), time.perf_counter()


@dataclass(frozen=True)
class Side:
    """One way to do something: a call of `run` does `amount` of it (images, or 1)."""

    name: str
    run: Callable[[], object]
    amount: float = 1.0


@dataclass(frozen=True, eq=False)
class Times:
    """Seconds per call of one side, one value a round: CPU (n,) and wall (n,)."""

    name: str
    amount: float
    cpu: np.ndarray
    wall: np.ndarray

    def figure(self, unit: str, cpu: bool = False) -> float:
        """The median in `unit`: images per second, ms or seconds; per CPU second if `cpu`."""
        seconds = float(np.median(self.cpu if cpu else self.wall))
        return {"ms": 1000 * seconds, "seconds": seconds}.get(unit, self.amount / seconds)


def timed(run: Callable[[], object], now: Clock = clock) -> np.ndarray:
    """CPU and wall seconds of one call (2,)."""
    begun = now()
    run()
    return np.subtract(now(), begun)


def interleave(
    sides: list[Side], rounds: int, seconds: float, stop: Callable[[], bool] = lambda: False, now: Clock = clock
) -> list[Times]:
    """Measure all sides in turn, `rounds` times, each for about `seconds` at least; Cancelled after `stop()`.

    The warm-up, which also tells how many calls last that long, is left out. Comparisons of long calls end after
    three rounds.
    """

    def checked(run: Callable[[], object], calls: int = 1) -> np.ndarray:
        if stop():
            raise Cancelled
        return timed(lambda: [run() for _ in range(calls)], now) / calls

    calls = []
    for side in sides:
        first = checked(side.run)
        # The very first call also pays for what is made once: the second tells how long one lasts.
        again = checked(side.run) if first[0] < 5 * seconds else first
        calls.append(max(1, round(seconds / max(float(again[0]), 1e-7))))
    found: list[list[np.ndarray]] = []
    begun = now()[0]
    while len(found) < rounds and (len(found) < FEWEST or now()[0] - begun < LONGEST):
        found.append([checked(side.run, k) for side, k in zip(sides, calls, strict=True)])
    table = np.maximum(np.array(found), 1e-9)  # (rounds, sides, 2)
    return [Times(s.name, s.amount, table[:, i, 0], table[:, i, 1]) for i, s in enumerate(sides)]


def ratios(subject: Times, against: Times) -> np.ndarray:
    """How many times as much the subject does per CPU second, round by round (n,)."""
    return (against.cpu / against.amount) / (subject.cpu / subject.amount)


def spread(values: np.ndarray) -> tuple[float, float | None, float | None]:
    """Median and its bounds, as METHOD says; no bounds for a single value."""
    values = np.asarray(values, float)
    middle = float(np.median(values))
    if len(values) < 2:
        return middle, None, None
    if len(values) < FEW:
        return middle, float(values.min()), float(values.max())
    drawn = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
    low, high = np.percentile(np.median(drawn, 1), [2.5, 97.5])
    return middle, float(low), float(high)
