"""The verb that makes what is shipped: `checkpoints`."""

import sys
from pathlib import Path

from ocrgen.cli.common import Bar, parse


def checkpoints(args: list[str]) -> int:
    """Make again what is shipped, from the data: checkpoints [--out FOLDER] [--only NAME...] [--workers N]"""

    from ocrgen.runs.store import SHIPPED

    def command(out: Path = SHIPPED, only: tuple[str, ...] = (), workers: int = 2) -> tuple[Path, tuple[str, ...], int]:
        """Make what is shipped: networks, OCR models, scores and studies; what stands is kept, what was killed resumes.

        Args:
            out: the folder to put it into.
            only: names of recipes to make, with what they need; all of them if not given.
            workers: processes at work at once.
        """
        return out, only, workers

    out, only, workers = parse(command, "checkpoints", args)
    from ocrgen.zoo.build import make

    make(out, list(only), max(1, workers), Bar("checkpoints").show, lambda line: print(line, file=sys.stderr))
    return 0
