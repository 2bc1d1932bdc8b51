"""The lab in a notebook or a script: what the command line does, as functions. `from ocrgen import train_generator`.

Runs are kept where the dashboard shows them (OCRGEN_RUNS). Everything that a caller can mend raises a UserError.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrgen.datasets import Characters, existing_path, load_data, sources
from ocrgen.runs import jobs
from ocrgen.runs.jobs import Stop
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.progress import ProgressCallback, no_progress
from ocrgen.utils.settings import first_fault

if TYPE_CHECKING:  # slow to import
    from ocrgen.study import Results

__all__ = ["draw_samples", "fid", "load_data", "read_image", "run_study", "train_generator"]


def train_generator(
    model: str = "cvae",
    dataset: str = "digits",
    preset: str = "",
    *,
    label: str = "",
    show: ProgressCallback = no_progress,
    **settings: Any,
) -> Run:
    """Train a generator here, in this process; returns its run, with weights and samples of every epoch.

    model: "cvae", "cgan", "flow" or "rendered". dataset: a name or a path, as for `load_data`. preset: the generator's
    first if not given. label: a name of one's own. show: called with the steps done and their total. settings: any of
    the flags of `train`, such as epochs=10, seed=1, batch=128. UserError if one is wrong, the training breaks down or
    is interrupted; `python -m ocrgen resume` takes up an interrupted one.
    """
    from ocrgen.generators.config import TrainConfig, request_of
    from ocrgen.generators.training import run_training

    loop = {name: value for name, value in settings.items() if name in TrainConfig.model_fields}
    own = {name: value for name, value in settings.items() if name not in loop}
    request = request_of(model, _absolute(dataset), preset, loop, own)
    store = RunStore()
    run = store.create("train", request.model_dump(mode="json"), request.about, label)
    return _execute(run, store, lambda run, stop: run_training(run, stop, show))


def draw_samples(run: Run | str, per_class: int = 10, *, epoch: int | None = None, seed: int = 0) -> Characters:
    """Labelled images that a trained generator draws: uint8 (K * per_class, 28, 28), the K classes in turn.

    run: or its name, or its label; shipped ones such as "cvae-mnist", too. epoch: the best one, as far as that is
    known, if not given. The same seed draws the same images. UserError if there is no such run or no weights.
    """
    from ocrgen.generators.checkpoint import load_generator
    from ocrgen.generators.sampling import draw

    run = RunStore().get(run) if isinstance(run, str) else run
    return draw(load_generator(run.weights(epoch)), per_class, seed, run.name)


def fid(a: Characters | str, b: Characters | str) -> dict:
    """FID and LFID between two sets of characters, each a data set's name, a path, or the images themselves.

    Keys: lfid_64, lfid_192, lfid_768, fid_2048, floor_64 and so on (what real images score against each other), and
    more: `ocrgen.metrics.compare.distance`. The features are `digitnet`'s, ours: values compare with each other only,
    not with those of Inception that papers report. UserError if a set has fewer than six images.
    """
    from ocrgen.metrics.compare import distance

    return distance(a, b)


def run_study(*, label: str = "", show: ProgressCallback = no_progress, **settings: Any) -> "Results":
    """Run a study here: do synthetic images help OCR models to read a data set? Returns its results.

    settings: any of the flags of `study`, such as dataset="digits", n=[100], seeds=2, protocol="fair". show: called
    with the tasks done and their total. The `ocrgen.study.Results` hold `table`, `summary` and `differences`, three
    pandas tables; `ocrgen.study.advice.advise(results)` says what to do. UserError as for `train_generator`.
    """
    from pydantic import ValidationError

    from ocrgen.study import read_results
    from ocrgen.study.config import StudyConfig
    from ocrgen.study.data import check_data
    from ocrgen.study.runner import run_study as work

    if "dataset" in settings:
        settings["dataset"] = _absolute(settings["dataset"])
    try:
        config = StudyConfig.model_validate(settings)
    except ValidationError as fault:
        raise UserError(first_fault(fault)) from fault
    check_data(config)
    store = RunStore()
    run = store.create("study", config.model_dump(), config.about, label)
    return read_results(_execute(run, store, lambda run, stop: work(run, stop, show)))


def read_image(file: Path | str, reader: str = "") -> dict:
    """Read the characters on a photograph, scan or drawing: `text`, `characters`, `notes`, `error`.

    reader: the run of an OCR model, or its label; the best one of real digits if not given. What the keys hold:
    `ocrgen.readers.reading.read_file`. A picture that cannot be read is told in `error`. UserError if there is no such
    reader.
    """
    from ocrgen.readers.reading import read_file
    from ocrgen.readers.runs import default_reader, geometry_of, load

    store = RunStore()
    run = store.get(reader) if reader else default_reader(store)
    if run.request.verb != "reader":
        raise UserError(f"{run.name} is no OCR model (but a {run.request.verb}).")
    network, metadata = load(run)
    return read_file(Path(file), network, geometry_of(metadata))


def _execute(run: Run, store: RunStore, work: Callable[[Run, Stop], None]) -> Run:
    state = jobs.execute(run, store, work)
    if state != "done":
        raise UserError(f"{run.name} was interrupted: `{PROGRAM} resume {run.name}` goes on from there.")
    return run


def _absolute(dataset: str) -> str:
    """A path as an absolute one, since the run may be resumed from another folder."""
    path = None if dataset in sources() else existing_path(dataset)
    return str(path.resolve()) if path else dataset
