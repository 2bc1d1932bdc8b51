"""Readers as runs: train one on real, augmented or generated characters, list them, and read pictures with them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Literal

from pydantic import Field

from ocrgen.datasets import DATASET, Characters, DataError, classes_of_run, geometry_for, load_data
from ocrgen.datasets.alphabet import noun, shown, stored_classes, summary
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.untrained import ready, untrained_generators
from ocrgen.imaging.augmentation import augment
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.checkpoint import load_reader, save_reader, stored_geometry
from ocrgen.readers.doubting import fit_doubt
from ocrgen.readers.evaluation import grade
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.readers.typed import typed_characters, typed_geometry
from ocrgen.runs.jobs import Stop
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.settings import Settings
from ocrgen.utils.threads import configure_threads

FILE = "reader.safetensors"


class ReaderRequest(Settings):
    """One training of a reader, as it stands in `run.json`."""

    dataset: str = Field(default="mnist", description=DATASET)
    n: int = Field(
        default=0, ge=0, le=10_000_000, description="real labelled images to learn from; 0 = the whole training set"
    )
    augment: bool = Field(default=False, description="move, turn and bend each image anew (classical augmentation)")
    characters: str = Field(
        default="",
        max_length=400,
        description="learn these characters from rendered images alone: no data set, no labelled image",
    )
    generator: str = Field(default="", description="a generator's run, or rendered: learn from its samples")
    fonts: str = Field(default="", description="for rendered characters, a folder with fonts of your own")
    epoch: int = Field(default=0, ge=0, description="the epoch that draws them; 0 = its best")
    samples: int = Field(default=10_000, ge=100, le=MAX_SAMPLES, description="how many are drawn")
    share: float = Field(
        default=1.0, gt=0, le=1, description="share of generated images in a batch; 1 = no real ones at all"
    )
    preset: Literal["fast", "paper"] = Field(default="fast", description="shape and schedule of the network")
    steps: int = Field(
        default=0, ge=0, le=1_000_000, description="optimiser steps; 0 = 400, or 4,000 for a whole training set"
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="seed of subset, weights, order and samples")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads")


def default_steps(request: ReaderRequest, synthetic: bool) -> int:
    """Optimiser steps where none are given: enough to see what there is to learn from several times."""
    if request.characters:
        return 1000
    return 4000 if not synthetic and not request.n else 400


def run_reader(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `reader`: train, choose the weights on validation data, evaluate them once on the test set."""
    request = ReaderRequest.model_validate(run.request.settings)
    configure_threads(request.threads)
    if request.characters:
        data = typed_characters(request.characters, request.samples, request.seed, request.fonts)
    else:
        data = load_data(request.dataset)
    real = data.train.subset(request.n, request.seed) if request.n else data.train
    synthetic, source = _generate(run, request, real)
    synthetic_only = synthetic is not None and request.share == 1
    n_labelled = len(real)
    if source:
        # The labelled images that the generator was trained on count, too.
        n_labelled = max(source["data"]["train"], 0 if synthetic_only else n_labelled)
    if request.characters:
        n_labelled = 0
    steps = request.steps or default_steps(request, synthetic is not None)
    train, share = real, request.share if synthetic is not None else 0.0
    if synthetic is not None and synthetic_only:
        train, synthetic, share = synthetic, None, 0.0

    def report_progress(step: int) -> None:
        if step % 50 == 0:
            run.update(step=step, total=steps)
            show(step, steps)

    trained = train_reader(
        train,
        data.validation,
        Reader.presets[request.preset],
        steps,
        request.seed,
        augment=augment if request.augment or request.characters else None,
        synthetic=synthetic,
        share=share,
        stop=stop,
        show=report_progress,
    )
    report = grade(trained.reader, data.test)
    geometry = typed_geometry(data.train) if request.characters else geometry_for(request.dataset, data.train)
    trained.reader.doubt = fit_doubt(trained.reader, train, data.validation, geometry)
    metadata = {
        "dataset": request.dataset,
        "geometry": asdict(geometry),
        "request": request.model_dump(),
        "data": data.facts(),
        "generator": source,
        "n_labelled": n_labelled,
        "n_validation": len(data.validation),
        "validation": trained.validation,
        "accuracy": report.accuracy,
        "n_test": report.n,
    }
    run.folder("weights")
    save_reader(trained.reader, metadata, run.path / "weights" / FILE)
    write_atomically(run.path / "report.json", json.dumps(vars(report)))
    kind = "rendered" if request.characters else source["model"] if source else "real"
    # How it reads rendered characters says little of how it reads handwriting: no accuracy to be compared with others'.
    accuracy = None if request.characters else report.accuracy
    run.amend(data=data.facts(), classes=real.classes, accuracy=accuracy, n_labelled=n_labelled, learned_from=kind)
    run.update(step=steps, total=steps)


def add_doubt(run: Run) -> bool:
    """Fit the measure of doubt of a reader that was trained without one; False if it has one already.

    DataError if its data set has changed since.
    """
    reader, metadata = load(run)
    if reader.doubt:
        return False
    request = ReaderRequest.model_validate(run.request.settings)
    data = load_data(request.dataset)
    if data.facts() != run.read_json("run.json").get("data"):
        raise DataError(f"{run.name} was trained on other images than {request.dataset} has now: train it anew.")
    train = data.train.subset(request.n, request.seed) if request.n else data.train
    synthetic, _ = _generate(run, request, train)
    learned = synthetic if synthetic is not None and request.share == 1 else train
    reader.doubt = fit_doubt(reader, learned, data.validation, stored_geometry(metadata))
    save_reader(reader, metadata, run.path / "weights" / FILE)
    return True


def _generate(run: Run, request: ReaderRequest, real: Characters) -> tuple[Characters | None, dict | None]:
    """The generated training images and the metadata of their generator; None and None if no generator is named.

    DataError if it draws a class that `real` does not have, or if it is to teach all of them and lacks one.
    """
    if not request.generator or request.characters:
        return None, None
    if request.generator in untrained_generators():
        model = ready(request.generator, request.dataset, real, fonts=request.fonts)
        about = {"model": request.generator, "config": model.config.model_dump(), "data": {"train": 0}}
        return draw_total(model, request.samples, request.seed, request.generator), about
    classes, source = real.classes, RunStore(run.path.parent).get(request.generator)
    file = source.weights(request.epoch or None)
    model = load_generator(file)
    try:
        drawn = draw_total(model, request.samples, request.seed, source.name).relabelled(classes)
    except DataError as error:
        raise DataError(
            f"{source.name} draws {summary(model.classes)}, and {request.dataset} has {summary(classes)}: name a "
            f"generator that was trained on the same classes. ({error})"
        ) from error
    if request.share == 1 and not drawn.counts.all():
        lacking = shown(classes[int(drawn.counts.argmin())])
        raise DataError(f"{source.name} draws no {lacking}, which {request.dataset} has: give a share below 1.")
    return drawn, read_metadata(file)


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
        raise UserError("The reader's geometry is damaged: train the reader anew.") from fault


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
            f"There is no reader of digits yet: {advice}`python -m ocrgen reader --dataset digits` trains one in "
            "seconds."
        )
    return max(found, key=lambda r: r.request.accuracy or 0)
