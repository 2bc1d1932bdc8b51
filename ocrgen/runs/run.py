"""A run is a folder: what was asked, how it stands, and the files that it wrote. The folder is the truth."""

import contextlib
import json
import os
import re
import signal
import socket
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ocrgen.runs.records import Record, RunRequest, RunStatus, State, wrong_fields
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import is_locked, overwrite, parse, write_atomically
from ocrgen.utils.kept import while_unchanged

R = TypeVar("R", bound=Record)


class RunError(UserError):
    """A run is missing, damaged or in a state that does not allow what was asked."""


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Run:
    """One run folder. Reading never raises for a damaged run: its status says so, and why."""

    def __init__(self, path: Path, shipped: bool = False):
        self.path = path
        self.name = path.name
        self.shipped = shipped

    def __repr__(self) -> str:
        return f"Run({self.name})"

    def read_json(self, file: str) -> dict:
        """The JSON object in a file of the folder, as it stands there. RunError if there is none."""
        return _read_json(self.path / file)

    @cached_property
    def request(self) -> RunRequest:
        """What was asked (`run.json`). RunError if damaged."""
        return while_unchanged(self.path / "run.json", _request)

    def amend(self, **facts) -> None:
        """Add facts that only the working process knows (data, versions) to `run.json`."""
        content = self.read_json("run.json")
        _record(self.path / "run.json", content, RunRequest)
        write_atomically(self.path / "run.json", json.dumps(content | facts, indent=1))
        vars(self).pop("request", None)

    @property
    def status(self) -> RunStatus:
        """How it stands (`status.json`), as last written. RunError if damaged."""
        return while_unchanged(self.path / "status.json", _status)

    def update(self, **changes) -> None:
        """Change `status.json`; only the holder of the run's lock, or its submitter, may."""
        try:
            content = self.read_json("status.json")
            _record(self.path / "status.json", content, RunStatus)
        except RunError:
            content = {}
        write_atomically(self.path / "status.json", json.dumps(content | changes | {"updated": now()}, indent=1))

    def end(self, state: State, error: str | None = None) -> None:
        """Write the state that the run ended in, in place if the disk is full. Ignored if the folder was deleted."""
        ending = {"state": state, "finished": now()} | ({"error": error} if error else {})
        try:
            self.update(**ending)
        except OSError:
            with contextlib.suppress(OSError, RunError):
                short = {"step": self.status.step, "total": self.status.total} | ending
                try:
                    overwrite(self.path / "status.json", json.dumps(short).encode())
                except OSError:
                    overwrite(self.path / "status.json", json.dumps(short | {"error": None}).encode())

    def read_status(self) -> RunStatus:
        """The status with the true state: 'died' if no process holds the lock, 'damaged' (with error) if unreadable."""
        try:
            self.request  # noqa: B018 - damaged requests count too
            status = self.status
            if status.alive and not is_locked(self.path / "lock"):
                # It may have ended between the two looks: then the file now says how.
                status = self.status
                if status.alive:
                    return status.model_copy(update={"state": "died"})
            return status
        except RunError as fault:
            return RunStatus(state="damaged", error=str(fault))

    @property
    def state(self) -> State:
        """One of STATES."""
        return self.read_status().state

    @property
    def alive(self) -> bool:
        """Whether a process is working on it, or waits in the queue."""
        return self.read_status().alive

    @property
    def number(self) -> int:
        """A small number that people can refer to the run by; it never changes."""
        return self.request.number

    @property
    def stop_file(self) -> Path:
        """Its presence asks the working process to stop, whichever machine that is on."""
        return self.path / "cancel"

    def cancel(self) -> None:
        """Ask the run to stop; it ends at a checkpoint within two seconds. Ignored if it has ended."""
        status = self.read_status()
        if not status.alive:
            return
        self.stop_file.touch()
        # The signal interrupts a sleeping process at once; the file reaches one on another machine.
        if status.host == socket.gethostname() and status.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(status.pid, signal.SIGTERM)

    def epochs(self) -> list[int]:
        """The epochs whose weights are kept, ascending, counted from 1."""
        return [*while_unchanged(self.path / "weights", _kept_epochs)]

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
        best = self.read_status().best_epoch
        return best if best in kept else kept[-1]

    def grids(self) -> dict[int, Path]:
        """The sample grids (PNG files) by epoch."""
        return {n: self.path / "samples" / f"epoch-{n:03d}.png" for n in self.drawn_epochs()}

    def drawn_epochs(self) -> list[int]:
        """The epochs that have left a sample grid, ascending, counted from 1."""
        return [*while_unchanged(self.path / "samples", _drawn_epochs)]

    def folder(self, name: str) -> Path:
        """A sub-folder, created if it does not exist."""
        (self.path / name).mkdir(exist_ok=True)
        return self.path / name


def _read_json(path: Path) -> dict:
    run, file = path.parent.name, path.name
    try:
        content = parse(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{run}: {file} is missing; delete the run, or restore the file.") from None
    except (OSError, ValueError) as fault:
        raise RunError(f"{run}: {file} cannot be read ({fault}); delete the run.") from fault
    if not isinstance(content, dict):
        raise RunError(f"{run}: {file} is not what a run writes; delete the run.")
    return content


def _record(path: Path, content: dict, kind: type[R]) -> R:
    """What stands in a file, as a record. RunError if it is none."""
    try:
        return kind.model_validate(content)
    except ValidationError as fault:
        wrong = wrong_fields(fault)
        raise RunError(f"{path.parent.name}: {path.name} has no sensible {wrong}; delete the run.") from fault


def _request(path: Path) -> RunRequest:
    return _record(path, _read_json(path), RunRequest)


def _status(path: Path) -> RunStatus:
    return _record(path, _read_json(path), RunStatus)


def _kept_epochs(folder: Path) -> tuple[int, ...]:
    return _numbers(folder, "safetensors")


def _drawn_epochs(folder: Path) -> tuple[int, ...]:
    return _numbers(folder, "png")


def _numbers(folder: Path, suffix: str) -> tuple[int, ...]:
    matches = (re.fullmatch(rf"epoch-(\d+)\.{suffix}", p.name) for p in folder.glob(f"epoch-*.{suffix}"))
    return tuple(sorted(int(m[1]) for m in matches if m))
