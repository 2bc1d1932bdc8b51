"""Runs as folders: what was asked, how it stands, and the files that it left. The folder is the truth."""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from ocrgen import Problem, __version__
from ocrgen.files import is_locked, lock, write_atomically

STATES = ("queued", "running", "done", "failed", "cancelled", "died", "damaged")
ALIVE = ("queued", "running")
PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "checkpoints"


class RunError(Problem):
    """A run is missing, damaged or in a state that does not allow what was asked."""


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Run:
    """One run folder. Reading never raises for a damaged run: its state says so and `problem` says what is wrong."""

    def __init__(self, path: Path, shipped: bool = False):
        self.path = path
        self.name = path.name
        self.shipped = shipped

    def __repr__(self) -> str:
        return f"Run({self.name})"

    def _read(self, file: str) -> dict:
        try:
            content = json.loads((self.path / file).read_bytes())
        except FileNotFoundError:
            raise RunError(f"{self.name}: {file} is missing; delete the run, or restore the file.") from None
        except (OSError, ValueError) as fault:
            raise RunError(f"{self.name}: {file} cannot be read ({fault}); delete the run.") from fault
        if not isinstance(content, dict):
            raise RunError(f"{self.name}: {file} is not what a run writes; delete the run.")
        return content

    @cached_property
    def request(self) -> dict:
        """What was asked (`run.json`): verb, settings, label, number, data, versions, created. RunError if damaged."""
        content = self._read("run.json")
        missing = {"verb", "settings", "label", "number", "created"} - content.keys()
        if missing or not isinstance(content["settings"], dict):
            raise RunError(f"{self.name}: run.json lacks {', '.join(sorted(missing)) or 'settings'}; delete the run.")
        return content

    def amend(self, **facts) -> None:
        """Add facts that only the working process knows (data, versions) to `run.json`."""
        self.request.update(facts)
        write_atomically(self.path / "run.json", json.dumps(self.request, indent=1))

    @property
    def status(self) -> dict:
        """How it stands (`status.json`), as last written. RunError if damaged."""
        content = self._read("status.json")
        if content.get("state") not in STATES:
            raise RunError(f"{self.name}: status.json names no known state; delete the run.")
        return content

    def update(self, **changes) -> None:
        """Change `status.json`; only the holder of the run's lock, or its submitter, may."""
        try:
            content = self.status
        except RunError:
            content = {}
        write_atomically(self.path / "status.json", json.dumps(content | changes | {"updated": now()}, indent=1))

    def look(self) -> dict:
        """The status with the true state: 'died' if nobody works on it, 'damaged' (with error) if unreadable."""
        try:
            self.request  # noqa: B018 - damaged requests count too
            status = self.status
            if status["state"] in ALIVE and not is_locked(self.path / "lock"):
                # It may have ended between the two looks: then the file now says how.
                status = self.status
                if status["state"] in ALIVE:
                    status["state"] = "died"
            return status
        except RunError as fault:
            return {"state": "damaged", "error": str(fault), "step": 0, "total": 0}

    @property
    def state(self) -> str:
        """One of STATES."""
        return self.look()["state"]

    @property
    def alive(self) -> bool:
        """Whether a process is at work on it, or waits in the queue."""
        return self.state in ALIVE

    @property
    def number(self) -> int:
        """A small number that stays with the run, for people."""
        return int(self.request["number"])

    @property
    def stop_file(self) -> Path:
        """Its presence asks the working process to stop, on whatever machine that runs."""
        return self.path / "cancel"

    def cancel(self) -> None:
        """Ask the run to stop; it ends at a checkpoint within two seconds. Nothing happens if it has ended."""
        status = self.look()
        if status["state"] not in ALIVE:
            return
        self.stop_file.touch()
        # The signal wakes it from whatever it is at; the file alone serves where the process is on another machine.
        if status.get("host") == socket.gethostname() and isinstance(status.get("pid"), int):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(status["pid"], signal.SIGTERM)

    def epochs(self) -> list[int]:
        """The epochs whose weights are kept, ascending, from 1."""
        return _numbers(self.path / "weights", "safetensors")

    def weights(self, epoch: int | None = None) -> Path:
        """The weights file of an epoch; if None of the best one, where a score says which, else of the last one.

        RunError if there is none.
        """
        kept = self.epochs()
        if not kept:
            raise RunError(f"{self.name} has no weights yet: they appear after its first epoch.")
        if epoch is not None and epoch not in kept:
            raise RunError(f"{self.name} has no weights of epoch {epoch}: it keeps {kept[0]} to {kept[-1]}.")
        epoch = self.best_epoch() if epoch is None else epoch
        return self.path / "weights" / f"epoch-{epoch:03d}.safetensors"

    def best_epoch(self) -> int:
        """The kept epoch that scored best in training; the last one where none was scored. RunError if none is kept."""
        kept = self.epochs()
        if not kept:
            raise RunError(f"{self.name} has no weights yet: they appear after its first epoch.")
        best = self.look().get("best_epoch")
        return best if best in kept else kept[-1]

    def grids(self) -> dict[int, Path]:
        """Sample grids by epoch."""
        return {n: self.path / "samples" / f"epoch-{n:03d}.png" for n in _numbers(self.path / "samples", "png")}

    def folder(self, name: str) -> Path:
        """A sub-folder, made if need be."""
        (self.path / name).mkdir(exist_ok=True)
        return self.path / name


def _numbers(folder: Path, suffix: str) -> list[int]:
    matches = (re.fullmatch(rf"epoch-(\d+)\.{suffix}", p.name) for p in folder.glob(f"epoch-*.{suffix}"))
    return sorted(int(m[1]) for m in matches if m)


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
        taken = [r.number for r in self._under(self.root, False) if r.state != "damaged"]
        request = {
            "verb": verb,
            "settings": settings,
            "label": label.strip()[:80],
            "number": max(taken, default=0) + 1,
            "created": now(),
            "versions": {"ocrgen": __version__} | {p: version(p) for p in ("torch", "numpy")},
        }
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            unborn = self.root / f".new-{name}"
            unborn.mkdir()
            write_atomically(unborn / "run.json", json.dumps(request, indent=1))
            status = {"state": "cancelled", "step": 0, "total": 0, "updated": now()}
            write_atomically(unborn / "status.json", json.dumps(status))
            unborn.rename(self.root / name)
        except OSError as fault:
            raise RunError(f"Cannot write to {self.root} ({fault.strerror}): free it, or set OCRGEN_RUNS.") from fault
        return Run(self.root / name)

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
