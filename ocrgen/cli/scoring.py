"""The verbs that measure: `score`, `distance`, `reference`."""

import json
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from ocrgen.cli.common import Bar, absolute, checked, execute, open_store, parse
from ocrgen.utils.errors import UserError


def score(args: list[str]) -> int:
    """Score a run's samples with LFID and FID: score RUN [--epoch N|all] [--extractor NAME] [--n N] [--json]"""

    def command(
        run: Positional[str],
        epoch: str = "",
        extractor: Literal["digitnet", "inception"] = "digitnet",
        n: int = 10_000,
        weights: str = "",
        json: bool = False,
    ) -> tuple:
        """Score a run's samples against real digits: LFID and FID with their floors, coverage, memorisation.

        Args:
            run: the run's name, or its label.
            epoch: one epoch's number, or all; the best one if not given.
            extractor: the features to compare: digitnet, ours; or inception, the paper's and the field's.
            n: generated images to score.
            weights: weights file of the extractor; its usual place if not given.
            json: print an object with all values (with --epoch all: a list of them) instead of a table.
        """
        return run, epoch, extractor, n, weights, json

    name, epoch, extractor, n, weights, as_json = parse(command, "score", args)
    from ocrgen.generators.scoring import ScoreConfig, score_epochs

    run = open_store().get(name)
    if epoch not in ("", "all") and not epoch.isdigit():
        raise UserError(f"--epoch must be a number or all, not {epoch!r}.")
    epochs = [] if epoch == "all" else [int(epoch) if epoch else run.best_epoch()]
    values = {"run": run.name, "epochs": epochs, "extractor": extractor, "n": n, "weights": weights}
    config = checked(ScoreConfig, values)
    rows = score_epochs(run, config, lambda: False, Bar(run.name).show)
    if as_json:
        print(json.dumps(rows if epoch == "all" else rows[0], indent=1))
    else:
        _print_scores(rows, "epoch")
    return 0


def _print_scores(rows: list[dict], first: str) -> None:
    import pandas as pd

    names = [first, "lfid_64", "lfid_192", "lfid_768", "fid_2048", "coverage", "spread", "n"]
    print(pd.DataFrame(rows)[[n for n in names if n in rows[0]]].to_string(index=False, float_format="{:.4g}".format))
    last = rows[-1]
    if "floor_n" in last:
        floors = ", ".join(f"{d}: {last[f'floor_{d}']:.4g}" for d in (64, 192, 768, 2048))
        print(f"\nReal against real (n = {last['floor_n']:,}): {floors}. Extractor {last['extractor']}.")
    if any(row.get("collapsed") for row in rows):
        print("ALARM: the spread within a class is under half of real digits': class means instead of digits?")


def distance(args: list[str]) -> int:
    """LFID and FID between any two sets of digits: distance A B [--extractor NAME] [--json]"""

    def command(
        a: Positional[str],
        b: Positional[str],
        extractor: Literal["digitnet", "inception"] = "digitnet",
        weights: str = "",
        json: bool = False,
    ) -> tuple:
        """LFID and FID between two sets of digit images.

        Args:
            a: an .npz, folder or zip of digits, or a data set's name (its training images).
            b: the other side, likewise.
            extractor: the features to compare.
            weights: weights file of the extractor; its usual place if not given.
            json: print an object instead of lines.
        """
        return a, b, extractor, weights, json

    a, b, extractor, weights, as_json = parse(command, "distance", args)
    from ocrgen.metrics.compare import distance
    from ocrgen.metrics.extractors import load_extractor

    row = distance(a, b, load_extractor(extractor, weights or None))
    print(json.dumps(row, indent=1) if as_json else "\n".join(f"{k:<10} {v}" for k, v in row.items()))
    return 0


def reference(args: list[str]) -> int:
    """Compute the statistics of a data set that scores are measured against: reference NAME"""

    def command(dataset: Positional[str]) -> str:
        """Compute the statistics of real digits that generated ones are scored against, as we ship them.

        Args:
            dataset: mnist, arabic, digits, or a path to your own data.
        """
        return dataset

    dataset = absolute(parse(command, "reference", args))
    store = open_store()
    return execute(store.create("reference", {"dataset": dataset}, f"reference-{Path(dataset).stem}"), store)
