"""Made tables of epochs, of which the best choice is known, for claim 2."""

from pathlib import Path

import pandas as pd
from scipy.stats import spearmanr

from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.selection import SelectedRuns, Study
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.results import COLUMNS
from ocrgen.study.statistics import DISTANCES
from tests.helpers.tables import made

SEEDS, EPOCHS = 8, 10
PEAK = 4  # the best epoch of a training that gets worse


def scores(accuracy, distances, arms=("cvae", "cgan"), seeds=SEEDS, epochs=EPOCHS):
    """A table of epochs; `accuracy(arm, seed, epoch)`, `distances(arm, seed, epoch, accuracy)` by name, or all one."""
    rows = []
    for arm in arms:
        for seed in range(seeds):
            for epoch in range(1, epochs + 1):
                read = accuracy(arm, seed, epoch)
                found = distances(arm, seed, epoch, read)
                found = found if isinstance(found, dict) else dict.fromkeys(DISTANCES, found)
                figures = found | {"accuracy": read}
                rows += [["epoch", arm, 0, seed, epoch, 9000, 9, metric, v] for metric, v in figures.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def rises(arm, seed, epoch):
    """Accuracy that grows with the epoch."""
    return 0.98 - 0.1 / epoch + seed / 10_000 + (arm == "cvae") * 0.02


def peaks(arm, seed, epoch):
    """Accuracy of a training that gets worse after PEAK."""
    return 0.97 - 0.003 * abs(epoch - PEAK) + seed / 10_000 + (arm == "cvae") * (0.02 + seed / 5000)


def by_age(arm, seed, epoch, read):
    """A distance that only counts epochs."""
    return 1 / epoch + (arm == "cgan")


def by_worth(arm, seed, epoch, read):
    """A distance that knows the accuracy."""
    return 1 - read


def judged(table):
    """Claim 2 by this table alone."""
    study = Study(Run(Path("spoken")), made(StudyConfig(protocol="paper", generators=["cvae", "cgan"]), table), True)
    return judge_claims(SelectedRuns(None, study, None, (), ()))[1]


def of(found, distance="lfid_64"):
    """What a distance chose."""
    return next(c for c in found if c.distance == distance)


def pooled(table, scope=None):
    """The old measure: rank correlation of LFID-64 with accuracy over checkpoints as they come."""
    wide = table.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value")
    wide = wide.loc[[scope]] if scope else wide
    return spearmanr(wide.lfid_64, wide.accuracy)[0]
