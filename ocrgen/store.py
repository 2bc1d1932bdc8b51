"""The runs: a writable folder and one that is shipped, each with one folder a run."""

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ocrgen import __version__
from ocrgen.files import lock, write_atomically
from ocrgen.run import ALIVE, STATES, Run, RunError, now

__all__ = ["ALIVE", "PACKAGE", "SHIPPED", "STATES", "Run", "RunError", "RunStore", "now"]

PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "checkpoints"
STALE = 3600.0  # seconds after which a half-made or half-deleted folder is nobody's work any more


class RunStore:
    """All runs: the writable folder `runs/` (OCRGEN_RUNS) and the read-only `checkpoints/` (OCRGEN_CHECKPOINTS)."""

    def __init__(self, root: Path | None = None, shipped: Path | None = SHIPPED):
        self.root = (root or Path(os.environ.get("OCRGEN_RUNS") or PACKAGE / "runs")).expanduser().resolve()
        other = os.environ.get("OCRGEN_CHECKPOINTS") if shipped is SHIPPED else None
        self.shipped = Path(other).expanduser() if other else shipped

    def _under(self, root: Path | None, shipped: bool) -> list[Run]:
        if root is None or not root.is_dir():
            return []
        runs = [Run(p, shipped) for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")]
        # By the second of their names; within it by number, where that can be read.
        return sorted(runs, key=lambda r: (r.name[:15], r.number if r.state != "damaged" else 0, r.name))

    def list(self, verb: str | None = None) -> list[Run]:
        """Runs, shipped ones first, then in order of creation; damaged ones included unless a verb is asked for."""
        runs = self._under(self.shipped, True) + self._under(self.root, False)
        return runs if verb is None else [r for r in runs if r.state != "damaged" and r.request["verb"] == verb]

    def get(self, name: str) -> Run:
        """The run of that folder name, or of that label if only one has it. RunError otherwise.

        Where a shipped run is being made again, the one that is at work goes before the shipped one.
        """
        runs = self.list()
        found = [r for r in runs if r.name == name][-1:]
        found = found or [r for r in runs if r.state != "damaged" and r.request["label"] == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise RunError(f"{len(found)} runs are labelled {name!r}: use the name, one of {[r.name for r in found]}.")
        raise RunError(f"There is no run {name!r}. `python -m ocrgen runs` lists them.")

    def create(self, verb: str, settings: dict, about: str, label: str = "") -> Run:
        """A new run folder, complete from the moment that it can be seen. `about`: words for its generated name."""
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
            # One at a time, so that no two get the same number; who has waited too long, or has a file system that
            # locks no folders, goes on without.
            with contextlib.suppress(OSError):
                holder = lock(self.root, wait=5.0)
            # Over the shipped ones, too: they stand in the same charts, whose names and colours go by number.
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
        self._sweep()
        return Run(self.root / name)

    def _sweep(self) -> None:
        """Remove what a process that was killed while it made or deleted a run has left."""
        for left in [*self.root.glob(".new-*"), *self.root.glob(".deleted-*")]:
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > STALE:
                    shutil.rmtree(left, ignore_errors=True)

    def delete(self, run: Run) -> None:
        """Remove a run and all its files. RunError if it is shipped or still at work."""
        if run.shipped:
            raise RunError(f"{run.name} is shipped with the lab and stays.")
        holder = lock(run.path / "lock", wait=0.2)
        if holder is None:
            raise RunError(f"{run.name} is at work: cancel it first.")
        try:
            # Renamed first: a viewer sees all of it or nothing.
            grave = run.path.with_name(f".deleted-{run.name}")
            run.path.rename(grave)
            shutil.rmtree(grave)
        finally:
            os.close(holder)
