"""How long a study will take: before it starts by its optimiser steps, later by the time of the tasks that are done."""

from collections.abc import Iterable, Mapping, Sequence

from ocrgen.study.arms import BAR
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import Cell, plan_seed
from ocrgen.study.results import Results

# Seconds of one processor core: an optimiser step of a reader (measured: 22 ms on MNIST and the Arabic letters); a
# generator's pass over 12,800 images (2.7 for a CVAE, 5.1 for a CGAN, letters); what a task of the bundled digits takes
# besides. Other machines differ.
STEP, EPOCH, TASK = 0.024, 4.0, 2.0
EPOCH_IMAGES = 12_800


def seconds_of_seed(config: StudyConfig, classes: int, n_train: int) -> float:
    """About how many seconds of one core each seed takes. classes, n_train: of the training set."""
    return sum(TASK + _seconds(config, cell, classes, n_train) for cell in plan_seed(config, 0))


def _seconds(config: StudyConfig, cell: Cell, classes: int, n_train: int) -> float:
    pooled = config.protocol == "pool"
    if cell.kind == "generator":
        learned = n_train if config.protocol == "paper" else cell.n + pooled * min(config.unlabelled, n_train - cell.n)
        return EPOCH * config.epochs * max(config.min_epoch_images, learned) / EPOCH_IMAGES
    steps = config.steps_at(cell.n or min(config.sizes()), classes) * (1 + (pooled and not config.steps))
    if cell.kind == "reader":
        return STEP * (config.full_steps if cell.arm.real == "all" else steps * config.readers_per_task)
    return STEP * steps if cell.kind in ("epoch", "pseudo") else 0.0


def measured_seconds(results: Results) -> float | None:
    """Seconds that each complete seed's tasks took, one after the other; None before the first is complete.

    Of seeds that a processor worked on, if there are any: a GPU is not always at hand.
    """
    table = results.table
    by_processor = table.loc[table.metric == "cpu_seconds"].groupby("seed").size() >= len(plan_seed(results.config, 0))
    seeds = by_processor.index[by_processor] if by_processor.any() else table.seed.unique()
    rows = table.loc[(table.metric == "seconds") & table.seed.isin(seeds)].groupby("seed").value
    whole = rows.sum().loc[rows.size() >= len(plan_seed(results.config, 0))]
    return float(whole.mean()) if len(whole) else None


def seconds_left(results: Results, more_seeds: int) -> float | None:
    """About how long so many more seeds take on this study's processes; None before a seed is complete."""
    each = measured_seconds(results)
    return None if each is None else each * more_seeds / results.config.workers


def first_cells(config: StudyConfig) -> list[Cell]:
    """The tasks up to the first comparison: real images alone, and augmented, of the first seed and size."""
    cells = plan_seed(config, 0)
    pair = [i for i, c in enumerate(cells) if c.kind == "reader" and c.n and c.arm.name in ("real", BAR)]
    return cells[: max(pair[:2], default=-1) + 1]


class TimeLeft:
    """How long the open ones of some tasks will take, by how long those that are like them have taken."""

    def __init__(self, config: StudyConfig, cells: Sequence[Cell], classes: int, n_train: int):
        self._workers, self._cells = config.workers, {cell.key: cell for cell in cells}
        self._guessed = {cell.key: TASK + _seconds(config, cell, classes, n_train) for cell in cells}

    def before(self) -> float:
        """About how many seconds all take, before any has ended."""
        return sum(self._guessed.values()) / self._workers

    def seconds(self, ended: Mapping[str, float], now: Iterable[str], elapsed: float) -> float | None:
        """About how many seconds are left; None before a task has ended.

        ended: seconds that each ended task took, by key. now: which of them ended in the last `elapsed` seconds.
        """
        here = [ended[key] for key in now if key in ended]
        if sum(here) <= 0 or elapsed <= 0:  # none has ended, or none but such as failed at once
            return None
        # Other processes are somewhere in the middle of a task.
        begun = (self._workers - 1) / 2 * sum(here) / len(here)
        pace = (sum(here) + begun) / elapsed
        left = sum(seconds for key, seconds in self._expected(ended).items() if key not in ended)
        return max(0.0, left - begun) / pace

    def _expected(self, ended: Mapping[str, float]) -> dict[str, float]:
        """Seconds of each task: as the same one of other seeds took, else its guess, scaled by its kind's or by all."""
        taken: dict[object, list[float]] = {}
        guessed: dict[object, list[float]] = {}
        for key, seconds in ended.items():
            for group in self._groups(key) if key in self._cells else ():
                taken.setdefault(group, []).append(seconds)
                guessed.setdefault(group, []).append(self._guessed[key])
        expected = {}
        for key, guess in self._guessed.items():
            group = next((g for g in self._groups(key) if g in taken), None)
            expected[key] = guess if group is None else guess * sum(taken[group]) / sum(guessed[group])
        return expected

    def _groups(self, key: str) -> tuple[object, ...]:
        """What a task is like, the nearest first: the same of another seed, one of its kind, any."""
        cell = self._cells[key]
        return (cell.kind, cell.arm, cell.n, cell.epoch), cell.kind, ""
