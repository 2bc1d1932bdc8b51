"""Mean and covariance of features: from batches, merged, on disk."""

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from ocrgen.metrics.packing import pack, unpack
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

FORMAT = "ocrgen-gaussian-1"
MAX_FEATURE = 1e75  # absolute value: its fourth power, summed over all dimensions, is within the range of float64


class MetricError(UserError):
    """No distance can be computed from these features or statistics."""


@dataclass(frozen=True, eq=False)
class GaussianStats:
    """Mean float64 (d,) and unbiased covariance float64 (d, d) of n feature vectors; the covariance is 0 for n = 1.

    factor: float64 (n, d), for n <= d only: centred features / sqrt(n - 1), so that covariance = factor.T @ factor; it
    gives more accurate distances than the singular covariance. extractor: name and hash of the network. fingerprint:
    of the images. MetricError if shapes do not fit or values are not finite.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray
    factor: np.ndarray | None = None
    extractor: str = ""
    fingerprint: str = ""

    def __post_init__(self):
        (d,) = self.mean.shape
        if self.n < 1 or self.covariance.shape != (d, d):
            raise MetricError(f"n = {self.n}, {d} means and a covariance {self.covariance.shape} do not fit together.")
        if self.factor is not None and (self.factor.shape != (self.n, d) or not _within(self.factor, 8 * MAX_FEATURE)):
            raise MetricError(f"The centred features are not finite numbers ({self.n}, {d}).")
        if not (_within(self.mean, MAX_FEATURE) and _within(self.covariance, 8 * MAX_FEATURE**2)):
            raise MetricError("The mean or the covariance is not finite.")

    @classmethod
    def of(cls, features: np.ndarray, extractor: str = "", fingerprint: str = "") -> "GaussianStats":
        """Statistics of features (N, d), N >= 1. MetricError for another shape or values that are not finite."""
        if np.ndim(features) != 2 or not np.size(features):
            raise MetricError(f"Features are {np.shape(features)}; expected (N, d), with N and d at least 1.")
        accumulator = Accumulator(np.shape(features)[1])
        accumulator.update(features)
        return accumulator.stats(extractor, fingerprint)

    @property
    def constant(self) -> bool:
        """Whether all feature vectors are equal."""
        return not self.covariance.diagonal().any()

    @cached_property
    def root(self) -> np.ndarray:
        """Lower-triangular L (d, d) with L @ L.T = covariance, also if it is singular; computed once."""
        varying = np.ix_(*2 * [self.covariance.diagonal() > 0])
        root = np.zeros_like(self.covariance)
        root[varying] = covariance_root(self.covariance[varying])
        return root

    def merge(self, other: "GaussianStats") -> "GaussianStats":
        """Statistics of both sets together (Chan, Golub and LeVeque 1983). MetricError if they are not comparable."""
        require_comparable(self, other)
        n = self.n + other.n
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.n / n)
        scatter = (self.n - 1) * self.covariance + (other.n - 1) * other.covariance
        scatter += np.outer(gap, gap) * (self.n * other.n / n)
        factor = None
        if n <= len(mean) and self.factor is not None and other.factor is not None:
            rows = [np.sqrt(s.n - 1) * s.factor + (s.mean - mean) for s in (self, other)]
            factor = np.concatenate(rows) / np.sqrt(n - 1)
        prints = self.fingerprint, other.fingerprint
        fingerprint = hashlib.sha256("+".join(prints).encode()).hexdigest()[:16] if all(prints) else ""
        return GaussianStats(n, mean, scatter / (n - 1), factor, self.extractor or other.extractor, fingerprint)

    def save(self, path: Path, loss: float = 0.0) -> None:
        """Write an .npz file: exact, or, with `loss` > 0 and more images than dimensions, rounded and much smaller.

        The root of the covariance is rounded, which keeps the covariance positive semidefinite, in steps such that the
        expected squared displacement of a sample is `loss` times the trace: at 4e-6, FID between real images changes by
        0.04 %.
        """
        d, buffer = len(self.mean), io.BytesIO()
        parts = {"n": self.n, "mean": self.mean, "extractor": self.extractor, "fingerprint": self.fingerprint}
        if loss and self.factor is None:
            step = np.sqrt(24 * loss * self.covariance.trace() / (d * (d + 1))) or 1.0
            rounded = pack(np.rint(self.root[np.tril_indices(d)] / step))
            np.savez_compressed(buffer, format=FORMAT, root=rounded, step=step, **parts)
        else:
            parts |= {} if self.factor is None else {"factor": self.factor}
            np.savez(buffer, format=FORMAT, covariance=self.covariance[np.triu_indices(d)], **parts)
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Statistics that `save` wrote. MetricError, naming the file, if it is missing, damaged or not one."""
        try:
            with np.load(path, allow_pickle=False) as file:
                if (version := str(file["format"])) != FORMAT:
                    raise MetricError(f"its format is {version[:40]!r}; expected {FORMAT!r}")
                mean, rounded = file["mean"].astype(np.float64), "root" in file
                packed = unpack(file["root"]) * float(file["step"]) if rounded else file["covariance"]
                d = len(mean)
                if packed.shape != (d * (d + 1) // 2,) or not _within(packed, 8 * MAX_FEATURE**2):
                    raise MetricError(f"{d} means do not fit {packed.shape} finite covariances")
                matrix = np.zeros((d, d))
                matrix[np.tril_indices(d) if rounded else np.triu_indices(d)] = packed
                covariance = matrix @ matrix.T if rounded else matrix + np.triu(matrix, 1).T
                factor = file["factor"].astype(np.float64) if "factor" in file else None
                stats = cls(int(file["n"]), mean, covariance, factor, str(file["extractor"]), str(file["fingerprint"]))
                vars(stats).update({"root": matrix} if rounded else {})  # fill the cached property
                return stats
        except Exception as error:  # numpy evaluates the headers as Python: a damaged one raises anything
            raise MetricError(f"{path}: cannot be read as statistics of features ({error}).") from error


class Accumulator:
    """Streaming mean and covariance of features (B, d) in blocks of any size, in float64 and bounded memory.

    Up to d rows are kept: `factor` needs them, and products of large blocks are faster. All values are relative to the
    first row, so that a large mean costs no precision and a constant dimension has a variance of exactly 0.
    """

    def __init__(self, d: int):
        self.d, self.n = d, 0
        self._rows: list[np.ndarray] = []
        self._folded, self._mean, self._scatter = 0, np.zeros(d), np.zeros((d, d))

    def update(self, features: np.ndarray) -> None:
        """Add features (B, d). MetricError, and nothing is added, if the shape is wrong or a value is not finite."""
        features = np.asarray(features)
        if features.ndim != 2 or features.shape[1] != self.d:
            raise MetricError(f"Features are {features.shape}; expected (N, {self.d}).")
        if features.size and not _within(features, MAX_FEATURE):
            raise MetricError("Features are not finite: the images or the extractor are broken.")
        if features.size and not self.n:
            self._origin = features[0].astype(np.float64)
        step = max(self.d, 1024)
        for i in range(0, len(features), step):
            self._rows.append(features[i : i + step] - self._origin)
            self.n += len(self._rows[-1])
            if self.n - self._folded > self.d:
                self._fold()

    def _fold(self) -> None:
        x = np.concatenate([*self._rows, np.zeros((1, self.d))])
        rows = x[:-1]
        mean = rows.mean(axis=0)
        rows -= mean
        # The term of Chan et al. for the gap between this mean and that of all earlier rows, as one additional row.
        gap = mean - self._mean
        x[-1] = gap * np.sqrt(self._folded * len(rows) / self.n)
        self._scatter += x.T @ x
        self._mean = self._mean + gap * (len(rows) / self.n)
        self._folded, self._rows = self.n, []

    def stats(self, extractor: str = "", fingerprint: str = "") -> GaussianStats:
        """Statistics of all rows so far; more may be added later. MetricError if there are none."""
        if not self.n:
            raise MetricError("There are no features.")
        if self.n > self.d:
            if self._rows:
                self._fold()
            mean, covariance, factor = self._mean, self._scatter / (self.n - 1), None
        else:
            rows = np.concatenate(self._rows)
            mean = rows.mean(axis=0)
            factor = (rows - mean) / np.sqrt(max(self.n - 1, 1))
            covariance = factor.T @ factor
        return GaussianStats(self.n, self._origin + mean, covariance, factor, extractor, fingerprint)


def covariance_root(covariance: np.ndarray) -> np.ndarray:
    """Lower-triangular L (d, d) with L @ L.T = covariance (d, d), which may be singular."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(np.linalg.qr((vectors * np.sqrt(clip_eigenvalues(values))).T, mode="r")).T


def clip_eigenvalues(values: np.ndarray) -> np.ndarray:
    """Eigenvalues (d,) of a positive semidefinite matrix, with those within rounding error of 0 set to 0.

    The magnitude of the most negative one is taken for the rounding error.
    """
    return np.where(values > max(0.0, -values.min()), values, 0.0)


def _within(values: np.ndarray, limit: float) -> bool:
    """Whether all values are finite and smaller than `limit` in magnitude."""
    return -limit < float(values.min()) and float(values.max()) < limit  # NaN fails both


def require_comparable(a: GaussianStats, b: GaussianStats) -> None:
    """MetricError if the two have other dimensions or are of different extractors."""
    if len(a.mean) != len(b.mean):
        raise MetricError(f"Features of {len(a.mean)} and of {len(b.mean)} dimensions cannot be compared.")
    if a.extractor and b.extractor and a.extractor != b.extractor:
        raise MetricError(f"Features of {a.extractor!r} and of {b.extractor!r} cannot be compared.")
