"""LFID of a generator's samples against the training images while it trains: the best epoch, and early stopping."""

import time
from dataclasses import asdict, dataclass

import numpy as np
import torch

from ocrgen.datasets.base import Characters
from ocrgen.generators.base import GenerativeModel
from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.metrics.measures.spread import collapsed, within_class_spread
from ocrgen.metrics.scores import metric_name
from ocrgen.utils.errors import UserError

TAPS = (64, 192)
SAMPLES = 2000  # about; as many of each class
MIN_PER_CLASS = 20
REAL = 5000


@dataclass(frozen=True)
class MonitorConfig:
    """When to score, which score selects the best epoch, and when to stop."""

    every: int  # images between two scores
    watch: str  # lfid_64 or lfid_192
    patience: int  # scores without a gain before training stops; 0 = never
    min_gain: float  # share by which the score must fall to count as a gain


@dataclass
class MonitorState:
    """The state of early stopping, in plain values: a resumed run decides as an uninterrupted one would have."""

    best: float = float("inf")
    best_epoch: int = 0
    waited: int = 0  # scores since the last gain
    seen: int = 0  # images trained on at the last score
    collapsed: bool = False
    seconds: float = 0.0


class Monitor:
    """Scores a generator in training; the statistics of the real images are computed once, here.

    train: the training images, of which up to 5,000 are used. UserError if they are all alike.
    """

    def __init__(self, train: Characters, extractor: FeatureExtractor, seed: int, config: MonitorConfig):
        real = train.subset(min(REAL, len(train)), seed)
        self.extractor, self.seed, self.config = extractor, seed, config
        self.real = {d: GaussianStats.of(f) for d, f in extractor.features(real.images, TAPS).items()}
        for stats in self.real.values():
            if stats.constant:
                raise UserError("the training images are all alike.")
            stats.root  # noqa: B018 - computed here, once, and not during the first score
        self.spread = within_class_spread(real.images, real.labels)
        # As many of each class, and at least enough for a spread within it.
        per_class = max(MIN_PER_CLASS, SAMPLES // train.n_classes)
        self.labels = torch.arange(train.n_classes).repeat(per_class)
        self._state = MonitorState()

    def due(self, images: int) -> bool:
        """Whether a score is due after training on so many images."""
        return images - self._state.seen >= self.config.every

    def score(self, model: GenerativeModel, epoch: int, trained: int) -> dict[str, float]:
        """Of some 2,000 samples on fixed noise: LFID by name, and `spread`, that within a class over that of real ones.

        trained: images trained on so far. Samples that are all alike have no LFID: a collapse, but not an error.
        """
        begun = time.perf_counter()
        images = model.sample(self.labels, torch.Generator().manual_seed(self.seed)).numpy()
        scores = {}
        for d, features in self.extractor.features(images, TAPS).items():
            if not (stats := GaussianStats.of(features)).constant:
                scores[metric_name(d)] = frechet_distance(stats, self.real[d])
        spread = within_class_spread(images, self.labels.numpy())
        scores["spread"] = spread / max(self.spread, np.finfo(float).eps)
        state, value = self._state, scores.get(self.config.watch, float("inf"))
        if value < state.best * (1 - self.config.min_gain):
            state.best, state.best_epoch, state.waited = value, epoch, 0
        else:
            state.waited += 1
        state.seen, state.collapsed = trained, bool(collapsed(spread, self.spread))
        state.seconds += time.perf_counter() - begun
        return scores

    def status(self) -> dict:
        """Its part of a run's `status.json`."""
        state = self._state
        best = {"best_epoch": state.best_epoch, "best": state.best} if state.best_epoch else {}
        return best | {
            "watched": self.config.watch,
            "collapsed": state.collapsed,
            "monitor_seconds": state.seconds,
        }

    def stop_reason(self) -> str | None:
        """Why to stop now, as a sentence; None while patience lasts."""
        state = self._state
        if not self.config.patience or state.waited < self.config.patience:
            return None
        name = self.config.watch.upper().replace("_", "-")
        best = "all samples were alike"
        if state.best_epoch:
            best = f"the best is epoch {state.best_epoch} with {state.best:.3g}"
        return f"{name} has not fallen for {state.waited} scores; {best}."

    def state(self) -> dict:
        """Plain values for `resume.pt`."""
        return asdict(self._state)

    def restore(self, state: dict) -> None:
        """Restore what `state` returned."""
        self._state = MonitorState(**state)
