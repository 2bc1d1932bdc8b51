"""Statistics of features in a file as a side of a distance: pytorch-fid's (`mu`, `sigma`), or ours."""

import zipfile
from pathlib import Path

import numpy as np

from ocrgen.metrics.extractors.base import TAPS
from ocrgen.metrics.gaussian import GaussianStats, MetricError

INCEPTION = "inception"  # the network of pytorch-fid's statistics, whose files do not name it
_NO_COUNT = 2  # pytorch-fid's files do not say of how many images they are; a covariance needs at least two
_HEADER = 1024  # bytes, more than the header of an array takes
_ASYMMETRY = 1e-6  # relative to the largest variance; covariances in float32 are within it


def network_of(stats: GaussianStats) -> str:
    """The name of the network whose features the statistics are of, as `load_extractor` takes it."""
    return stats.extractor.partition("/")[0].partition("-")[0] or INCEPTION


def read_statistics(path: Path) -> tuple[GaussianStats, int | None] | None:
    """The statistics in an .npz and of how many images they are, None if it does not say; None for any other file.

    path: pytorch-fid's `mu` (d,) and `sigma` (d, d), or what `GaussianStats.save` wrote. MetricError, naming the file,
    if it is damaged, or if no features that are compared here have d dimensions.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if {"format.npy", "mean.npy"} <= set(sizes):
        stats = GaussianStats.load(path)
        _require_tap(path, len(stats.mean))
        return stats, stats.n
    if not {"mu.npy", "sigma.npy"} <= set(sizes):
        return None
    try:
        # The sizes are looked at first, so that nothing is unpacked that would be too large.
        d = (sizes["mu.npy"] - 1) // 4  # an upper bound: less for a header and for more than 4 bytes a number
        if d > 10**6 or sizes["sigma.npy"] > 16 * d**2 + _HEADER:
            raise MetricError("`mu` and `sigma` are too large to be of features")
        with np.load(path, allow_pickle=False) as file:
            mean = np.asarray(file["mu"], np.float64)
            if mean.ndim != 1:
                raise MetricError(f"`mu` is {mean.shape}; expected (d,)")
            _require_tap(path, len(mean))
            covariance = np.asarray(file["sigma"], np.float64)
        if covariance.shape != 2 * mean.shape:
            raise MetricError(f"`mu` is {mean.shape} and `sigma` {covariance.shape}; expected (d,) and (d, d)")
        stats = GaussianStats(_NO_COUNT, mean, (covariance + covariance.T) / 2)
        variances = covariance.diagonal()
        if variances.min() < 0 or np.abs(covariance - covariance.T).max() > _ASYMMETRY * variances.max():
            raise MetricError("`sigma` is no covariance: it is not symmetric, or a variance is negative")
        return stats, None
    except _OtherFeatures:
        raise
    except Exception as error:  # numpy evaluates the headers as Python: a damaged one raises anything
        told = str(error).rstrip(".")
        raise MetricError(f"{path}: cannot be read as pytorch-fid's statistics ({told}).") from error


class _OtherFeatures(MetricError):
    """Statistics of features that are not compared here."""


def _require_tap(path: Path, d: int) -> None:
    if d not in TAPS:
        raise _OtherFeatures(
            f"{path}: holds statistics of {d:,} dimensions; those of pytorch-fid's features that are compared have "
            "2048 (FID), 768, 192 or 64 (LFID): save them with `--dims 2048`."
        )
