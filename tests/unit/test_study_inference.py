"""Intervals with both errors, families of verdicts, and looks: closed forms, and cases where other ways err."""

import numpy as np
import pytest

from ocrgen.study.decision import decide, default_matters, holm, seeds_to_decide, too_few, would_decide
from ocrgen.study.inference import PSEUDO, Estimate, estimate
from ocrgen.study.sequential import look
from ocrgen.study.simulation import correctness, coverage, family_errors

STUDIES = 300


def _of(mean: float, se: float, seeds: int = 8, images: int = 1000, df: float = 50.0, image: float = 0.0) -> Estimate:
    """An estimate with the standard error `se`, whose share `image` of the variance is of the test images."""
    return Estimate(mean, (1 - image) * se**2 * seeds, image * se**2, df, seeds, images)


def _crossed(rng, seeds, images, a=0.002, b=0.1, e=0.15) -> np.ndarray:
    """Differences (seeds, images) of a seed, an image and a residual effect."""
    return (
        a * rng.standard_normal((seeds, 1)) + b * rng.standard_normal(images) + e * rng.standard_normal((seeds, images))
    )


def test_balanced_variance_is_that_of_crossed_random_effects():
    d = _crossed(np.random.default_rng(0), 6, 400, a=0.05)
    s, n = d.shape
    rows, columns = d.mean(1, keepdims=True), d.mean(0, keepdims=True)
    ms_seeds, ms_images = n * rows.var(ddof=1), s * columns.var(ddof=1)
    ms_residual = np.square(d - rows - columns + d.mean()).sum() / ((s - 1) * (n - 1))
    e = estimate(d, np.zeros_like(d))
    assert e.mean == pytest.approx(d.mean())
    assert e.variance == pytest.approx((ms_seeds + ms_images - ms_residual) / (s * n) + PSEUDO / n**2)


def test_missing_images_do_not_count_and_disjoint_test_sets_leave_the_seeds_alone():
    rng = np.random.default_rng(1)
    d = _crossed(rng, 5, 1000)
    padded = np.concatenate([d, np.full((5, 30), np.nan)], 1)
    whole, same = estimate(d, np.zeros_like(d)), estimate(padded, np.zeros_like(padded))
    assert same.images == 1000 and same.interval() == pytest.approx(whole.interval())
    split = np.where(np.arange(1000) % 5 == np.arange(5)[:, None], d, np.nan)
    e = estimate(split, np.zeros_like(split))
    means = np.nanmean(split, 1)
    assert e.image_variance == pytest.approx(PSEUDO / 1000**2)
    assert e.seed_variance >= means.var(ddof=1) and whole.image_variance > 10 * e.image_variance


def test_partly_shared_test_sets_cover():
    rng, held = np.random.default_rng(2), 0
    for _ in range(STUDIES):
        d = _crossed(rng, 8, 400)
        d[rng.random(d.shape) < 0.5] = np.nan
        low, high = estimate(d, np.zeros_like(d)).interval()
        held += low <= 0 <= high
    assert held / STUDIES >= 0.95 - 4 * (0.95 * 0.05 / STUDIES) ** 0.5


def test_writers_widen_the_interval_where_their_images_agree():
    rng = np.random.default_rng(3)
    writers, held = np.repeat(np.arange(60), 20), np.zeros(2)
    for _ in range(STUDIES):
        d = _crossed(rng, 6, 1200) + np.repeat(0.1 * rng.standard_normal(60), 20)
        for j, known in enumerate((writers, None)):
            low, high = estimate(d, np.zeros_like(d), known).interval()
            held[j] += low <= 0 <= high
    with_writers, without = held / STUDIES
    assert with_writers >= 0.95 - 4 * (0.95 * 0.05 / STUDIES) ** 0.5
    assert without < 0.80


def test_an_interval_is_clipped_never_a_point_and_absent_for_one_seed():
    right = np.ones((5, 300))
    low, high = estimate(right).interval()
    assert low < 1 and high == 1
    assert estimate(right, right).interval()[0] < 0
    assert np.isnan(estimate(right[:1]).interval()).all()
    assert estimate(right[:1]).p_superiority() == 1
    with pytest.raises(ValueError, match="seeds, images"):
        estimate(np.ones(5))
    with pytest.raises(ValueError, match="no image"):
        estimate(np.full((3, 4), np.nan))


@pytest.mark.slow
def test_coverage_on_a_few_corners_and_the_other_ways_there():
    table = coverage([3, 8, 20], [300, 1000], STUDIES).set_index(["images", "seeds", "rule"])
    error = 4 * (0.95 * 0.05 / STUDIES) ** 0.5
    for images in (300, 1000):
        for seeds in (3, 8, 20):
            assert table.coverage[images, seeds, "both"] >= 0.94 - error
    assert table.coverage[1000, 20, "both"] <= 0.98 + 4 * (0.98 * 0.02 / STUDIES) ** 0.5
    # Seeds alone forget the test images that they share; the plain sum counts chance twice.
    assert table.coverage[1000, 20, "seeds"] < 0.94 - error
    assert table.width[1000, 20, "sum"] > 1.04 * table.width[1000, 20, "both"]


def test_simulated_accuracies_are_the_truth_they_claim():
    ways = list(correctness(np.random.default_rng(4), (0.95, 0.90), 5, 200_000))
    assert [way.mean() for way in ways] == pytest.approx([0.95, 0.90], abs=0.015)
    assert ways[0].shape == (5, 200_000)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert len(holm([])) == 0


def test_words():
    family = {
        "far": _of(0.03, 0.002),
        "near": _of(0.003, 0.0002),
        "bad": _of(-0.03, 0.002),
        "same": _of(0.0001, 0.0005),
        "open": _of(0.004, 0.004),
        "few": _of(0.03, 0.001, seeds=2),
    }
    words = {name: d.words for name, d in decide(family, 0.005).items()}
    assert words["far"] == "better" and words["bad"] == "worse"
    assert words["near"] == "better by less than matters"
    assert words["same"] == "no difference that matters"
    assert words["few"] == "too few to tell"
    assert words["open"].startswith("undecided (about ")
    assert default_matters(0.99) == 0.005 and default_matters(0.8) == pytest.approx(0.02)
    assert too_few(_of(0, 0.1, images=199)) and not too_few(_of(0, 0.1, images=200))
    assert too_few(_of(0, 0.1), (0.996, 0.997)) and not too_few(_of(0, 0.1), (0.996, 0.99))


def test_equivalence_is_the_90_percent_interval_inside_matters():
    for mean in (0.0, 0.002, -0.004, 0.0044):
        e = _of(mean, 0.0005)
        low, high = e.interval(0.90)
        assert (e.p_equivalence(0.005) <= 0.05) == (low >= -0.005 and high <= 0.005)


def test_a_pooled_threshold_finds_what_holm_does_not():
    family = {f"way {i}": _of(0.0021 * (i == 0), 0.001, df=1000) for i in range(10)}
    assert family["way 0"].p_superiority() < 0.05
    assert decide(family, 0.0001)["way 0"].word == "undecided"
    assert decide({"way 0": family["way 0"]}, 0.0001)["way 0"].word == "better"


def test_what_would_decide_is_right_about_the_seeds_and_about_the_images():
    e = _of(0.003, 0.002, df=1000)
    more = seeds_to_decide(e, 0.0001)
    scale = lambda n: (e.seed_variance / n) ** 0.5  # noqa: E731
    assert 1.96 * scale(8 + more) < 0.003 and 1.97 * scale(8 + more - 1) > 0.003
    assert would_decide(more) == f"about {more} more seeds"
    assert would_decide(seeds_to_decide(_of(0.003, 0.003, image=0.9), 0.003)).startswith("no number of seeds")
    assert would_decide(seeds_to_decide(_of(0.0001, 0.002), 0.0001)).startswith("more than 1,000 seeds")


def test_a_decision_is_final_and_looks_are_only_at_set_times():
    first = look({"a": _of(0.03, 0.002), "b": _of(0.004, 0.004)}, 0.005)
    assert first["a"].word == "better" and first["b"].word == "undecided"
    second = look({"a": _of(0.0, 0.002), "b": _of(0.0, 0.0005, seeds=12)}, 0.005, first)
    assert second["a"] is first["a"] and second["b"].word == "no difference that matters"
    with pytest.raises(ValueError, match="looks are at"):
        look({"a": _of(0, 1, seeds=9)}, 0.005)
    with pytest.raises(ValueError, match="declared"):
        look({"b": _of(0, 1)}, 0.005, first)


def test_looks_keep_the_family_wise_error_and_a_fixed_threshold_does_not():
    errors = family_errors((0.0,) * 4, images=200, studies=200)
    error = 3 * (0.05 * 0.95 / 200) ** 0.5
    assert errors["looks"] <= 0.05 + error < errors["no correction"]
    assert errors["looks"] <= errors["alpha at each look"] <= errors["no correction"]
