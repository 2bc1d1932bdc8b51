"""What the verbs share: flags from signatures, the store, and doing a run's work with a progress bar."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import tyro

from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM

if TYPE_CHECKING:
    from pydantic import ValidationError

    from ocrgen.runs.run import Run
    from ocrgen.runs.store import RunStore
    from ocrgen.utils.settings import Settings

T = TypeVar("T")
S = TypeVar("S", bound="Settings")


def parse(command: Callable[..., T], verb: str, args: list[str], renamed: dict[str, str] | None = None, **options) -> T:
    """Draw the flags of `verb` from a function's signature or a settings class; returns what that makes of `args`.

    renamed: flags of earlier versions and their present names; by default the attribute of that name, if there is one.
    """
    names = getattr(command, "renamed", {}) if renamed is None else renamed
    args = [_renamed(arg, names) for arg in args]
    return tyro.cli(command, prog=f"{PROGRAM} {verb}", args=args, **options)


def _renamed(arg: str, names: dict[str, str]) -> str:
    """A flag of an earlier version under its present name; any other argument as it is."""
    flag, equals, value = arg.partition("=")
    name = flag.removeprefix("--").replace("-", "_")
    if not arg.startswith("--") or name not in names:
        return arg
    return f"--{names[name].replace('_', '-')}{equals}{value}"


def checked(settings: type[S], values: dict) -> S:
    """Settings from values; bounds that don't hold are a UserError of one line."""
    from pydantic import ValidationError

    try:
        return settings.model_validate(values)
    except ValidationError as fault:
        raise to_user_error(fault) from fault


def to_user_error(fault: "ValidationError") -> UserError:
    """The first of the bounds that do not hold, in one line that names its flag."""
    first = fault.errors()[0]
    where = "--" + str(first["loc"][-1]).replace("_", "-") if first["loc"] else "settings"
    return UserError(f"{where}: {first['msg']} (given: {first['input']!r})")


def absolute(name: str) -> str:
    """A path as an absolute one: the job may run in another folder."""
    from ocrgen.datasets import sources

    return name if name in sources() else str(Path(name).expanduser().resolve())


def data_set(name: str, transpose: bool) -> str:
    """The data set that is named, a path as an absolute one: the job may run in another folder.

    With `transpose`, the path of an upright copy; else a line on stderr tells of data that look transposed.
    """
    from ocrgen.datasets import sources

    if name in sources() and not transpose:
        return name
    from ocrgen.readers.understanding import upright_copy

    dataset, told = upright_copy(name, transpose, open_store())
    if told:
        print(f"ocrgen: {told}", file=sys.stderr)
    return absolute(dataset)


def check_out(out: Path) -> None:
    """UserError if `out` cannot become a file, told before the work is done."""
    if out.is_dir():
        raise UserError(f"{out} is a folder: give --out the name of a file.")
    if out.exists() and not out.is_file():
        raise UserError(f"{out} is no plain file: give --out another name.")
    if not out.absolute().parent.is_dir():
        raise UserError(f"{out.parent} is no folder: make it first, or give --out another place.")


def write_out(out: Path, text: str | bytes) -> None:
    """Write the whole file or nothing. UserError if it cannot be written."""
    from ocrgen.utils.files import write_atomically

    try:
        write_atomically(out, text)
    except OSError as fault:
        raise UserError(f"Cannot write {out} ({fault.strerror}): give --out another place.") from fault


def open_store() -> "RunStore":
    from ocrgen.runs.store import RunStore

    return RunStore()


def execute(run: "Run", store: "RunStore") -> int:
    """Do a run's work here, with a progress bar where somebody looks; the run's name is the last line."""
    from ocrgen.runs import jobs
    from ocrgen.runs.run import RunError

    try:
        state = jobs.execute(run, store, lambda run, stop: work_of(run)(run, stop, Bar(run.name).show))
    finally:
        print(run.name, flush=True)
    if state == "cancelled":
        print(f"Cancelled. `{PROGRAM} resume {run.name}` goes on from there.", file=sys.stderr)
        return 130
    if state != "done":
        raise RunError(f"{run.name} ended as {state}.")
    return 0


def work_of(run: "Run") -> Callable:
    """The function that does a run's verb; imported late, since a job in the queue must not hold torch.

    UserError if this version knows no such verb.
    """
    match run.request.verb:
        case "train":
            from ocrgen.generators.training import run_training as work
        case "score":
            from ocrgen.generators.scoring import run_scoring as work
        case "reader":
            from ocrgen.readers.runs import run_reader as work
        case "study":
            from ocrgen.study.runner import run_study as work
        case "benchmark":
            from ocrgen.benchmark.runner import run_benchmark as work
        case "reference":
            from ocrgen.metrics.compare import run_reference as work
        case "digitnet":
            from ocrgen.metrics.extractors.digitnet_training import run_digitnet_training as work
        case "download":
            from ocrgen.datasets import run_download as work
        case verb:
            raise UserError(f"{run.name}: this version knows no verb {verb!r}.")
    return work


class Bar:
    """A progress bar with the time to go, on a terminal only, once the work takes longer than two seconds."""

    def __init__(self, about: str):
        self.about, self.bar = about, None

    def show(self, step: int, total: int) -> None:
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=total, initial=step, desc=self.about, unit="step", delay=2, disable=None)
        self.bar.update(step - self.bar.n)
        if step >= total:
            self.bar.close()
