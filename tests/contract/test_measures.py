"""Every measure beside the distances: found in its folder, defined on odd samples, and named for the charts."""

import math
from dataclasses import replace

import numpy as np
import pytest

import ocrgen.metrics.measures as package
from ocrgen.datasets import load_data
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.measures import MeasureInput, columns, measures
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.scores import Reference, score
from tests.helpers.alphabets import alphabet

N = 120


@pytest.fixture(scope="module")
def extractor():
    return load_extractor()


@pytest.fixture(scope="module", params=[2, 10, 26])
def seen(extractor, request) -> MeasureInput:
    """Held-out real characters of 2, 10 and 26 classes in the place of generated ones."""
    data = alphabet(request.param)
    test, real = (part[np.arange(N) % len(part)] for part in (data.test, data.train))
    features = [extractor.features(d.images, (192,))[192] for d in (test, real)]
    spread = within_class_spread(data.train.images, data.train.labels)
    return MeasureInput(test, *features, spread, data.train, data.validation)


def numbers(value) -> list[float]:
    """All numbers in what a measure returned."""
    if isinstance(value, dict):
        return [x for v in value.values() for x in numbers(v)]
    return [float(value)]


def test_the_folder_is_the_registry():
    assert {"manifold", "memorisation", "spread"} <= set(measures())
    assert {"coverage", "density", "precision", "recall", "relative_spread"} <= set(columns())


@pytest.mark.parametrize("name", measures())
def test_a_measure_brings_finite_numbers_and_the_columns_that_it_names(name, seen):
    told = measures()[name].measure(seen)
    assert set(measures()[name].COLUMNS) <= set(told)
    assert all(map(math.isfinite, numbers(told)))


@pytest.mark.parametrize("name", measures())
@pytest.mark.parametrize("ink", [0, 255])
def test_a_measure_is_defined_on_uniform_images(name, ink, seen, extractor):
    images = np.full((N, 28, 28), ink, np.uint8)
    features = extractor.features(images, (192,))[192]
    flat = replace(seen, generated=replace(seen.generated, images=images), features=features)
    assert all(map(math.isfinite, numbers(measures()[name].measure(flat))))


@pytest.mark.parametrize("name", measures())
def test_a_measure_does_without_the_data(name, seen):
    assert isinstance(measures()[name].measure(replace(seen, train=None, held_out=None)), dict)


def test_a_dropped_in_file_brings_a_column(extractor, monkeypatch, tmp_path):
    (tmp_path / "ink.py").write_text(
        'COLUMNS = {"ink": "Mean ink"}\n\n\ndef measure(inputs):\n'
        '    return {"ink": float(inputs.generated.images.mean())}\n'
    )
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    measures.cache_clear()
    try:
        data = load_data("digits")
        row = score(data.test, Reference.of(data, extractor), extractor)
        assert row["ink"] == pytest.approx(data.test.images.mean())
        assert columns()["ink"] == "Mean ink"
    finally:
        measures.cache_clear()
