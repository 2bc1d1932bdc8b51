"""The verbs that look and take: `runs`, `sample`."""

import json
from pathlib import Path

from tyro.conf import Positional

from ocrgen.cli.common import Bar, open_store, parse
from ocrgen.utils.places import PROGRAM


def runs(args: list[str]) -> int:
    """List all runs and how they stand: runs [--json]"""

    def command(json: bool = False) -> bool:
        """List all runs and how they stand.

        Args:
            json: print a list of objects instead of a table.
        """
        return json

    as_json = parse(command, "runs", args)
    rows = []
    for run in open_store().list():
        status = run.read_status()
        request = None if status.state == "damaged" else run.request
        if run.shipped and request and request.verb in ("digitnet", "reference"):
            continue  # what scores are measured with, not runs to go on with
        rows.append(
            {
                "run": run.name,
                "number": request.number if request else None,
                "label": request.label if request else "",
                "verb": request.verb if request else "",
                "state": status.state,
                "step": status.step,
                "total": status.total,
                "created": request.created if request else "",
                "seconds": status.seconds,
                "shipped": run.shipped,
                "settings": request.settings if request else {},
                "data": request.data if request else None,
                "error": status.error,
            }
        )
    if as_json:
        print(json.dumps(rows, indent=1))
    elif not rows:
        print(f"No runs yet. `{PROGRAM} train cvae` makes one in under a minute.")
    else:
        import pandas as pd

        print(pd.DataFrame(rows)[["run", "label", "verb", "state", "step", "total", "created"]].to_string(index=False))
    return 0


def sample(args: list[str]) -> int:
    """Draw labelled characters from a run: sample RUN --per-class N --seed S --out FILE.npz|FILE.zip"""

    def command(
        run: Positional[str], *, out: Path, per_class: int = 100, seed: int = 0, epoch: int | None = None
    ) -> tuple[str, Path, int, int, int | None]:
        """Draw labelled characters from a run into one file, with their provenance.

        Args:
            run: the run's name, or its label.
            out: FILE.npz (arrays images, labels, classes) or FILE.zip (one folder per class, PNG).
            per_class: images of each class; 100,000 at most in all.
            seed: the same seed draws the same images.
            epoch: the epoch whose weights draw; the best one, or else the last, if not given.
        """
        return run, out, per_class, seed, epoch

    name, out, per_class, seed, epoch = parse(command, "sample", args, renamed={"per_digit": "per_class"})
    from ocrgen.datasets.alphabet import noun
    from ocrgen.generators.sampling import save_samples

    drawn = save_samples(open_store().get(name), per_class, seed, out, epoch, Bar(f"sample {name}").show)
    print(f"{len(drawn):,} images, {per_class:,} a {noun(drawn.classes)}, in {out}")
    return 0
