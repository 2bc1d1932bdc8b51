"""Grade a reader on any labelled set of its classes: other data sets, a user's own, writers that it never saw."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from ocrgen.datasets import Characters, DataError, Splits, existing_path, load_data, own, sources
from ocrgen.datasets.alphabet import are_digits, digit_value, shown, summary
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.evaluation import OCRReport, probabilities, report
from ocrgen.readers.network import Reader
from ocrgen.readers.runs import load
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.statistics import clustered_share_interval, share_interval

Split = Literal["test", "validation", "train", "all"]
SPLITS: tuple[Split, ...] = get_args(Split)
MOST_CONFUSIONS = 10


@dataclass(frozen=True)
class ClassGrade:
    """Precision, recall and F1 of one class, 0 to 1, over n images that show it."""

    character: str
    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confusion:
    """How many images of the class `written` were read as the class `read`."""

    written: str
    read: str
    n: int


@dataclass(frozen=True)
class Grading:
    """How a reader did on the n images of a part (`split`) of a data set.

    low, high: 95 % interval of the accuracy; it holds the error of the test set, clustered by writer where `writers`,
    their number, is known, and Wilson's otherwise. The averages are over the classes that the images show. confusions:
    the most frequent ones. classes: all that the reader knows, in the order of the rows of `confusion` (written) and of
    its columns (read). notes: whole sentences on what these figures are not.
    """

    reader: str
    dataset: str
    split: Split
    n: int
    writers: int | None
    accuracy: float
    low: float
    high: float
    precision_macro: float
    recall_macro: float
    f1_macro: float
    calibration_error: float
    per_class: list[ClassGrade]
    confusions: list[Confusion]
    classes: tuple[str, ...]
    confusion: list[list[int]]
    notes: list[str]

    def to_json(self) -> dict:
        """All fields as JSON values."""
        return asdict(self)


def evaluate(store: RunStore, name: str, dataset: str, split: Split | None = None) -> Grading:
    """Grade a reader, a run's name or label or a .safetensors file, on a data set's name or the path of one's own.

    split: by default the test part of a named set, and all of one's own, unless the reader was trained on it. The
    images are taken as they were loaded; those of a subset of the reader's classes will do. UserError if the reader or
    the data cannot be read, or hold a class that the reader does not know.
    """
    reader, metadata, name = _reader(store, name)
    characters, part = _characters(dataset, split, metadata)
    notes = []
    if split is None and part == "test" and dataset not in sources():
        notes.append("The OCR model was trained on this set: it is graded on the test part, which it has not seen.")
    try:
        labelled = characters.relabelled(reader.classes)
    except DataError as error:
        raise DataError(
            f"{name} reads {summary(reader.classes)}, and {dataset} has {summary(characters.classes)}: {error} "
            "Choose an OCR model that was trained on the same classes."
        ) from error
    notes += _notes(reader, metadata, characters)
    predicted = probabilities(reader, labelled.images)
    return _grading(name, dataset, part, labelled, predicted, notes)


def _reader(store: RunStore, name: str) -> tuple[Reader, dict, str]:
    """A reader, its metadata, and its name."""
    file = Path(name).expanduser()
    if file.suffix == ".safetensors":
        if not file.is_file():
            raise UserError(f"{name}: there is no such file.")
        return *load_reader(file), name
    run = store.get(name)
    if run.request.verb != "reader":
        raise UserError(
            f"{run.name} is no OCR model: name an OCR model's run, or a .safetensors file, which `{PROGRAM} export` "
            "writes, of a study's best OCR model, too."
        )
    return *load(run), run.name


def _characters(dataset: str, split: Split | None, metadata: dict) -> tuple[Characters, Split]:
    """The images to grade on, and which part of the data set they are. One's own need not be enough to train on."""
    path = existing_path(dataset)
    if dataset in sources() or path is None:
        return _part(load_data(dataset), split or "test"), split or "test"
    data = own.open_data(path, least=0)
    if split is None:
        try:
            split = "test" if _trained_on(metadata, data.splits()) else "all"
        except DataError:  # no reader was trained on them: they are too few
            split = "all"
    return (data.whole, split) if split == "all" else (_part(data.splits(), split), split)


def _part(data: Splits, split: Split) -> Characters:
    if split != "all":
        return getattr(data, split)
    images, labels = (np.concatenate([getattr(part, field) for part in data]) for field in ("images", "labels"))
    writers = [part.writers for part in data]
    known = [w for w in writers if w is not None]
    return Characters(
        images, labels, data.train.classes, data.train.name, np.concatenate(known) if len(known) == 3 else None
    )


def _trained_on(metadata: dict, data: Splits) -> bool:
    """Whether the fingerprint of a training part is that of the data that a reader was trained on."""
    facts = metadata.get("data")
    train = facts.get("train") if isinstance(facts, dict) else None
    return isinstance(train, dict) and train.get("fingerprint") == data.train.fingerprint


def _notes(reader: Reader, metadata: dict, characters: Characters) -> list[str]:
    """What the figures are not: images that the reader has learned from, or digits of another script."""
    notes = []
    if seen := _seen(metadata, characters):
        who = "the OCR model, or its generator," if metadata.get("generator") else "the OCR model"
        notes.append(
            f"{seen:,} of these {len(characters):,} images ({seen / len(characters):.0%}) are among those that {who} "
            "was trained on: the figures are no measure of how it reads others."
        )
    present = {characters.classes[label] for label in np.unique(characters.labels)}
    others = sorted(text for text in present if text not in reader.classes and digit_value(text) is not None)
    if others:
        theirs = summary(characters.classes) if are_digits(characters.classes) else ", ".join(map(shown, others))
        notes.append(f"The digits are of another script than the OCR model's ({theirs}): they are matched by value.")
    return notes


def _seen(metadata: dict, characters: Characters) -> int:
    """How many images equal one that the reader was trained on, as far as its training data are at hand."""
    request = metadata.get("request", metadata)  # a study's reader has the settings of its subset at the top
    n, seed = (request.get(name, 0) if isinstance(request, dict) else 0 for name in ("n", "seed"))
    try:
        train = load_data(str(metadata.get("dataset", ""))).train
        train = train.subset(n, seed) if n else train
    except (UserError, TypeError, ValueError):  # the data are not here, or the request is damaged
        return 0
    known = {image.tobytes() for image in train.images}
    return sum(image.tobytes() in known for image in characters.images)


def _grading(
    name: str, dataset: str, split: Split, characters: Characters, predicted: np.ndarray, notes: list[str]
) -> Grading:
    graded = report(predicted, characters.labels)
    right = predicted.argmax(1) == characters.labels
    writers = None if characters.writers is None else len(np.unique(characters.writers))
    if writers == 1:
        notes.append("All images are by one writer: the interval does not tell how those of others would be read.")
    if characters.writers is None:
        low, high = share_interval(int(right.sum()), len(right))
    else:
        low, high = clustered_share_interval(right, characters.writers)
    rows = [
        ClassGrade(text, int(row["n"]), row["precision"], row["recall"], row["f1"])
        for text, row in zip(characters.classes, graded.per_class, strict=True)
        if row["n"]
    ]
    if len(rows) < characters.n_classes:
        notes.append(f"The images show {len(rows)} of the {characters.n_classes} classes that the OCR model knows.")
    return Grading(
        reader=name,
        dataset=dataset,
        split=split,
        n=graded.n,
        writers=writers,
        accuracy=graded.accuracy,
        low=low,
        high=high,
        precision_macro=float(np.mean([row.precision for row in rows])),
        recall_macro=float(np.mean([row.recall for row in rows])),
        f1_macro=float(np.mean([row.f1 for row in rows])),
        calibration_error=graded.calibration_error,
        per_class=rows,
        confusions=_confusions(graded, characters.classes),
        classes=characters.classes,
        confusion=graded.confusion,
        notes=notes,
    )


def _confusions(graded: OCRReport, classes: tuple[str, ...]) -> list[Confusion]:
    counts = np.array(graded.confusion)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:MOST_CONFUSIONS]
    places = [divmod(int(place), len(classes)) for place in order]
    return [Confusion(classes[a], classes[b], int(counts[a, b])) for a, b in places if counts[a, b]]
