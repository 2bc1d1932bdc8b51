"""Claim 2: cases in which a rank correlation praises a distance whose choices are worth nothing, and the reverse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ocrgen.claims.claim import RULES
from ocrgen.claims.distances import cost
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.selection import Benchmark, select_runs
from ocrgen.claims.wording import COMPARISON_RULES
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.choices import (
    EPOCH,
    FID,
    GENERATOR,
    MATTERS,
    NOTHING,
    choices,
    choose_epochs,
    choose_generators,
    gets_worse,
)
from ocrgen.study.statistics import DISTANCES, correlations
from ocrgen.study.verdicts import verdicts
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, UNMEASURED
from tests.helpers.epochs import EPOCHS, PEAK, SEEDS, by_age, by_worth, judged, of, peaks, pooled, rises, scores


def test_a_distance_that_only_counts_epochs_finds_nothing_where_nothing_is_to_be_found():
    table = scores(rises, by_age)
    assert pooled(table, "cvae") < -0.9 and pooled(table) < -0.8, "by ranks it would hold"
    found = of(choose_epochs(table))
    assert (found.word, found.no_worse, found.none) == (OPEN, OPEN, True) and NOTHING in found.words
    assert found.regret["mean"] == found.over["mean"] == 0
    assert of(choose_generators(table)).word == HOLDS
    assert judged(table).verdict == OPEN
    ranks = {(r["scope"], r["distance"]): r for r in correlations(table)}
    assert ranks["cvae", "epoch"]["spearman"] == ranks["cvae", "lfid_64"]["spearman"] == pytest.approx(-1)


@pytest.mark.slow
def test_where_trainings_get_worse_the_last_epoch_is_what_a_distance_must_beat():
    good = scores(peaks, by_worth)
    found = of(choose_epochs(good))
    assert (found.word, found.judged, found.total) == (HOLDS, 16, 16)
    assert found.regret["mean"] == 0 and found.over["mean"] == pytest.approx(-0.018)
    assert judged(good).verdict == HOLDS
    useless = scores(peaks, by_age)
    found = of(choose_epochs(useless))
    assert found.word == FAILS and found.over["mean"] == 0 and found.regret["mean"] == pytest.approx(0.018)
    assert judged(useless).verdict == FAILS


def test_to_be_better_than_the_last_epoch_is_not_enough():
    late = scores(peaks, lambda arm, seed, epoch, read: abs(epoch - (PEAK + 3)) + (arm == "cgan"))
    found = of(choose_epochs(late))
    assert found.over["high"] < 0 and found.regret["low"] > MATTERS and found.word == FAILS
    rng = np.random.default_rng(0)
    chance = of(choose_epochs(scores(peaks, lambda *_: rng.random())))
    assert chance.word != HOLDS


def test_only_the_trainings_that_get_worse_are_judged():
    def some(arm, seed, epoch):
        return peaks(arm, seed, epoch) if arm == "cgan" else rises(arm, seed, epoch)

    found = of(choose_epochs(scores(some, by_worth)))
    assert (found.word, found.judged, found.total) == (HOLDS, 8, 16)

    def few(arm, seed, epoch):
        return peaks(arm, seed, epoch) if seed < 2 else rises(arm, seed, epoch)

    assert of(choose_epochs(scores(few, by_worth))).word == OPEN, "two seeds are too few"


def test_one_lucky_reader_makes_no_training_that_gets_worse():
    steady = np.full(10, 0.98)
    lucky = steady.copy()
    lucky[3] += 0.006
    falling = np.linspace(0.98, 0.97, 10)
    assert not gets_worse(steady) and not gets_worse(lucky) and gets_worse(falling)
    assert lucky.max() - lucky[-1] >= MATTERS
    assert not gets_worse(np.array([0.9])) and gets_worse(np.array([0.9, 0.8]))
    assert gets_worse(np.array([0.9, 0.8, 0.8])) and not gets_worse(np.array([0.8, 0.9, 0.9]))


def test_a_distance_as_bad_as_fid_does_not_pass():
    # Both choose by age: no difference between them, as of a stand-in that is only compared with FID.
    table = scores(peaks, by_age)
    found = of(choose_epochs(table))
    assert found.over_fid["mean"] == found.over_fid["high"] == 0 and found.no_worse == HOLDS
    assert found.word == of(choose_epochs(table), FID).word == FAILS
    assert judged(table).verdict == FAILS


def test_a_distance_that_is_worse_than_fid_is_no_stand_in():
    def apart(arm, seed, epoch, read):
        return dict.fromkeys(DISTANCES, 1 - read) | {"lfid_64": abs(epoch - (PEAK + 3)) + (arm == "cgan")}

    found = choose_epochs(scores(peaks, apart))
    assert of(found).no_worse == FAILS and of(found, "lfid_192").no_worse == HOLDS


def test_the_interval_never_mixes_generators():
    """A bootstrap over all trainings would count the generators' difference as if it were chance."""

    def level(arm, seed, epoch):
        return peaks(arm, seed, epoch) - (arm == "cgan") * 0.01 * (epoch > PEAK)

    found = of(choose_epochs(scores(level, by_age)))
    by_training = [0.018] * SEEDS + [0.028] * SEEDS
    drawn = np.random.default_rng(0).choice(by_training, (2000, 2 * SEEDS)).mean(1)
    assert np.ptp(np.percentile(drawn, [2.5, 97.5])) > 0.003
    assert found.regret["mean"] == pytest.approx(0.023) and found.regret["n"] == SEEDS
    assert found.regret["high"] - found.regret["low"] < 1e-9


def test_the_claim_needs_both_choices():
    one = scores(peaks, by_worth, ["cvae"])
    assert of(choose_epochs(one)).word == HOLDS and not choose_generators(one)
    assert judged(one).verdict == OPEN


def test_seeds_that_have_not_come_to_the_end_are_left_out():
    table = scores(peaks, by_worth)
    cut = table.loc[~((table.arm == "cgan") & (table.seed == 5) & (table.epoch == EPOCHS))]
    assert of(choose_epochs(cut)).total == 14 and of(choose_generators(cut)).total == SEEDS - 1
    assert choices(table.iloc[:0]) == [] and choices(table.query("metric != 'fid_2048'")) == []
    assert judged(table.iloc[:0]).verdict == UNMEASURED


def test_what_is_shown():
    two = judged(scores(peaks, by_worth))
    assert [f.label for f in two.figures] == [f"{d}, {w}" for w in (EPOCH, GENERATOR) for d in ("LFID-64", "FID-2048")]
    assert (two.n, two.counted, two.n_labelled, two.mark) == (SEEDS, "seeds", 9000, pytest.approx(0.5))
    assert "the bare number of the epoch" in two.aside
    assert len(two.parts) == 14 and {p.unit for p in two.parts} == {"accuracy"}
    assert all("digitnet" in text.lower() and "Inception" in text for text in (RULES[2], COMPARISON_RULES[2]))
    rows = [{"size": 64, "value": 0.125, "unit": "ms"}, {"size": 2048, "value": 601.0, "unit": "ms"}]
    speed = Benchmark(Run(Path("speed")), [], True, False, tuple(rows))
    assert "LFID-64 takes 0.125 ms" in cost(speed) and cost(replace(speed, distances=())) == cost(None) == ""


@pytest.mark.slow
def test_the_shipped_study_is_judged_by_these_rules(tmp_path, monkeypatch):
    monkeypatch.delenv("OCRGEN_CHECKPOINTS")
    found = select_runs(RunStore(tmp_path))
    assert found.paper
    two, epoch = judge_claims(found)[1], of(choose_epochs(found.paper.results.table))
    assert two.verdict in ((OPEN, FAILS) if epoch.none else (HOLDS, OPEN, FAILS))
    assert (NOTHING in two.aside) == epoch.none and "LFID-64 takes" in two.aside
    judged = [v for v in verdicts(found.paper.results) if v.claim == 2]
    assert len(judged) == 14 and {v.n for v in judged} == {found.paper.results.config.seeds}
