"""Nearest neighbours in pixel space, to tell new samples from copies of training images."""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

CANDIDATES = 64  # training images that are compared in all places
BLOCK = 100  # images compared with their candidates at once


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


def nearest_shifted(
    queries: np.ndarray, reference: np.ndarray, shift: int, chunk: int = 1024
) -> tuple[np.ndarray, np.ndarray]:
    """As `nearest`, with the least distance over all shifts of a query by up to `shift` pixels each way.

    What is shifted out of the picture is lost, and blank paper shifted in. Compared in all places are the CANDIDATES
    that are nearest once the centres of mass lie in the middle: a copy that was moved is nearest there.
    """
    if not len(reference):
        raise ValueError("no reference images")
    images = torch.from_numpy(queries).float().div(255)
    centred = _centred(images).flatten(1)
    k = min(CANDIDATES, len(reference))
    best = torch.full((len(images), k), torch.inf)
    index = torch.zeros(len(images), k, dtype=torch.long)
    for i in range(0, len(reference), chunk):
        block = _centred(torch.from_numpy(reference[i : i + chunk]).float().div_(255)).flatten(1)
        squared = block.square().sum(1) - 2 * centred @ block.T
        both = torch.cat([best, squared], 1)
        best, place = both.topk(k, largest=False)
        here = torch.arange(i, i + len(block)).expand(len(images), -1)
        index = torch.cat([index, here], 1).gather(1, place)
    parts = zip(images.split(BLOCK), index.split(BLOCK), strict=True)
    where, distance = map(torch.cat, zip(*(_least(*part, reference, shift) for part in parts), strict=True))
    return where.numpy(), distance.numpy()


def _least(images: Tensor, index: Tensor, reference: np.ndarray, shift: int) -> tuple[Tensor, Tensor]:
    """Of candidates `index` (N, k) the nearest to each image (N, 28, 28) over all shifts, and its distance."""
    candidates = torch.from_numpy(reference[index.numpy()]).float().div_(255)  # (N, k, 28, 28)
    height, width = images.shape[1:]
    padded = F.pad(images, (shift,) * 4)
    least = torch.full(index.shape, torch.inf)
    for y, x in product(range(2 * shift + 1), repeat=2):
        moved = padded[:, y : y + height, x : x + width].unsqueeze(1)
        least = torch.minimum(least, (moved - candidates).square().mean((2, 3)))
    squared, place = least.min(1)
    return index.gather(1, place.unsqueeze(1)).squeeze(1), squared.sqrt()


def _centred(images: Tensor) -> Tensor:
    """Images (N, H, W) moved by whole pixels so that their centres of mass lie in the middle."""
    height, width = images.shape[1:]
    mass = images.sum((1, 2)).clamp_min(1e-6)
    rows, columns = torch.arange(height), torch.arange(width)
    y = (images.sum(2) @ rows.float() / mass - (height - 1) / 2).round().long()
    x = (images.sum(1) @ columns.float() / mass - (width - 1) / 2).round().long()
    rows, columns = rows + y[:, None], columns + x[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    return images[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]] * inside
