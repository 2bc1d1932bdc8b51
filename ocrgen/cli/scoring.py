"""The verbs that measure: `score`, `distance`, `reference`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import Positional

from ocrgen.cli.common import Bar, checked, data_set, execute, open_store, parse
from ocrgen.utils.errors import UserError


def score(args: list[str]) -> int:
    """Score a run's samples with LFID and FID: score RUN [--epoch N|all] [--extractor NAME] [--n N] [--json]"""

    from pydantic import Field

    from ocrgen.cli.flags import Flags
    from ocrgen.generators.scoring import ScoreConfig, score_epochs

    class ScoreFlags(Flags, ScoreConfig):
        """Score a run's samples against real characters: LFID and FID with their floors, coverage, memorisation."""

        run: Positional[str] = Field(description="the run's name, or its label")
        epoch: str = Field(default="", description="one epoch's number, or all; the best one if not given")
        epochs: tyro.conf.Suppress[list[int]] = []
        threads: tyro.conf.Suppress[int] = ScoreConfig.model_fields["threads"].default
        as_json: Annotated[bool, tyro.conf.arg(name="json")] = Field(
            default=False, description="print an object with all values (with --epoch all: a list of them), not a table"
        )

    flags = parse(ScoreFlags, "score", args)
    run = open_store().get(flags.run)
    if flags.epoch not in ("", "all") and not flags.epoch.isdigit():
        raise UserError(f"--epoch must be a number or all, not {flags.epoch!r}.")
    epochs = [] if flags.epoch == "all" else [int(flags.epoch) if flags.epoch else run.best_epoch()]
    values = flags.model_dump(include=set(ScoreConfig.model_fields)) | {"run": run.name, "epochs": epochs}
    config = checked(ScoreConfig, values)
    rows = score_epochs(run, config, lambda: False, Bar(run.name).show)
    if flags.as_json:
        print(json.dumps(rows if flags.epoch == "all" else rows[0], indent=1))
    else:
        _print_scores(rows, "epoch")
    return 0


def _print_scores(rows: list[dict], first: str) -> None:
    import pandas as pd

    last = rows[-1]
    distances = ["lfid_64", "lfid_192", "lfid_768", "fid_2048"] if not last.get("distrusted") else []
    names = [first, *distances, "coverage", "spread", "n"]
    table = pd.DataFrame(rows)[[n for n in names if n in rows[0]]]
    # The stubs know patterns only; pandas takes a function, too.
    print(table.to_string(index=False, float_format="{:.4g}".format))  # pyright: ignore[reportArgumentType]
    if distances and "floor_n" in last:
        floors = ", ".join(f"{d}: {last[f'floor_{d}']:.4g}" for d in (64, 192, 768, 2048))
        print(f"\nReal against real (n = {last['floor_n']:,}): {floors}. Extractor {last['extractor']}.")
    if last.get("distrusted"):
        print(f"\nNo distances are shown. {last['distrusted']}")
    if last.get("per_class_left_out"):
        print(f"\nClasses with under {last['min_per_class']} images, without distances: {last['per_class_left_out']}.")
    if any(row.get("collapsed") for row in rows):
        print("ALARM: the spread within a class is under half of that of real images: class means?")


def distance(args: list[str]) -> int:
    """LFID and FID between any two sets of characters: distance A B [--extractor NAME] [--json]"""

    def command(
        a: Positional[str],
        b: Positional[str],
        extractor: Literal["digitnet", "inception"] | None = None,
        weights: str = "",
        json: bool = False,
    ) -> tuple[str, str, str | None, str, bool]:
        """LFID and FID between two sets of images of characters, with the floor at the smaller one's size.

        Args:
            a: a file or folder of characters, a data set's name (its training images), or pytorch-fid's statistics
                (an .npz with mu and sigma).
            b: the other side, likewise.
            extractor: the features to compare; if not given, digitnet, or inception for pytorch-fid's statistics.
            weights: weights file of the extractor; its usual place if not given.
            json: print an object instead of lines.
        """
        return a, b, extractor, weights, json

    a, b, extractor, weights, as_json = parse(command, "distance", args)
    from ocrgen.metrics.compare import distance

    row = distance(a, b, extractor or "", weights or None)
    lines = [f"{key:<10} {value}" for key, value in row.items() if key != "notes"]
    print(json.dumps(row, indent=1) if as_json else "\n".join([*lines, *row["notes"]]))
    return 0


def reference(args: list[str]) -> int:
    """Compute the statistics of a data set that scores are measured against: reference NAME"""

    def command(dataset: Positional[str], transpose: bool = False) -> tuple[str, bool]:
        """Compute the statistics of real characters that generated ones are scored against, as we ship them.

        Args:
            dataset: mnist, arabic, arabic-letters, digits, or a path to your own data.
            transpose: your own data lie on their side: use a copy that is upright.
        """
        return dataset, transpose

    dataset = data_set(*parse(command, "reference", args))
    store = open_store()
    return execute(store.create("reference", {"dataset": dataset}, f"reference-{Path(dataset).stem}"), store)
