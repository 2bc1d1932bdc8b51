"""The live monitor of a training: LFID of fresh samples against the training images, cheap enough for every epoch."""

import time
from dataclasses import asdict, dataclass

import numpy as np
import torch

from ocrgen.datasets.base import CLASSES, Digits
from ocrgen.generators.base import GenerativeModel
from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.metrics.measures.spread import collapsed, within_class_spread
from ocrgen.metrics.scores import metric_name
from ocrgen.utils.errors import UserError

TAPS = (64, 192)
SAMPLES = 2000
REAL = 5000


@dataclass(frozen=True)
class Rule:
    """When to score, which score says what is best, and when to stop."""

    every: int  # images between two scores
    watch: str  # lfid_64 or lfid_192
    patience: int  # scores without a gain before the end; 0 = no end
    min_gain: float  # share by which the score must fall to count as a gain


@dataclass
class Progress:
    """What early stopping remembers; plain values, so that a resumed run decides as the unbroken one would have."""

    best: float = float("inf")
    best_epoch: int = 0
    waited: int = 0  # scores since the last gain
    seen: int = 0  # images trained on at the last score
    collapsed: bool = False
    seconds: float = 0.0


class Monitor:
    """Scores a generator in training; made once per process, since the real side is the same throughout.

    UserError if the training images are all alike, so that there is nothing to compare with.
    """

    def __init__(self, train: Digits, extractor: FeatureExtractor, seed: int, rule: Rule):
        real = train.subset(min(REAL, len(train)), seed)
        self.extractor, self.seed, self.rule = extractor, seed, rule
        self.real = {d: GaussianStats.of(f) for d, f in extractor.features(real.images, TAPS).items()}
        for stats in self.real.values():
            if stats.constant:
                raise UserError("the training images are all alike.")
            stats.root  # noqa: B018 - computed here, once, and not during the first score
        self.spread = within_class_spread(real.images, real.labels)
        self.labels = torch.arange(CLASSES).repeat(SAMPLES // CLASSES)
        self.progress = Progress()

    def due(self, seen: int) -> bool:
        """Whether enough images have been trained on since the last score."""
        return seen - self.progress.seen >= self.rule.every

    def score(self, model: GenerativeModel, epoch: int, seen: int) -> dict[str, float]:
        """Of 2,000 samples on fixed noise: LFID by name, and `spread`, within a class, over that of real digits.

        Samples that are all alike have no LFID: that is a collapse, and no reason to end a training.
        """
        begun = time.perf_counter()
        images = model.sample(self.labels, torch.Generator().manual_seed(self.seed)).numpy()
        out = {}
        for d, features in self.extractor.features(images, TAPS).items():
            if not (stats := GaussianStats.of(features)).constant:
                out[metric_name(d)] = frechet_distance(stats, self.real[d])
        spread = within_class_spread(images, self.labels.numpy())
        out["spread"] = spread / max(self.spread, np.finfo(float).eps)
        progress, value = self.progress, out.get(self.rule.watch, float("inf"))
        if value < progress.best * (1 - self.rule.min_gain):
            progress.best, progress.best_epoch, progress.waited = value, epoch, 0
        else:
            progress.waited += 1
        progress.seen, progress.collapsed = seen, bool(collapsed(spread, self.spread))
        progress.seconds += time.perf_counter() - begun
        return out

    def facts(self) -> dict:
        """What a run's status says of it."""
        progress = self.progress
        best = {"best_epoch": progress.best_epoch, "best": progress.best} if progress.best_epoch else {}
        return best | {
            "watched": self.rule.watch,
            "collapsed": progress.collapsed,
            "monitor_seconds": progress.seconds,
        }

    def enough(self) -> str | None:
        """Why to stop now, in words; None while there is patience."""
        progress = self.progress
        if not self.rule.patience or progress.waited < self.rule.patience:
            return None
        name = self.rule.watch.upper().replace("_", "-")
        best = "all samples were alike"
        if progress.best_epoch:
            best = f"the best is epoch {progress.best_epoch} with {progress.best:.3g}"
        return f"{name} has not fallen for {progress.waited} scores; {best}."

    def state(self) -> dict:
        """Values for a resume file."""
        return asdict(self.progress)

    def restore(self, state: dict) -> None:
        """Take over what `state` gave."""
        self.progress = Progress(**state)
