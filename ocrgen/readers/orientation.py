"""Whether characters are upright: shipped networks try to recognise them as they are, and turned or mirrored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import torch

from ocrgen.datasets.alphabet import ARABIC_DIGITS, DIGITS, digit_value
from ocrgen.datasets.arabic_letters import CLASSES as ARABIC_LETTERS
from ocrgen.datasets.base import Characters
from ocrgen.datasets.own import OwnData
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.letter_shapes import centred, is_letter, nearest_letters
from ocrgen.runs.store import shipped_folder
from ocrgen.utils.errors import UserError

UPRIGHT, TRANSPOSED, UNKNOWN = "upright", "transposed", "unknown"
Turn = Callable[[np.ndarray], np.ndarray]


def _quarters(images: np.ndarray, k: int) -> np.ndarray:
    return np.rot90(images, k, (1, 2))


# What images look like that are not upright, and what makes them so: all ways to lay a square upon itself.
TURNS: dict[str, Turn] = {
    UPRIGHT: lambda images: images,
    TRANSPOSED: lambda images: images.transpose(0, 2, 1),
    "turned to the right": partial(_quarters, k=1),
    "turned to the left": partial(_quarters, k=-1),
    "upside down": partial(_quarters, k=2),
    "mirrored": lambda images: images[:, :, ::-1],
    "mirrored top to bottom": lambda images: images[:, ::-1],
    "transposed upside down": lambda images: _quarters(images, 2).transpose(0, 2, 1),
}
TRIED = 200  # images at most: each is recognised eight times
MIN_TRIED = 20
MARGIN = 0.2  # by which the share recognised must be larger one way than the other
SURE = 3.0  # standard errors of that difference (McNemar's); one more to call images anything but upright
ARABIC_TAP = 192  # the features that tell Arabic letters apart best (79 % of other writers' letters)
RIDGE = 0.01  # of the mean variance, added to the covariance


@dataclass(frozen=True)
class Orientation:
    """What images look like: upright, transposed, another key of `TURNS`, or unknown.

    by: what tried to recognise n of them, empty if nothing could. as_is, turned: the shares, 0 to 1, that it
    recognised as they are, and made upright from what they look like (of upright and unknown ones: transposed).
    """

    looks: str
    by: str = ""
    n: int = 0
    as_is: float = 0.0
    turned: float = 0.0

    @property
    def upright(self) -> bool:
        """Whether nothing speaks against taking them as they are."""
        return self.looks in (UPRIGHT, UNKNOWN)

    @property
    def told(self) -> str:
        """In one sentence, with the figures behind it."""
        if not self.by:
            return (
                "Whether they are upright cannot be told: nothing that is shipped reads these characters, "
                f"or there are fewer than {MIN_TRIED}."
            )
        as_is, turned = round(100 * self.as_is), round(100 * self.turned)
        figures = f"of {self.n} tried, {self.by} recognises {as_is} % as they are and {turned} % turned"
        if self.looks == UNKNOWN:
            return f"Whether they are upright cannot be told: {figures.replace(' and ', ', ')}."
        return f"These {'are' if self.looks == UPRIGHT else 'look'} {self.looks}: {figures}."


def find_orientation(characters: Characters) -> Orientation:
    """What images look like; unknown unless a shipped network, or a font of Latin letters, knows their classes.

    Reading is tried all eight ways. Images are upright if as many are recognised so as any other way, and clearly more
    than transposed; anything else is only said if clearly more are recognised that way than as they are.
    """
    unsure = Orientation(UNKNOWN)
    for by, least, labels, index, read in _recognisers(characters):
        found = _decide(by, least, labels, characters.images[index], read)
        if found.looks != UNKNOWN:
            return found
        unsure = max(unsure, found, key=lambda o: max(o.as_is, o.turned))
    return unsure


def righted(data: OwnData, looks: str) -> OwnData:
    """The data made upright from what they look like, with a note of it."""
    if looks == TRANSPOSED:
        return data.turned()
    images = np.ascontiguousarray(TURNS[looks](data.whole.images))
    note = f"Every picture was {looks}, and was made upright."
    return replace(data, whole=replace(data.whole, images=images), notes=(*data.notes, note))


def _decide(by: str, least: float, labels: np.ndarray, images: np.ndarray, read: Turn) -> Orientation:
    """least: the share of upright images that is recognised at the very least. read: images -> labels (N,)."""
    right = {name: read(turn(images)) == labels for name, turn in TURNS.items()}
    # The mean over classes: one that looks the same every way, and has many images, is not to decide.
    present = np.unique(labels)
    share = {name: float(np.mean([r[labels == c].mean() for c in present])) for name, r in right.items()}
    best = max(share, key=lambda name: share[name])

    def clearly(a: str, b: str, sure: float) -> bool:
        more, less = (right[a] & ~right[b]).sum(), (right[b] & ~right[a]).sum()
        return share[a] - share[b] >= MARGIN and more - less >= sure * np.sqrt(more + less)

    found = partial(Orientation, by=by, n=len(labels), as_is=share[UPRIGHT])
    if share[best] >= least:
        if not clearly(best, UPRIGHT, 1.0) and clearly(UPRIGHT, TRANSPOSED, SURE):
            return found(UPRIGHT, turned=share[TRANSPOSED])
        if not clearly(best, TRANSPOSED, 1.0):
            best = TRANSPOSED  # the usual way, where letters look the same another way
        if clearly(best, UPRIGHT, SURE + 1):
            return found(best, turned=share[best])
    return found(UNKNOWN, turned=share[TRANSPOSED])


def _recognisers(characters: Characters) -> Iterator[tuple[str, float, np.ndarray, np.ndarray, Turn]]:
    """What knows some of the classes, the surest first: its name, `least`, labels, their images' indices, `read`."""
    texts = characters.classes

    def tried(labels: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Labels of a sample of all classes in `labels` (ours to the recogniser's), and the images' indices."""
        known = np.flatnonzero(np.isin(characters.labels, list(labels)))
        if len(known) < MIN_TRIED or len(labels) < 2:
            return np.empty(0, np.int64), known[:0]
        marked = replace(characters[known], writers=known)  # carries each image's index along
        sample = marked.subset(min(len(known), TRIED), seed=0)
        return np.array([labels[c] for c in sample.labels.tolist()]), np.asarray(sample.writers)

    digits = {c: value for c, text in enumerate(texts) if (value := digit_value(text)) is not None}
    labels, index = tried(digits)
    if len(index):
        scripts = {text for c, text in enumerate(texts) if c in digits}
        # Digits of another script are often filed under 0 to 9.
        for name, data, own in (("MNIST", "mnist", DIGITS), ("Arabic digits", "arabic", (*DIGITS, *ARABIC_DIGITS))):
            if scripts <= set(own) and (network := _reader(data)):
                yield f"an OCR model of {name}", 0.5, labels, index, network
    labels, index = tried({c: ARABIC_LETTERS.index(text) for c, text in enumerate(texts) if text in ARABIC_LETTERS})
    if len(index) and (network := _arabic_letters()):
        yield "a classifier of Arabic letters", 0.4, labels, index, network
    letters = {c: text.casefold() for c, text in enumerate(texts) if is_letter(text)}
    known = tuple(sorted(set(letters.values())))
    labels, index = tried({c: known.index(letter) for c, letter in letters.items()})
    if len(index) and len(known) > 1:
        yield "a comparison with printed letters", 0.3, labels, index, lambda im: nearest_letters(centred(im), known)


@cache
def _reader(data: str) -> Turn | None:
    """The shipped reader of these digits as a function; None if it is missing."""
    try:
        network, _ = load_reader(shipped_folder(f"reader-real-{data}") / "weights" / "reader.safetensors")
    except UserError:
        return None

    @torch.inference_mode()
    def read(images: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float() / 255
        return network(pixels).argmax(1).numpy()

    return read


@cache
def _arabic_letters() -> Turn | None:
    """Linear discriminant analysis on digitnet's features, from shipped statistics; None if they are missing."""
    folder = shipped_folder("reference-arabic-letters")
    try:
        extractor = load_extractor()
        files = [folder / f"class-{c}-tap-{ARABIC_TAP}.npz" for c in range(len(ARABIC_LETTERS))]
        classes = [GaussianStats.load(file) for file in files]
    except UserError:
        return None
    means = np.stack([stats.mean for stats in classes])
    scatter = np.sum([(stats.n - 1) * stats.covariance for stats in classes], axis=0)
    within = scatter / sum(stats.n - 1 for stats in classes)
    within += RIDGE * within.trace() / ARABIC_TAP * np.eye(ARABIC_TAP)
    weights = np.linalg.solve(within, means.T)

    def read(images: np.ndarray) -> np.ndarray:
        features = extractor.features(np.ascontiguousarray(images), (ARABIC_TAP,))[ARABIC_TAP]
        return (features @ weights - 0.5 * (means.T * weights).sum(0)).argmax(1)

    return read
