"""Means and covariances of features: as numpy computes them, in streams and merged, and what has none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import Accumulator, GaussianStats, MetricError
from tests.helpers.gaussians import assert_same, exact_distance, of, relu_like


@pytest.mark.parametrize("n", [3, 15, 16, 17, 5000])
def test_statistics_are_numpys(n):
    x = relu_like(n, 16, 1).astype(np.float32)
    stats = of(x, "digitnet-2/ab12", "f00d")
    assert (stats.n, stats.extractor, stats.fingerprint) == (n, "digitnet-2/ab12", "f00d")
    np.testing.assert_allclose(stats.mean, x.astype(float).mean(0), rtol=1e-12)
    np.testing.assert_allclose(stats.covariance, np.cov(x.astype(float), rowvar=False), rtol=0, atol=1e-14)
    assert (stats.covariance == stats.covariance.T).all()
    if n <= 16:
        np.testing.assert_allclose(stats.factor.T @ stats.factor, stats.covariance, rtol=0, atol=1e-15)
    else:
        assert stats.factor is None


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 40), st.integers(2, 20), st.lists(st.integers(0, 40), max_size=6), st.sampled_from([0.0, 1e6, -1e6])
)
def test_streaming_batch_and_merge_agree(n, d, cuts, offset):
    x = relu_like(n, d, 1)
    x[:, 0] = 0.1  # dead, and not a sum of powers of two
    x += offset
    blocks = np.split(x, sorted(min(c, n) for c in cuts))
    accumulator = Accumulator(d)
    merged = None
    for block in blocks:
        accumulator.update(block)
        if len(block):
            accumulator.stats()  # a look in between changes nothing
            merged = of(block) if merged is None else merged.merge(of(block))
    whole, rel = of(x), 1e-11 if not offset else 1e-7
    assert_same(accumulator.stats(), whole, rel)
    assert_same(merged, whole, rel)
    assert whole.covariance[0, 0] == accumulator.stats().covariance[0, 0] == merged.covariance[0, 0] == 0


def test_a_large_mean_costs_a_stream_no_digits():
    x = relu_like(4000, 16, 1)
    accumulator = Accumulator(16)
    for block in np.split(x + 2.0**20, 40):  # exact: features are multiples of 1/4096
        accumulator.update(block)
    assert_same(accumulator.stats(), GaussianStats(4000, x.mean(0) + 2.0**20, np.cov(x, rowvar=False)), 1e-12)


def test_merged_few_images_keep_nine_digits():
    x, y = relu_like(20, 32, 1), relu_like(300, 32, 3)
    merged = of(x[:1]).merge(of(x[1:7])).merge(of(x[7:]))
    assert abs(frechet_distance(merged, of(y)) / exact_distance(x, y) - 1) < 1e-9


def test_merge_keeps_what_is_known():
    x = relu_like(20, 4, 1)
    a, b = of(x, "net", "one"), of(x, "net", "two")
    assert a.merge(b).extractor == a.merge(of(x)).extractor == of(x).merge(a).extractor == "net"
    assert a.merge(b).fingerprint == a.merge(b).fingerprint not in ("", a.merge(a).fingerprint, "one", "two")
    assert a.merge(of(x)).fingerprint == ""


def test_the_references_root_is_computed_once(monkeypatch):
    a, b = of(relu_like(50, 8, 1)), of(relu_like(50, 8, 2))
    roots = []
    cholesky = np.linalg.cholesky
    monkeypatch.setattr(np.linalg, "cholesky", lambda c: roots.append(c) or cholesky(c))
    first = frechet_distance(a, b)
    assert frechet_distance(a, b) == first and frechet_distance(b, a) == first
    assert len(roots) == 1 and (roots[0] == b.covariance).all()


# --- files -------------------------------------------------------------------------------------------------------


GOOD = relu_like(30, 6, 1)


@pytest.mark.parametrize(
    ("features", "fault"),
    [
        (GOOD[:1], "has one image"),
        (np.full((30, 6), 0.1), "features are constant"),
        (np.full((4, 6), 0.1), "features are constant"),
        (GOOD[:, :5], "5 and of 6 dimensions|6 and of 5 dimensions"),
    ],
)
def test_no_distance(features, fault):
    for a, b, which in ((of(features), of(GOOD), "first"), (of(GOOD), of(features), "second")):
        with pytest.raises(MetricError, match=fault) as error:
            frechet_distance(a, b)
        assert which in str(error.value) or "dimensions" in fault


def test_extractors_are_not_mixed():
    a, b = of(GOOD, "digitnet-2/ab12"), of(GOOD[:20], "inception/cd34")
    for compare in (frechet_distance, GaussianStats.merge):
        with pytest.raises(MetricError, match="digitnet-2/ab12.*inception/cd34"):
            compare(a, b)
        compare(a, of(GOOD))  # of which nothing is known
    with pytest.raises(MetricError, match="6 and of 5 dimensions"):
        of(GOOD).merge(of(GOOD[:, :5]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e76])
@pytest.mark.parametrize("n", [30, 4])
def test_features_must_be_finite(value, n):
    bad = GOOD[:n].copy()
    bad[2, 3] = value
    accumulator = Accumulator(6)
    accumulator.update(GOOD)
    with pytest.raises(MetricError, match="not finite"):
        accumulator.update(bad)
    assert_same(accumulator.stats(), of(GOOD), 0.0)
    with pytest.raises(MetricError, match="not finite"):
        of(bad)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_every_type_of_number_is_taken(dtype):
    features = np.random.default_rng(0).integers(0, 255, (30, 6))
    assert_same(of(features.astype(dtype)), of(features.astype(float)), 0.0)


@pytest.mark.parametrize("shape", [(0, 6), (6,), (5, 0), (3, 6, 2)])
def test_features_must_be_a_table(shape):
    with pytest.raises(MetricError, match=r"expected \(N, d\)"):
        of(np.ones(shape))


def test_faults_of_streams_and_statistics():
    with pytest.raises(MetricError, match="no features"):
        Accumulator(6).stats()
    with pytest.raises(MetricError, match=r"\(30, 6\); expected \(N, 5\)"):
        Accumulator(5).update(GOOD)
    with pytest.raises(MetricError, match="do not fit together"):
        GaussianStats(30, np.zeros(6), np.eye(5))
