"""The primary family of a study, declared by its settings alone: each synthetic way on top of real + augmentation.

All else that a study compares is exploratory, and gets no verdict word.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from ocrgen.study.arms import BAR
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import Correctness
from ocrgen.study.decision import ALPHA, NO_SEEDS, Decision, decide, default_matters
from ocrgen.study.inference import Estimate
from ocrgen.study.sequential import LOOKS, look
from ocrgen.study.statistics import of_seeds

Way = tuple[str, int]  # training mix, number of labelled images
AT_WORK = "the study is not complete"


def declared(config: StudyConfig) -> list[Way]:
    """The comparisons that a study decides, all with BAR at the same n, whatever it will find."""
    return [(arm.name, n) for n in config.sizes() for arm in config.arms if arm.primary]


def settled(decisions: Mapping[Way, Decision]) -> bool:
    """Whether more seeds would decide nothing: all is decided, or what is open is so for want of test images."""
    return bool(decisions) and not any(
        d.word == "undecided" and not d.would_decide.startswith(NO_SEEDS) for d in decisions.values()
    )


class Measured:
    """What has been measured of a study. table, correct, n_test: as in `Results`."""

    def __init__(self, config: StudyConfig, table: pd.DataFrame, correct: Correctness, n_test: int):
        self.config, self.table, self.correct, self.n_test = config, table, correct, n_test

    def estimate(
        self, arm: str, against: str, n_real: int, metric: str = "accuracy", seeds: int | None = None
    ) -> Estimate | None:
        """The difference between two training mixes at n_real, with both errors; None if it has not been measured.

        Of a study of earlier rules, which kept no images apart, with the error of the seeds alone. seeds: how many to
        take, the first ones; all if None.
        """
        keys = [(name, n_real, metric) for name in (arm, against)]
        if found := self.correct.estimate(keys[0], keys[1], seeds):
            return found
        if any(key in self.correct.counts for key in keys):
            return None
        return of_seeds(self.table, arm, against, n_real, metric, seeds, self.n_test)

    def accuracy(self, arm: str, n_real: int, metric: str = "accuracy", seeds: int | None = None) -> float:
        """Mean over the first seeds, or over all; NaN if it has not been measured."""
        rows = self.table
        rows = rows.loc[(rows.kind == "reader") & (rows.arm == arm) & (rows.n_real == n_real) & (rows.metric == metric)]
        return float((rows if seeds is None else rows.loc[rows.seed < seeds]).value.mean())

    def matters(self, n_real: int) -> float:
        """The least difference of accuracy that matters at n labelled images, as a share.

        As the settings say, else by the bar's accuracy, in the seeds of the first look.
        """
        if self.config.matters is not None:
            return self.config.matters / 100
        return default_matters(self.accuracy(BAR, n_real, seeds=LOOKS[0] if self.config.until_decided else None))

    def decisions(self) -> dict[Way, Decision]:
        """The decided family, as far as it has been measured; until it is complete nothing is decided.

        Until decided: as it stands at the last look of which all seeds are complete.
        """
        config, found = self.config, {}
        for seeds in LOOKS if config.until_decided else ():
            family = self._family(seeds)
            if len(family) < len(declared(config)) or any(e.seeds < seeds for e in family.values()):
                break
            found = look(family, *self._terms(family, found))
        if found:
            return found
        family = self._family()
        if not family:
            return {}
        least, _, accuracies = self._terms(family, {})
        alpha = ALPHA / len(LOOKS) if config.until_decided else ALPHA
        found = decide(family, least, accuracies, alpha, len(declared(config)) - len(family))
        whole = len(family) == len(declared(config)) and all(e.seeds == config.seeds for e in family.values())
        return found if whole and not config.until_decided else {way: _open(d) for way, d in found.items()}

    def _family(self, seeds: int | None = None) -> dict[Way, Estimate]:
        found = {(arm, n): self.estimate(arm, BAR, n, seeds=seeds) for arm, n in declared(self.config)}
        return {way: e for way, e in found.items() if e is not None}

    def _terms(
        self, family: Mapping[Way, Estimate], before: dict[Way, Decision]
    ) -> tuple[dict[Way, float], dict[Way, Decision], dict[Way, tuple[float, float]]]:
        """What matters in each comparison, what was decided before, and the accuracies of both ways."""
        least = {(arm, n): self.matters(n) for arm, n in family}
        return least, before, {(arm, n): (self.accuracy(arm, n), self.accuracy(BAR, n)) for arm, n in family}


def _open(decision: Decision) -> Decision:
    """A decision before its time: nothing is decided on the way, or chance would choose the time."""
    if decision.word == "too few to tell":
        return decision
    return replace(decision, word="undecided", less=False, would_decide=AT_WORK, more_seeds=None)
