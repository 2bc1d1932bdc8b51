"""Measure how many photographs of each condition a reader reads rightly: `python -m tests.helpers.photos`."""

import argparse

from ocrgen.cli.common import open_store
from ocrgen.datasets import load_data
from ocrgen.readers.runs import geometry_of, load
from ocrgen.utils.statistics import share_interval
from tests.helpers.photos import conditions, measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conditions", nargs="*", help="all if none is named; a prefix names several")
    parser.add_argument("--n", type=int, default=50, help="photographs of each condition")
    parser.add_argument("--seed", type=int, default=1000, help="the first; tests use those below 1000")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--split", default="validation", help="whose digits are drawn: never tune on `test`")
    parser.add_argument("--reader", default="reader-augmented-mnist", help="a reader's run")
    parser.add_argument("--wrong", type=int, default=0, help="so many mistakes are listed for each condition")
    args = parser.parse_args()
    reader, metadata = load(open_store().get(args.reader))
    pool = getattr(load_data(args.dataset), args.split)
    for name in conditions():
        if args.conditions and not any(name.startswith(prefix) for prefix in args.conditions):
            continue
        score = measure(name, args.n, reader, geometry_of(metadata), pool, args.seed)
        low, high = share_interval(score.right, score.n)
        print(f"{name:24} {score.right / score.n:6.1%} [{low:.1%}, {high:.1%}] of {score.n}, {score.ms:.0f} ms each")
        for wrong in score.wrong[: args.wrong]:
            print("    seed {}: {!r} read as {!r}".format(*wrong))


if __name__ == "__main__":
    main()
