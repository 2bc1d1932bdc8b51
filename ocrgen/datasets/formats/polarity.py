"""Which of ink and paper is light, decided for a whole set, or for each picture where the set is mixed."""

import numpy as np

from ocrgen.imaging.geometry import ink_is_white

_BATCH = 50_000  # images that are judged at once
# Up to this share of pictures may have a border that says otherwise than the rest: ink that runs along it, in tightly
# cropped digits up to 1.3 % of them, or a stray negative. They are taken as the rest are.
NEARLY_ALL = 0.95


def votes(images: np.ndarray) -> np.ndarray:
    """Whether the ink of each of the images (N, H, W) is white by its own border, or all is black: bool (N,)."""
    white = np.concatenate([ink_is_white(images[i : i + _BATCH]) for i in range(0, len(images), _BATCH)])
    dark = images.reshape(len(images), -1)[~white]
    white[~white] = dark.max(1, initial=0) == 0
    return white


def is_mixed(white: np.ndarray) -> bool:
    """Whether pictures of a set, or of a sample of it, differ in polarity: bool (N,), True where the ink is white."""
    return 1 - NEARLY_ALL < float(white.mean()) < NEARLY_ALL


def decide(white: np.ndarray, mixed: bool | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Whether the ink of each picture is white, bool (N,), and notes on the decision.

    white: the same by each picture's own border (`votes`). mixed: whether each is taken so; None to decide it here.
    """
    light, n = bool(white.mean() >= 0.5), len(white)
    odd = int((white != light).sum())
    if is_mixed(white) if mixed is None else mixed:
        dark = int((~white).sum())
        return white, (f"{dark:,} of {n:,} pictures have dark ink on light paper: each was taken by its own border.",)
    notes = () if light else ("The pictures have dark ink on light paper: they were inverted.",)
    if odd:
        looks = "looks" if odd == 1 else "look"
        notes += (f"{odd:,} of {n:,} pictures {looks} inverted beside the others; so few were taken like these.",)
    return np.full(n, light), notes
