"""A run is a folder: what was asked, how it stands, and the files that it left. The folder is the truth."""

import contextlib
import json
import os
import re
import signal
import socket
from datetime import UTC, datetime
from functools import cached_property
from math import isfinite
from pathlib import Path

from ocrgen.utils.errors import UserError
from ocrgen.utils.files import is_locked, overwrite, parse, write_atomically

STATES = ("queued", "running", "done", "failed", "cancelled", "died", "damaged")
REQUEST = {"verb": str, "settings": dict, "label": str, "number": int, "created": str}
SETTINGS = {  # by verb: what every page asks of a run's settings
    "train": ("dataset", "model"), "reader": ("dataset",), "study": ("dataset",), "score": ("run",),
    "download": ("dataset",),
}  # fmt: skip
NUMBERS = (
    *("step", "total", "seconds", "left", "speed", "epoch", "epochs", "per_epoch", "best_epoch", "best", "pid"),
    "monitor_seconds",
)
TEXTS = ("error", "note", "stopped", "watched", "queued", "started", "finished", "updated", "host")
ALIVE = ("queued", "running")


class RunError(UserError):
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
            content = parse((self.path / file).read_bytes())
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
        wrong = sorted(k for k, kind in REQUEST.items() if not isinstance(content.get(k), kind))
        if wrong:
            raise RunError(f"{self.name}: run.json lacks {', '.join(wrong)}; delete the run.")
        told = content["settings"]
        wrong = [k for k in SETTINGS.get(content["verb"], ()) if not isinstance(told.get(k), str)]
        if wrong:
            raise RunError(f"{self.name}: run.json has settings without {', '.join(wrong)}; delete the run.")
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
        kinds = [(name, int | float) for name in NUMBERS] + [(name, str) for name in TEXTS]
        for name, kind in kinds:
            value = content.get(name)
            if value is not None and (not isinstance(value, kind) or isinstance(value, float) and not isfinite(value)):
                raise RunError(f"{self.name}: status.json has no sensible {name}; delete the run.")
        return content

    def update(self, **changes) -> None:
        """Change `status.json`; only the holder of the run's lock, or its submitter, may."""
        try:
            content = self.status
        except RunError:
            content = {}
        write_atomically(self.path / "status.json", json.dumps(content | changes | {"updated": now()}, indent=1))

    def end(self, state: str, error: str | None = None) -> None:
        """Write how it ended, by whatever way a full disk leaves; a folder that is gone needs no word."""
        told = {"state": state, "finished": now()} | ({"error": error} if error else {})
        try:
            self.update(**told)
        except OSError:
            with contextlib.suppress(OSError, RunError):
                short = {k: v for k, v in self.status.items() if k in ("step", "total")} | told
                try:
                    overwrite(self.path / "status.json", json.dumps(short).encode())
                except OSError:
                    overwrite(self.path / "status.json", json.dumps(short | {"error": None}).encode())

    def read_status(self) -> dict:
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
        return self.read_status()["state"]

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
        status = self.read_status()
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
        best = self.read_status().get("best_epoch")
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
