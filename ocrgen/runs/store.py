"""The store of all runs: a writable folder and a read-only one that is shipped, each with one folder a run."""

import contextlib
import json
import os
import re
import secrets
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ocrgen import __version__
from ocrgen.runs.run import Run, RunError, now
from ocrgen.utils.files import lock, remove_stale, write_atomically
from ocrgen.utils.places import PROGRAM, SHIPPED, runs_root

__all__ = ["SHIPPED", "Run", "RunError", "RunStore", "now", "shipped_folder"]


def shipped_folder(name: str) -> Path:
    """The folder of a shipped run: in OCRGEN_CHECKPOINTS if it is there, else in the project's own `checkpoints/`."""
    other = Path(os.environ.get("OCRGEN_CHECKPOINTS") or SHIPPED).expanduser() / name
    return other if other.is_dir() else SHIPPED / name


def display_order_key(run: Run) -> tuple:
    """A sort key; the run with the greatest one is shown first.

    Users' own runs come first, the newest before the others; then shipped ones, our presets and the fair protocol
    before the paper's, MNIST before other data; damaged runs come last.
    """
    if run.state == "damaged":
        return 0, run.name
    if not run.shipped:
        return 2, run.name[:15], run.number, run.name  # the second of its name; within it by number
    settings = run.request.settings
    ours = settings.get("protocol", settings.get("preset")) in ("fair", "fast")
    return 1, ours, run.request.dataset == "mnist", run.name


def _is_folder(entry: os.DirEntry) -> bool:
    """Whether it is a folder, or a link to one; a link to itself, at which the entry's own test fails, is none."""
    return Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()


class RunStore:
    """All runs: the writable folder `runs/` (OCRGEN_RUNS) and the read-only `checkpoints/` (OCRGEN_CHECKPOINTS)."""

    def __init__(self, root: Path | None = None, shipped: Path | None = SHIPPED):
        self.root = root.expanduser().resolve() if root else runs_root()
        other = os.environ.get("OCRGEN_CHECKPOINTS") if shipped is SHIPPED else None
        self.shipped = Path(other).expanduser() if other else shipped

    def own(self) -> list[Run]:
        """The runs of the writable folder only."""
        return RunStore(self.root, shipped=None).list()

    def list(self, verb: str | None = None) -> list[Run]:
        """Runs sorted by `display_order_key`, the first to show last; damaged ones only where no verb is given."""
        roots = [(root, shipped) for root, shipped in ((self.shipped, True), (self.root, False)) if root]
        found = [(entry, shipped) for root, shipped in roots if root.is_dir() for entry in os.scandir(root)]
        runs = [Run(Path(e.path), shipped) for e, shipped in found if not e.name.startswith(".") and _is_folder(e)]
        places = {run: display_order_key(run) for run in runs}  # one read of the status each
        ordered = sorted(runs, key=lambda run: places[run])
        return ordered if verb is None else [r for r in ordered if places[r] > (1,) and r.request.verb == verb]

    def get(self, name: str) -> Run:
        """The run of that folder name, or of that label if only one has it. RunError otherwise.

        A run that is being rebuilt takes precedence over the shipped one of the same name.
        """
        runs = self.list()
        found = [r for r in runs if r.name == name][-1:]
        found = found or [r for r in runs if r.state != "damaged" and r.request.label == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise RunError(f"{len(found)} runs are labelled {name!r}: use the name, one of {[r.name for r in found]}.")
        raise RunError(f"There is no run {name!r}. `{PROGRAM} runs` lists them.")

    def create(self, verb: str, settings: dict, about: str, label: str = "") -> Run:
        """Create a run folder, which becomes visible only when it is complete. `about`: part of its generated name."""
        slug = re.sub(r"[^a-z0-9]+", "-", about.lower()).strip("-")[:40]
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{slug}-{secrets.token_hex(2)}"
        request = {
            "verb": verb,
            "settings": settings,
            "label": label.strip()[:80],
            "created": now(),
            "versions": {"ocrgen": __version__} | {p: version(p) for p in ("torch", "numpy")},
        }
        holder = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # One process at a time, so that no two runs get the same number; after five seconds, or where the file
            # system cannot lock folders, without a lock.
            with contextlib.suppress(OSError):
                holder = lock(self.root, wait=5.0)
            # Shipped runs count, too: they appear in the same charts, where numbers give names and colours.
            taken = [r.number for r in self.list() if r.state != "damaged"]
            request["number"] = max(taken, default=0) + 1
            unborn = self.root / f".new-{name}"
            unborn.mkdir()
            write_atomically(unborn / "run.json", json.dumps(request, indent=1))
            status = {"state": "cancelled", "step": 0, "total": 0, "updated": now()}
            write_atomically(unborn / "status.json", json.dumps(status))
            unborn.rename(self.root / name)
        except OSError as fault:
            shutil.rmtree(self.root / f".new-{name}", ignore_errors=True)
            raise RunError(f"Cannot write to {self.root} ({fault.strerror}): free it, or set OCRGEN_RUNS.") from fault
        finally:
            if holder is not None:
                os.close(holder)
        remove_stale([*self.root.glob(".new-*"), *self.root.glob(".deleted-*")])
        return Run(self.root / name)

    def delete(self, run: Run) -> None:
        """Remove a run and all its files. RunError if it is shipped or still at work."""
        if run.shipped:
            raise RunError(f"{run.name} is shipped with the lab and stays.")
        holder = lock(run.path / "lock", wait=0.2)
        if holder is None:
            raise RunError(f"{run.name} is at work: cancel it first.")
        try:
            # Renamed first, so that viewers see either the whole run or none.
            grave = run.path.with_name(f".deleted-{run.name}")
            run.path.rename(grave)
            shutil.rmtree(grave)
        finally:
            os.close(holder)
