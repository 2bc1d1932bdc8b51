"""Numbers of labelled images that suit a data set."""

from ocrgen.datasets import Characters
from ocrgen.datasets.alphabet import noun
from ocrgen.generators import generators
from ocrgen.study.config import StudyConfig
from ocrgen.utils.errors import UserError

PER_CLASS = (10, 50, 100, 500)  # of ten digits 100, 500, 1,000 and 5,000 in all


def default_sizes(train: Characters) -> list[int]:
    """The numbers of labelled images that a study compares unless told otherwise: 10 to 500 a class, as there are."""
    return [n * train.n_classes for n in PER_CLASS if n * train.n_classes <= len(train)] or [len(train)]


def check(config: StudyConfig, train: Characters) -> None:
    """Check settings against the training images and the generators.

    UserError if the study asks for more labelled images than there are, for under two of each class, or for a preset
    that a generator lacks.
    """
    if max(config.sizes()) > len(train):
        raise UserError(
            f"{config.dataset} has {len(train):,} training images: choose n up to that, not {max(config.sizes()):,}."
        )
    if min(config.sizes()) < 2 * train.n_classes:
        raise UserError(
            f"{config.dataset} has {train.n_classes} {noun(train.classes)}s: choose n from {2 * train.n_classes} on, "
            f"two images of each, not {min(config.sizes())}."
        )
    for name in config.trained:
        if config.preset not in generators()[name].presets:
            raise UserError(
                f"{name} has no preset {config.preset!r}: choose from {', '.join(generators()[name].presets)}."
            )
