"""Grade the readers of a task together: means of their figures, and how often each test image was read right."""

import numpy as np

from ocrgen.datasets import Characters
from ocrgen.readers.evaluation import grade
from ocrgen.readers.network import Reader
from ocrgen.readers.robustness import ATTACKED, CORRUPTED, robustness
from ocrgen.study.correctness import packed

MISREAD = 400  # misread test images, at most, in a task's result


def graded(readers: list[Reader], test: Characters, tested: np.ndarray) -> dict:
    """The figures of `OCRReport.figures`, means over the readers; as part of a task's result.

    test: n images; tested: their index in all that the study tests, int (n,). Also n_test, readers, F1 by class, the
    confusion matrix summed, the first reader's misread images: [their indices, the classes read], and `per_image`.
    """
    reports, k = [grade(reader, test) for reader in readers], len(readers)
    right = np.full(len(test), k)
    for report in reports:
        right[report.misread] -= 1
    figures = {name: float(np.mean([r.figures()[name] for r in reports])) for name in reports[0].figures()}
    return figures | {
        "n_test": len(test),
        "readers": k,
        "f1": np.mean([[c["f1"] for c in r.per_class] for r in reports], 0).tolist(),
        "confusion": np.sum([r.confusion for r in reports], 0).tolist(),
        "misread": [tested[reports[0].misread[:MISREAD]].tolist(), reports[0].read[:MISREAD]],
        "per_image": {"accuracy": packed(right, k, tested)},
    }


def corrupted(readers: list[Reader], images: Characters, tested: np.ndarray) -> dict:
    """Accuracy on corrupted and attacked images, means over the readers; as part of a task's result.

    images: n of the test images; tested: their index as for `graded`.
    """
    found, k = [robustness(reader, images) for reader in readers], len(readers)
    counts = {"corrupted": CORRUPTED, "attacked": ATTACKED}
    return {
        "n_robust": len(images),
        "corruptions": {c: np.mean([f.corruptions[c] for f in found], 0).tolist() for c in found[0].corruptions},
        "fgsm": np.mean([f.fgsm for f in found], 0).tolist(),
        "per_image": {
            name: packed(np.sum([getattr(f, name) for f in found], 0), k * times, tested)
            for name, times in counts.items()
        },
    }
