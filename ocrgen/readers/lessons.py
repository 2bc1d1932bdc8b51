"""What a reader learns from: real images, generated ones, or both, and how many of them somebody has labelled."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ocrgen.datasets import Characters, DataError, Splits, geometry_for, load_data
from ocrgen.datasets.alphabet import shown, summary
from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.untrained import ready, untrained_generators
from ocrgen.imaging.augmentation import augment
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.request import ReaderRequest
from ocrgen.readers.typed import typed_characters, typed_geometry
from ocrgen.runs.store import RunStore


@dataclass(frozen=True)
class Lesson:
    """The images of one training, and where they come from.

    train: what the reader learns from; synthetic: images mixed into it, `share` of each batch. data: the splits whose
    validation and test images the reader is chosen and graded on. source: metadata of the generator. n_labelled: images
    that somebody has labelled, the generator's own included. learned_from: "real", or a generator's name if there is
    nothing else to learn from.
    """

    data: Splits
    train: Characters
    geometry: Geometry
    augment: Callable[[Tensor], Tensor] | None
    n_labelled: int
    learned_from: str = "real"
    synthetic: Characters | None = None
    share: float = 0.0
    source: dict | None = None


def prepare(request: ReaderRequest, store: RunStore) -> Lesson:
    """Read, draw or generate what a training asks for.

    UserError if the data set, a font or the generator is not at hand; DataError if the generator draws a class that the
    data set does not have, or is to teach all of them and lacks one.
    """
    distort = augment if request.augment or request.characters else None
    if request.characters:
        data = typed_characters(request.characters, request.samples, request.seed, request.style, request.fonts)
        return Lesson(data, data.train, typed_geometry(data.train), distort, 0, "rendered")
    data = load_data(request.dataset)
    geometry = geometry_for(request.dataset, data.train)
    real = data.train.subset(request.n, request.seed) if request.n else data.train
    if not request.generator:
        return Lesson(data, real, geometry, distort, len(real))
    drawn, source = _generate(request, real, store)
    taught = source["data"]["train"]  # the labelled images that the generator was trained on count, too
    if request.share == 1:
        return Lesson(data, drawn, geometry, distort, taught, source["model"], source=source)
    n_labelled = max(taught, len(real))
    return Lesson(data, real, geometry, distort, n_labelled, synthetic=drawn, share=request.share, source=source)


def _generate(request: ReaderRequest, real: Characters, store: RunStore) -> tuple[Characters, dict]:
    """The generated images, and the metadata of their generator.

    An untrained generator takes the layout and the stroke widths of the real images, and none of their labels.
    """
    name = request.generator
    if name in untrained_generators():
        geometry = geometry_for(request.dataset, real)
        model = ready(name, real.classes, geometry, real.images, request.style, fonts=request.fonts)
        about = {"model": name, "config": model.config.model_dump(), "data": {"train": 0}}
        return draw_total(model, request.samples, request.seed, name), about
    classes, run = real.classes, store.get(name)
    file = run.weights(request.epoch or None)
    model = load_generator(file)
    try:
        drawn = draw_total(model, request.samples, request.seed, run.name).relabelled(classes)
    except DataError as error:
        raise DataError(
            f"{run.name} draws {summary(model.classes)}, and {request.dataset} has {summary(classes)}: name a "
            f"generator that was trained on the same classes. ({error})"
        ) from error
    if request.share == 1 and not drawn.counts.all():
        lacking = shown(classes[int(drawn.counts.argmin())])
        raise DataError(f"{run.name} draws no {lacking}, which {request.dataset} has: give a share below 1.")
    return drawn, read_metadata(file)
