"""Measure doubt, kind by kind: `python -m tests.helpers.doubt_table` (AUROC, misses, false alarms, milliseconds)."""

import argparse
import time
from collections.abc import Iterator

import numpy as np

from ocrgen.cli.common import open_store
from ocrgen.datasets import load_data
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.doubting import doubts
from ocrgen.readers.runs import geometry_of, load
from ocrgen.utils.statistics import share_interval
from tests.helpers.photos import conditions, draw
from tests.helpers.photos.symbols import CHOOSING, REPORTING

REAL = ("clean", "plain", "shadow", "ruled", "several", "colour", "jpeg")


def characters(condition: str, n: int, first: int, geometry: Geometry, pool) -> Iterator[np.ndarray]:
    """The normalised characters of n photographs; of a sign between digits only the sign, of digits only if all found.

    A picture that is refused, and a sign that is left out, yields none: both are told.
    """
    symbol = condition.startswith("symbol-")
    for seed in range(first, first + n):
        photo = draw(condition, seed, pool)
        try:
            found = [c.image for c in read_picture(photo.data, "photo", geometry).characters]
        except ImageError:
            continue
        if symbol and photo.text:
            found = found[1:-1] if len(found) == 3 else []
        if symbol or len(found) == len(photo.text):
            yield from found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="photographs of each kind")
    parser.add_argument("--seed", type=int, default=50_000, help="the first; tests use those below 1000")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--split", default="validation", help="whose digits are drawn: `test` once, for the report")
    parser.add_argument("--readers", nargs="+", default=["reader-augmented-mnist"])
    args = parser.parse_args()
    loaded = [load(open_store().get(name)) for name in args.readers]
    geometry, pool = geometry_of(loaded[0][1]), getattr(load_data(args.dataset), args.split)
    assert set(REAL) <= set(conditions())
    known: dict[str, list[np.ndarray]] = {name: [] for name in args.readers}
    for kind in ("data set", *REAL):
        images = list(characters(kind, args.n, args.seed, geometry, pool)) if kind in REAL else pool.images
        for name, (reader, _) in zip(args.readers, loaded, strict=True):
            scores = doubts(reader, np.stack(images))
            print(f"{name:24} false alarms, {kind:22}", _share(scores, reader), flush=True)
            if kind in REAL:
                known[name].append(scores)
    for name, (reader, _) in zip(args.readers, loaded, strict=True):
        print(f"{name:24} false alarms, {'all photographs':22}", _share(np.concatenate(known[name]), reader))
    print("AUROC against all photographs of digits, and misses")
    for part, kinds in (("choosing", CHOOSING), ("reporting", REPORTING)):
        for kind in kinds:
            images = list(characters(f"symbol-{kind}", args.n, args.seed, geometry, pool))
            for name, (reader, _) in zip(args.readers, loaded, strict=True):
                missed = _missed(reader, np.concatenate(known[name]), images)
                print(f"{name:24} {part}, {kind:22}", missed, flush=True)
    reader, begun = loaded[0][0], time.perf_counter()
    for _ in range(50):
        doubts(reader, pool.images[:1])
    print(f"{(time.perf_counter() - begun) * 20:.1f} ms for one character")


def _share(scores: np.ndarray, reader) -> str:
    k = int((scores > reader.doubt.threshold).sum())
    low, high = share_interval(k, len(scores))
    return f"{k / len(scores):6.1%} [{low:.1%}, {high:.1%}] of {len(scores)}"


def _missed(reader, known: np.ndarray, images: list[np.ndarray]) -> str:
    from sklearn.metrics import roc_auc_score

    if not images:
        return "none was taken for a character"
    scores = doubts(reader, np.stack(images))
    auroc = roc_auc_score([0] * len(known) + [1] * len(scores), np.concatenate([known, scores]))
    k = int((scores <= reader.doubt.threshold).sum())
    low, high = share_interval(k, len(scores))
    return f"{auroc:.3f}  {k / len(scores):6.1%} [{low:.1%}, {high:.1%}] of {len(scores)}"


if __name__ == "__main__":
    main()
