"""The ways to part a component of ink into digits: the parts between its candidate cuts, and the best path."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from ocrgen.imaging.components import Component, connected_components, cropped, stroke_width
from ocrgen.imaging.cuts import Cut, candidate_cuts
from ocrgen.imaging.page import FRAME

FRAMED = 22  # longer side of a part in its frame, pixels
HEIGHT = 48  # in which cuts are sought, pixels: twice that of a normalised digit
# Of a part, relative to the component's ink and height. Narrower components than WIDE hold two digits at most.
MIN_INK, MIN_HEIGHT, MAX_WIDTH, WIDE = 0.05, 0.45, 1.5, 1.1
MAX_CUTS = 16  # for each height of width
STRAY = 0.04  # of a part's ink: smaller pieces belong to its neighbour

# A log-linear model: the score of a way to part a component is the sum of these weights times the features of its
# parts and cuts. Fitted by maximum likelihood to drawn words of MNIST's training digits, as `reader-augmented-mnist`
# reads them; 3 was added to the first of `WHOLE`, since photographs of single digits are many more, and a digit that is
# cut is worse than a pair that is not.
WHOLE = np.array([1.8, -0.29, 1.08, 0.0, 3.43, -0.57, 1.09, -0.62])
PART = np.array([-2.45, -0.26, 0.45, -1.48, -1.14, 0.55, 0.38, -0.22])
CUT = np.array([-0.42, -0.85, 1.28, -0.31, 0.95, 0.41, -0.23])


@dataclass(frozen=True)
class Part:
    """Ink float32 (h, w) within its box, 0 to 1, and what is known of its shape: see `features`.

    frame: uint8 (2, 32, 32), this ink and that around it, the longer side of the box `FRAMED` pixels.
    """

    ink: np.ndarray
    frame: np.ndarray
    shape: tuple[float, ...]

    def features(self, probabilities: np.ndarray, wholeness: float) -> np.ndarray:
        """The features of a part with these class probabilities (K,), for `WHOLE` and `PART`.

        wholeness: the log-odds that it is one whole character.

        A constant; the logarithm of the probability that it is not the most probable class; log(width / height); how
        much lower it is than the component; the share of ink that is not connected to most of it; the logarithm of the
        length of its stroke in heights; the log-odds; and the logarithm of their probability.
        """
        # Not 1 - p, which has no digits left where the reader is sure.
        doubt = float(np.log(np.sort(probabilities)[:-1].sum() + 1e-8))
        return np.array([1, doubt, *self.shape, wholeness, -np.logaddexp(0, -wholeness)])


class Lattice:
    """The parts of a component between every two of its cuts, at `HEIGHT` pixels."""

    def __init__(self, component: Component):
        self.component = component
        size = max(2, round(HEIGHT * component.width / component.height)), HEIGHT
        how = cv2.INTER_AREA if component.height > HEIGHT else cv2.INTER_LINEAR
        self.ink = cv2.resize(component.mask.astype(np.float32), size, interpolation=how)
        self.stroke = max(1.0, stroke_width(self.ink > 0.5))  # a hair line leaves nothing that dark
        self.aspect = component.width / component.height

    @cached_property
    def whole(self) -> Part:
        return self._part(np.ones(self.ink.shape, bool))

    @cached_property
    def cuts(self) -> list[Cut]:
        """The best of the candidates, from left to right."""
        cuts = candidate_cuts(self.ink, self.stroke)
        best = sorted(cuts, key=lambda cut: -float(CUT @ self.features(cut)))[: round(MAX_CUTS * max(1.0, self.aspect))]
        return [cut for cut in cuts if any(cut is other for other in best)]

    @cached_property
    def parts(self) -> dict[tuple[int, int], Part]:
        """Those that may be a digit, from the cut before to the cut after; 0 and len(cuts) + 1 are the sides."""
        last = len(self.cuts) + 1
        lefts = self.lefts
        total, found = float(self.ink.sum()), {}
        for a in range(last):
            for b in range(a + 1, last + (a > 0)):
                if a > 0 and b < last:
                    overlap = float((self.ink * (lefts[a] & ~lefts[b])).sum())
                    if self.aspect < WIDE or overlap > 0.02 * total:
                        continue
                inside = lefts[b] & ~lefts[a]
                if float((self.ink * inside).sum()) >= MIN_INK * total:
                    part = self._part(inside)
                    if part.shape[1] < 1 - MIN_HEIGHT and part.ink.shape[1] <= MAX_WIDTH * HEIGHT:
                        found[a, b] = part
        return found

    @cached_property
    def lefts(self) -> list[np.ndarray]:
        """What lies left of each cut, bool (H, W), from nothing to all: part (a, b) is in `lefts[b] & ~lefts[a]`."""
        return [np.zeros(self.ink.shape, bool), *(cut.left for cut in self.cuts), np.ones(self.ink.shape, bool)]

    def _part(self, inside: np.ndarray) -> Part:
        ink = self.ink * inside
        mask, largest = _without_stray(ink > 0.35)
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = mask[box].shape
        length = np.log(max(0.3, float(mask.sum()) / self.stroke / height))
        soft = ink * cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
        frame = np.stack([_framed(layer, rows, columns) for layer in (soft, self.ink - soft)])
        return Part(soft[box], frame, (float(np.log(width / height)), 1 - height / HEIGHT, 1 - largest, float(length)))

    def best(self, probabilities: np.ndarray, wholeness: np.ndarray) -> tuple[float, list[int]]:
        """The greatest score of a way to part the component at one cut or more, and these cuts.

        probabilities (N, K), wholeness (N,): of the N parts, see `Part.features`.
        """
        judged = zip(self.parts.items(), probabilities, wholeness, strict=True)
        scores = {ends: float(PART @ part.features(p, whole)) for (ends, part), p, whole in judged}
        last = len(self.cuts) + 1
        best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
        for b in range(1, last + 1):
            ways = []
            for a in range(b):
                if a in best and (a, b) in scores:
                    score, cuts = best[a]
                    score += scores[a, b]
                    if b < last:
                        score += float(CUT @ self.features(self.cuts[b - 1]))
                    ways.append((score, [*cuts, b] if b < last else cuts))
            if ways:
                best[b] = max(ways)
        return best.get(last, (-np.inf, []))

    def features(self, cut: Cut) -> np.ndarray:
        """The features of a cut, for `CUT`.

        Its length in ink, in stroke widths, what it lacks of one, and in quarter heights; the strokes that it cuts,
        less 1; see `Cut` for notch and bend.
        """
        length = cut.length / self.stroke
        return np.array([length, max(0.0, 1 - length), 4 * cut.length / HEIGHT, cut.strokes - 1, *cut.notch, cut.bend])

    def divide(self, cuts: list[int]) -> list[Component]:
        """The component, parted at these cuts."""
        mask = self.component.mask
        rows, columns = (np.arange(side) * now // side for side, now in zip(mask.shape, self.ink.shape, strict=True))
        lefts = [left[rows][:, columns] for left in self.lefts]
        ends = [0, *cuts, len(self.cuts) + 1]
        parts = [mask & lefts[b] & ~lefts[a] for a, b in zip(ends, ends[1:], strict=False)]
        return [cropped(replace(self.component, mask=_without_stray(part)[0])) for part in parts]


def _framed(ink: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Ink (H, W), 0 to 1, as uint8 (32, 32): the box of these rows and columns in the middle, all around it cut off."""
    (top, bottom), (left, right) = ((float(side[0]), side[-1] + 1.0) for side in (rows, columns))
    scale = FRAMED / max(bottom - top, right - left)
    x, y = (FRAME / 2 - scale * (low + high - 1) / 2 - 0.5 for low, high in ((left, right), (top, bottom)))
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    return np.rint(255 * cv2.warpAffine(ink, matrix, (FRAME, FRAME))).astype(np.uint8)


def _without_stray(mask: np.ndarray) -> tuple[np.ndarray, float]:
    """A mask without its smallest pieces, and the share of ink in its largest."""
    labels = connected_components(mask)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    keep = areas >= STRAY * areas.sum()
    keep[0] = False
    return keep[labels], float(areas.max() / max(1, areas.sum()))
