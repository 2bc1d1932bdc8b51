"""Which of two generators a distance chooses, and rank correlations, which never mix generators."""

import numpy as np
import pytest

from ocrgen.study.choices import (
    TIE,
    choose_generators,
)
from ocrgen.study.statistics import DISTANCES, correlations
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN
from tests.helpers.epochs import EPOCHS, SEEDS, by_age, judged, of, pooled, rises, scores


def wrong(arm, seed, epoch, read):
    return 1 / epoch + (arm == "cvae")  # nearest is always the one whose reader is worse


@pytest.mark.parametrize(("seeds", "gap", "verdict"), [(5, 0.004, OPEN), (6, 0.004, FAILS), (5, 0.02, FAILS)])
def test_the_wrong_generator_in_every_seed(seeds, gap, verdict):
    def level(arm, seed, epoch):
        return 0.97 - 0.1 / epoch + (arm == "cvae") * (gap + seed / 10_000)

    table = scores(level, wrong, seeds=seeds)
    assert pooled(table, "cvae") < -0.9 and pooled(table, "cgan") < -0.9, "within each generator it ranks perfectly"
    found = of(choose_generators(table))
    assert (found.right, found.judged, found.word) == (0, seeds, verdict)
    assert found.regret["mean"] == pytest.approx(gap + (seeds - 1) / 20_000)
    assert judged(table).verdict == verdict


def test_five_of_five_may_be_a_coins_fall_and_six_hardly():
    assert [of(choose_generators(scores(rises, by_age, seeds=n))).word for n in (5, 6)] == [OPEN, HOLDS]


def test_a_tie_counts_neither_way_but_what_it_loses_counts():
    def level(arm, seed, epoch):
        return 0.9 + (arm == "cvae") * (0.8 * TIE if seed < 3 else 0.01 + seed / 1000)

    found = of(choose_generators(scores(level, wrong)))
    assert (found.right, found.judged, found.total) == (0, SEEDS - 3, SEEDS)
    assert found.words == "right in 0 of 5 seeds [0%, 52%], 3 ties"
    assert found.regret["mean"] == pytest.approx(np.mean([*[0.8 * TIE] * 3, *(0.01 + s / 1000 for s in range(3, 8))]))
    right = of(choose_generators(scores(level, lambda arm, *_: float(arm == "cgan"))))
    assert (right.right, right.judged) == (5, 5)
    all_tied = of(choose_generators(scores(lambda *_: 0.9, wrong)))
    assert (all_tied.judged, all_tied.word, all_tied.no_worse, all_tied.share) == (0, OPEN, OPEN, (0.0, 1.0))


def test_of_three_generators_to_choose_none_of_the_two_best_is_wrong():
    arms = ("cvae", "cgan", "acgan")

    def level(arm, seed, epoch):
        return {"cvae": 0.98, "cgan": 0.9801, "acgan": 0.9}[arm]

    found = of(choose_generators(scores(level, lambda arm, *_: float(arm != "acgan"), arms)))
    assert (found.right, found.judged, found.word) == (0, SEEDS, FAILS)


def test_simpson_the_pooled_correlation_says_the_opposite_of_every_training():
    def level(arm, seed, epoch):
        return 0.90 + 0.001 * epoch + (arm == "cvae") * 0.05

    def apart(arm, seed, epoch, read):
        return -0.001 * epoch + (arm == "cvae") * 1.0

    table = scores(level, apart)
    assert pooled(table) > 0.4
    rows = correlations(table)
    assert {r["scope"] for r in rows} == {"cvae", "cgan"}, "never over all"
    assert all(r["spearman"] == pytest.approx(-1) for r in rows)


def test_at_a_fixed_epoch_a_judge_of_age_tells_nothing():
    rng = np.random.default_rng(1)
    luck = rng.normal(0, 0.002, (SEEDS, EPOCHS + 1))

    def lucky(arm, seed, epoch):
        return 0.9 + 0.01 * epoch + luck[seed, epoch]

    def apart(arm, seed, epoch, read):
        return dict.fromkeys(DISTANCES, 1 / epoch + rng.normal(0, 1e-4)) | {"fid_2048": 1 / epoch - luck[seed, epoch]}

    rows = {r["distance"]: r for r in correlations(scores(lucky, apart, ["cvae"]))}
    assert rows["lfid_64"]["spearman"] < -0.95 and rows["fid_2048"]["spearman"] < -0.95
    assert rows["fid_2048"]["residual"] < -0.95 and rows["fid_2048"]["residual_high"] < -0.9
    assert abs(rows["lfid_64"]["residual"]) < 0.4
    assert rows["lfid_64"]["residual_low"] < 0 < rows["lfid_64"]["residual_high"]
    assert np.isnan(rows["epoch"]["residual"])
