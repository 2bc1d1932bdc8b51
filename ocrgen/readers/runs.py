"""Readers as runs: train one on real, augmented or generated characters, list them, and read pictures with them."""

import json
from collections.abc import Callable
from dataclasses import asdict

from ocrgen.datasets import DataError, classes_of_run, load_data
from ocrgen.datasets.alphabet import noun, stored_classes, summary
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.checkpoint import load_reader, save_reader, stored_geometry
from ocrgen.readers.doubting import fit_doubt
from ocrgen.readers.evaluation import grade
from ocrgen.readers.lessons import prepare
from ocrgen.readers.network import Reader
from ocrgen.readers.request import ReaderRequest, default_steps
from ocrgen.readers.training import train_reader
from ocrgen.runs.jobs import Stop
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.threads import configure_threads

FILE = "reader.safetensors"


def run_reader(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `reader`: train, choose the weights on validation data, evaluate them once on the test set."""
    request = ReaderRequest.model_validate(run.request.settings)
    configure_threads(request.threads)
    lesson = prepare(request, RunStore(run.path.parent))
    data = lesson.data
    steps = request.steps or default_steps(request)

    def report_progress(step: int) -> None:
        if step % 50 == 0:
            run.update(step=step, total=steps)
            show(step, steps)

    trained = train_reader(
        lesson.train,
        data.validation,
        Reader.presets[request.preset],
        steps,
        request.seed,
        augment=lesson.augment,
        synthetic=lesson.synthetic,
        share=lesson.share,
        stop=stop,
        show=report_progress,
    )
    report = grade(trained.reader, data.test)
    trained.reader.doubt = fit_doubt(trained.reader, lesson.train, data.validation, lesson.geometry)
    metadata = {
        "dataset": request.dataset,
        "geometry": asdict(lesson.geometry),
        "request": request.model_dump(),
        "data": data.facts(),
        "generator": lesson.source,
        "n_labelled": lesson.n_labelled,
        "n_validation": len(data.validation),
        "validation": trained.validation,
        "accuracy": report.accuracy,
        "n_test": report.n,
    }
    run.folder("weights")
    save_reader(trained.reader, metadata, run.path / "weights" / FILE)
    write_atomically(run.path / "report.json", json.dumps(vars(report)))
    # How it reads rendered characters says little of how it reads handwriting: no accuracy to be compared with others'.
    accuracy = None if request.characters else report.accuracy
    run.amend(
        data=data.facts(),
        classes=lesson.train.classes,
        accuracy=accuracy,
        n_labelled=lesson.n_labelled,
        learned_from=lesson.learned_from,
    )
    run.update(step=steps, total=steps)


def add_doubt(run: Run) -> bool:
    """Fit the measure of doubt of a reader that was trained without one; False if it has one already.

    DataError if its data set has changed since.
    """
    reader, metadata = load(run)
    if reader.doubt:
        return False
    request = ReaderRequest.model_validate(run.request.settings)
    lesson = prepare(request, RunStore(run.path.parent))
    if lesson.data.facts() != run.read_json("run.json").get("data"):
        raise DataError(f"{run.name} was trained on other images than {request.dataset} has now: train it anew.")
    reader.doubt = fit_doubt(reader, lesson.train, lesson.data.validation, stored_geometry(metadata))
    save_reader(reader, metadata, run.path / "weights" / FILE)
    return True


def readers(store: RunStore) -> list[Run]:
    """The runs of all readers with weights, shipped ones first, then in order of creation."""
    return [r for r in store.list("reader") if (r.path / "weights" / FILE).exists()]


def load(run: Run) -> tuple[Reader, dict]:
    """The reader of a run and its metadata. UserError if its file is missing or damaged."""
    return load_reader(run.path / "weights" / FILE)


def geometry_of(metadata: dict) -> Geometry:
    """How the characters were placed that a reader was trained on; pictures must be normalised alike.

    metadata: of the reader. UserError if its geometry is damaged.
    """
    try:
        if "geometry" not in metadata and noun(classes := stored_classes(metadata)) != "digit":
            # Studies once wrote none, so it is measured anew.
            return Geometry.of(load_data(str(metadata["dataset"])).train.relabelled(classes).images)
        return stored_geometry(metadata)
    except ValueError as fault:  # pydantic's ValidationError is one
        raise UserError("The OCR model's geometry is damaged: train the OCR model anew.") from fault


def default_reader(store: RunStore) -> Run:
    """The default reader, of digits: the most accurate one trained on real MNIST images, else on real images, else any.

    UserError if there is none; it names the readers of other characters, which have to be asked for.
    """
    by_classes = {r.name: classes_of_run(r) for r in readers(store)}
    found = [r for r in readers(store) if noun(by_classes[r.name]) == "digit"]
    real = [r for r in found if r.request.learned_from == "real"]
    found = [r for r in real if r.request.dataset == "mnist"] or real or found
    if not found:
        others = ", ".join(f"{name} ({summary(classes)})" for name, classes in by_classes.items())
        advice = f"name one of other characters with --reader: {others}. For digits, " if others else ""
        raise UserError(
            f"There is no OCR model of digits yet: {advice}`{PROGRAM} reader --dataset digits` trains one in seconds."
        )
    return max(found, key=lambda r: r.request.accuracy or 0)
