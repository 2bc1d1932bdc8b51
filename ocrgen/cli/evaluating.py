"""The verb that grades an OCR model on other data: `evaluate`."""

import json
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from ocrgen.cli.common import data_set, open_store, parse

if TYPE_CHECKING:
    from ocrgen.readers.grading import Grading


def evaluate(args: list[str]) -> int:
    """Grade an OCR model on any labelled set of its classes: evaluate READER DATASET [--split PART] [--json]"""

    def command(
        reader: Positional[str],
        dataset: Positional[str],
        split: Literal["default", "test", "validation", "train", "all"] = "default",
        json: bool = False,
        transpose: bool = False,
    ) -> tuple[str, str, str, bool, bool]:
        """Grade an OCR model on other data than its own, or on other writers.

        The interval of the accuracy holds the error of the test set, by writer where writers are known.

        Args:
            reader: an OCR model's run, its label, or a .safetensors file.
            dataset: a data set's name, or a path to your own, with the same classes or some of them.
            split: the part to read. By default the test part of a named data set, and all of your own, unless the
                OCR model was trained on it.
            json: print an object with all figures.
            transpose: your own data lie on their side: use a copy that is upright.
        """
        return reader, dataset, split, json, transpose

    reader, dataset, split, as_json, transpose = parse(command, "evaluate", args)
    from ocrgen.readers.grading import SPLITS
    from ocrgen.readers.grading import evaluate as grade

    used = data_set(dataset, transpose)
    dataset = used if transpose else dataset  # else by the name that it was given
    graded = grade(open_store(), reader, dataset, next((s for s in SPLITS if s == split), None))
    print(json.dumps(graded.to_json(), indent=1, ensure_ascii=False) if as_json else _told(graded))
    return 0


def _told(graded: "Grading") -> str:
    from ocrgen.datasets.alphabet import shown

    writers = "" if graded.writers is None else f" by {graded.writers} writer{'s' * (graded.writers != 1)}"
    part = "all images" if graded.split == "all" else graded.split
    lines = [
        f"{graded.reader} on {graded.dataset} ({part}): accuracy {graded.accuracy:.2%}, 95 % interval "
        f"{graded.low:.2%} to {graded.high:.2%}, {graded.n:,} images{writers}",
        f"macro precision {graded.precision_macro:.2%}, recall {graded.recall_macro:.2%}, F1 {graded.f1_macro:.2%}; "
        f"calibration error {graded.calibration_error:.2%}",
        "",
        f"{'class':<12}{'n':>7}{'precision':>12}{'recall':>9}{'F1':>9}",
    ]
    for row in graded.per_class:
        name = shown(row.character)
        width = 12 + sum(not c.isprintable() for c in name)  # marks that isolate right-to-left letters take no room
        lines.append(f"{name:<{width}}{row.n:>7,}{row.precision:>12.2%}{row.recall:>9.2%}{row.f1:>9.2%}")
    if graded.confusions:
        told = (f"{shown(c.written)} read as {shown(c.read)}: {c.n:,}" for c in graded.confusions)
        lines += ["", f"Most frequent confusions: {'; '.join(told)}"]
    return "\n".join([*lines, *(["", *graded.notes] if graded.notes else [])])
