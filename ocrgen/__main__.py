"""The command line: `ocrgen VERB`, or `python -m ocrgen VERB`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from ocrgen import __version__
from ocrgen.cli.app import app
from ocrgen.cli.benchmark import benchmark
from ocrgen.cli.data import data
from ocrgen.cli.evaluating import evaluate
from ocrgen.cli.exporting import export
from ocrgen.cli.reading import read, reader
from ocrgen.cli.rendering import render
from ocrgen.cli.reporting import report
from ocrgen.cli.runs import runs, sample
from ocrgen.cli.scoring import distance, reference, score
from ocrgen.cli.shipping import checkpoints
from ocrgen.cli.soak import soak
from ocrgen.cli.study import cluster_worker, study, study_worker
from ocrgen.cli.training import digitnet, resume, train
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import explain
from ocrgen.utils.places import PROGRAM

VERBS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "resume": resume,
    "runs": runs,
    "sample": sample,
    "render": render,
    "score": score,
    "distance": distance,
    "study": study,
    "report": report,
    "export": export,
    "benchmark": benchmark,
    "reader": reader,
    "read": read,
    "evaluate": evaluate,
    "data": data,
    "reference": reference,
    "digitnet": digitnet,
    "checkpoints": checkpoints,
    "soak": soak,
    "app": app,
}
# What the lab starts by itself, and nobody types.
INTERNAL_VERBS = {"study-worker": study_worker, "cluster-worker": cluster_worker}


def main(argv: list[str]) -> int:
    """Run one verb; 0 if it did what was asked, 2 with one line on stderr if the user can mend what is wrong."""
    verb, *args = argv or ["--help"]
    if verb in ("-h", "--help"):
        print(f"usage: {PROGRAM} VERB [...]\n\n{__doc__}\n\nverbs:")
        for name, function in VERBS.items():
            print(f"  {name:<12} {(function.__doc__ or '').partition(chr(10))[0]}")
        print(f"\n`{PROGRAM} VERB --help` shows a verb's flags. `{PROGRAM} app` opens the dashboard.")
        return 0
    if verb == "--version":
        print(__version__)
        return 0
    try:
        known = VERBS | INTERNAL_VERBS
        if verb not in known:
            raise UserError(f"there is no verb {verb!r}: choose from {', '.join(VERBS)}.")
        return known[verb](args)
    except UserError as problem:
        print(f"ocrgen: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:  # no room, no right to write: a job tells it in its status, all else here
        if not (explanation := explain(fault, Path.cwd())):
            raise
        print(f"ocrgen: {explanation}", file=sys.stderr)
        return 2


def run() -> None:
    """The command `ocrgen` of an installation."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
