"""Which of the files in a folder or archive belong to one data set."""

from collections.abc import Sequence

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.names import part_of, set_of


def one_set(source: str, names: Sequence[str]) -> None:
    """DataError if files with these names are of several data sets, each with parts of its own, as all of EMNIST's."""
    sets = sorted({set_of(name) for name in names if part_of(name) is not None})
    if len(sets) > 1:
        raise DataError(
            f"{source}: holds {len(sets)} data sets ({', '.join(sets)[:200]}); expected one: bring the files of one "
            "of them, in a folder or zip of their own."
        )
