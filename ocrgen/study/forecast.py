"""How long a study will take: before it starts by its optimiser steps, later by the time of the seeds that are done."""

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
