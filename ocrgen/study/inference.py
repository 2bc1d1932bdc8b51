"""Intervals that hold the error of the seeds and that of the test images, for one way of training or a difference."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

PSEUDO = 0.5  # images of difference +-1 that the image variance contains beforehand, half of them each way


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and test images, with its variance taken apart.

    mean: accuracy, or difference of two accuracies, as a share. seed_variance: of a single seed's mean, beside what all
    seeds share. image_variance: of the mean over infinitely many seeds, since they share their test images. df:
    Satterthwaite's degrees of freedom. seeds, images: how many; images is the number tested in at least one seed.
    lowest, highest: what the mean can be, -1 to 1 for a difference. variance, df are NaN for a single seed.
    """

    mean: float
    seed_variance: float
    image_variance: float
    df: float
    seeds: int
    images: int
    lowest: float = -1.0
    highest: float = 1.0

    @property
    def variance(self) -> float:
        """Of the mean."""
        return self.seed_variance / self.seeds + self.image_variance

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided Student's t interval, clipped to what is possible; NaN for a single seed."""
        half = float(stdtrit(self.df, 0.5 + level / 2)) * math.sqrt(self.variance)
        if math.isnan(half):
            return half, half
        return max(self.lowest, self.mean - half), min(self.highest, self.mean + half)

    def p_superiority(self) -> float:
        """Two-sided p of a mean of 0; 1 for a single seed."""
        return _p(2 * float(stdtr(self.df, -abs(self.mean) / math.sqrt(self.variance))))

    def p_equivalence(self, matters: float) -> float:
        """p of |mean| >= matters: the greater of two one-sided tests (Schuirmann 1987); 1 for a single seed."""
        return _p(float(stdtr(self.df, (abs(self.mean) - matters) / math.sqrt(self.variance))))


def _p(p: float) -> float:
    """A p-value; 1 where it is not defined."""
    return 1.0 if math.isnan(p) else min(1.0, p)


def estimate(correct: ArrayLike, against: ArrayLike | None = None, writers: ArrayLike | None = None) -> Estimate:
    """Mean accuracy of a way of training, or its difference from another way's, with both errors.

    correct, against: (seeds S, images N), in [0, 1]: share of the cell's readers that are right; NaN where the image
    was not tested in that seed. Only what both have counts. writers: (N,) ints; images of one writer are dependent.

    Seeds and images are crossed random effects: d_si = m + a_s + b_i + e_si. In the balanced case the variance of the
    mean is (MS_seeds + MS_images - MS_residual) / SN; the sum of the two variances alone would count the residual
    e twice. Written so that it also holds for writers g and for test sets that differ between seeds, with
    u_sg = sum_{i in g} (d_si - d_s) / (S n_s), n_s the number of images in seed s, and c = G / (G - 1):

        V = max(var_s(d_s) / S, within - shared / (S - 1)) + max(S / (S - 1) shared, 0)
        within = c sum_sg u_sg^2,    shared = c sum_g ((sum_s u_sg)^2 - sum_s u_sg^2)

    The first term's floor is the residual: seeds cannot vary less than it. The second is the covariance between seeds
    on the same images; 0 if no image is tested twice, as each seed then has its own image error. PSEUDO images of
    difference +-1 keep it above 0 where hardly any image differs (after Agresti & Min 2005). Degrees of freedom after
    Satterthwaite (1946).
    """
    values = np.asarray(correct, float)
    if against is not None:
        values = values - np.asarray(against, float)
    if values.ndim != 2:
        raise ValueError(f"correctness must be (seeds, images), not {values.shape}")
    groups = None if writers is None else np.asarray(writers)
    if groups is not None and groups.shape != values.shape[1:]:
        raise ValueError(f"{groups.shape[0]} writers for {values.shape[1]} images")
    tested = ~np.isnan(values)
    if not tested.all():
        seeds, images = tested.any(1), tested.any(0)
        values, tested = values[seeds][:, images], tested[seeds][:, images]
        groups = None if groups is None else groups[images]
    if not values.size:
        raise ValueError("no image was tested")
    s, n = values.shape
    counts = tested.sum(1)
    means = np.where(tested, values, 0).sum(1) / counts
    lowest = -1.0 if against is not None else 0.0
    if s < 2:
        return Estimate(float(means[0]), math.nan, math.nan, math.nan, s, n, lowest)
    u = np.where(tested, values - means[:, None], 0) / (s * counts[:, None])
    if groups is not None:
        _, index = np.unique(groups, return_inverse=True)
        u = np.stack([np.bincount(index, row) for row in u])
    g = u.shape[1]
    if g < 2:
        return Estimate(float(means.mean()), math.nan, math.nan, math.nan, s, n, lowest)
    c = g / (g - 1)
    within, total = c * float(np.square(u).sum()), c * float(np.square(u.sum(0)).sum())
    shared = (total - within) / (s - 1)
    residual = max(within - shared, 0.0)
    between = max(float(means.var(ddof=1)) / s, residual)
    image = max(s * shared, 0.0) + PSEUDO / n**2
    variance = between + image
    spread = between**2 / (s - 1) + max(total, image) ** 2 / (g - 1) + residual**2 / ((s - 1) * (g - 1))
    return Estimate(float(means.mean()), s * between, image, variance**2 / spread, s, n, lowest)
