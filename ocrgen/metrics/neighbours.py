"""Nearest neighbours in pixel space, to tell new samples from copies of training images."""

import numpy as np
import torch


def nearest(queries: np.ndarray, reference: np.ndarray, chunk: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """The nearest `reference` image to each query: its index int64 (N,) and distance float32 (N,).

    queries: uint8 (N, 28, 28). reference: uint8 (M, 28, 28). chunk: reference images compared at once. The distance is
    the root mean square difference of the pixels, 0 to 1. ValueError if `reference` is empty.
    """
    if not len(reference):
        raise ValueError("no reference images")
    q = torch.from_numpy(queries.reshape(len(queries), -1)).float().div(255)
    best = torch.full((len(q),), torch.inf)
    index = torch.zeros(len(q), dtype=torch.long)
    for i in range(0, len(reference), chunk):
        block = torch.from_numpy(reference[i : i + chunk].reshape(-1, q.shape[1])).float().div_(255)
        squared = block.square().sum(1) - 2 * q @ block.T  # |q|^2 is left out: it is the same for all neighbours
        minimum, position = squared.min(1)
        better = minimum < best
        best[better], index[better] = minimum[better], position[better] + i
    # The expansion above loses precision, so the distance is computed from the differences.
    neighbours = torch.from_numpy(reference[index.numpy()].reshape(len(q), -1)).float().div_(255)
    return index.numpy(), (q - neighbours).square().mean(1).sqrt().numpy()
