"""How long a benchmark will take, by what its benches have taken elsewhere."""

from collections.abc import Mapping

# About how many seconds the benches take in full, and quick, on one core of an Intel Xeon; elsewhere, about in
# proportion. In full, how limit and sample, and reader and claim, share their seconds is estimated.
SECONDS = {
    "train": (29, 1.9),
    "limit": (8, 0.5),
    "sample": (155, 5.7),
    "distance": (344, 0.6),
    "reader": (280, 2.3),
    "claim": (222, 3.7),
    "scaling": (504, 5.1),
    "quality": (595, 0),  # not in a quick one
}


def seconds_left(parts: Mapping[str, int], quick: bool, first: int, done: int, seconds: float) -> float:
    """About how many seconds the parts that are not done will take, at the pace of those done in this go.

    parts: how many each bench has, in order. first: done before this go; done: by now. seconds: since it began.
    """
    expected = [SECONDS[bench][quick] / count for bench, count in parts.items() for _ in range(count)]
    before = sum(expected[first:done])
    return sum(expected[done:]) * (seconds / before if before else 1.0)
