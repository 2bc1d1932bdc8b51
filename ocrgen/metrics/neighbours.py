"""The nearest real image to each generated one: is a sample new, or copied?"""

import numpy as np
import torch


def nearest(queries: np.ndarray, reference: np.ndarray, chunk: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Index (N,) of the nearest `reference` image (M, 28, 28) to each of `queries` (N, 28, 28), both uint8, and the
    distance (N,): root mean square of the pixels' difference, 0 to 1. ValueError if `reference` is empty.
    """
    if not len(reference):
        raise ValueError("no reference images")
    q = torch.from_numpy(queries.reshape(len(queries), -1)).float().div(255)
    best = torch.full((len(q),), torch.inf)
    index = torch.zeros(len(q), dtype=torch.long)
    for i in range(0, len(reference), chunk):
        block = torch.from_numpy(reference[i : i + chunk].reshape(-1, q.shape[1])).float().div_(255)
        squared = block.square().sum(1) - 2 * q @ block.T  # the queries' own squares change no order
        value, at = squared.min(1)
        better = value < best
        best[better], index[better] = value[better], at[better] + i
    # The last digits are lost in the expansion above: the distance itself is taken from the difference.
    chosen = torch.from_numpy(reference[index.numpy()].reshape(len(q), -1)).float().div_(255)
    return index.numpy(), (q - chosen).square().mean(1).sqrt().numpy()
