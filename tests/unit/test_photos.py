"""Photographs as people bring them: of each condition, so many are read as a whole and rightly."""

import pytest

from ocrgen.datasets import data_root, load_data, sources
from ocrgen.readers.runs import geometry_of, load
from ocrgen.runs.store import RunStore
from tests.helpers.photos import conditions, measure

N = 5
# Misread photographs, of N, where there are any: a reader errs on a digit in fifty even on plain paper, and the more
# digits on a photograph, the more often. Where pens touch, the right cut is not always found.
MISREAD: dict[str, int] = {}
if fault := sources()["mnist"].missing(data_root()):
    pytest.skip(fault, allow_module_level=True)


@pytest.fixture(scope="module")
def reader():
    net, metadata = load(RunStore().get("reader-augmented-mnist"))
    return net, geometry_of(metadata)


@pytest.mark.parametrize("condition", [name for name in conditions() if not name.startswith("symbol-")])
def test_photographs_are_read(reader, condition):
    score = measure(condition, N, *reader, load_data("mnist").validation)
    assert score.n - score.right <= MISREAD.get(condition, 0), score.wrong
