"""Where the lab's own files lie, in a source checkout and where it is installed, and where users' runs go."""

import os
from pathlib import Path

from platformdirs import user_data_path

_CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = not (_CHECKOUT / "app.py").exists()
# What holds `app.py`, `pages/`, `checkpoints/` and the theme: the wheel maps them into the package.
HOME = Path(__file__).resolve().parents[1] / "_lab" if INSTALLED else _CHECKOUT
SHIPPED = HOME / "checkpoints"
PROGRAM = "ocrgen" if INSTALLED else "python -m ocrgen"  # how users call the command line


def runs_root() -> Path:
    """The folder of users' runs: $OCRGEN_RUNS, else `runs/` of a source checkout, else in the user's data folder."""
    if root := os.environ.get("OCRGEN_RUNS"):
        return Path(root).expanduser().resolve()
    return user_data_path("ocrgen") / "runs" if INSTALLED else HOME / "runs"
