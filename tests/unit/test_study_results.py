"""A study's figures: intervals over seeds, paired differences, rank correlations, and the verdicts' rules."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ocrgen.study.arms import BAR, NOISE_BAR
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import UNTESTED, Correctness, packed, unpacked
from ocrgen.study.plan import plan
from ocrgen.study.results import COLUMNS, collect, read_results
from ocrgen.study.rows import numbers
from ocrgen.study.statistics import DISTANCES, JUDGES, correlations, paired, summarise
from ocrgen.study.verdicts import EXPLORATORY, verdicts
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import t_interval
from tests.helpers.tables import checkpoints, falling, ranked, read, results, table

NAN = math.nan


def test_interval_is_students():
    values = [0.91, 0.93, 0.92, 0.95, 0.9]
    found = t_interval(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (found["mean"], found["low"], found["high"], found["n"]) == pytest.approx((np.mean(values), low, high, 5))


def test_one_repetition_has_no_bounds():
    found = t_interval([0.9])
    assert found["mean"] == 0.9 and found["n"] == 1 and math.isnan(found["low"]) and math.isnan(found["high"])


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [t_interval(rng.normal(0.9, 0.1, 5)) for _ in range(2000)]
    assert np.mean([f["low"] <= 0.9 <= f["high"] for f in found]) == pytest.approx(0.95, abs=0.015)


def test_differences_are_paired_by_seed():
    # Seeds differ by tenths, arms by a hundredth: only pairs tell the arms apart.
    real = {0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8}
    mixed = {seed: v + 0.01 + (seed - 1.5) / 1000 for seed, v in real.items()}
    values = table({"real": real, "real+cvae": mixed})
    difference = paired(values).set_index(["arm", "against"]).loc[("real+cvae", "real")]
    assert difference["mean"] == pytest.approx(0.01) and difference["n"] == 4
    assert difference["low"] > 0
    whole = summarise(values).set_index("arm").loc["real+cvae"]
    assert difference["high"] - difference["low"] < (whole["high"] - whole["low"]) / 50
    back = table({"real": mixed, "real+aug": real})
    assert paired(back).set_index(["arm", "against"]).loc[("real", "real+aug"), "mean"] == pytest.approx(0.01)


def test_a_seed_that_is_missing_is_left_out_of_its_pair():
    values = table({"real": {0: 0.5, 1: 0.6, 2: 0.7}, "cvae": {1: 0.7, 2: 0.8, 3: 0.1}})
    row = paired(values).set_index(["arm", "against"]).loc[("cvae", "real")]
    assert row["n"] == 2 and row["mean"] == pytest.approx(0.1)
    nothing = paired(table({"real": {0: 0.5}, "cvae": {1: 0.7}}))
    assert nothing.empty
    assert paired(table({"cvae": {0: 0.5}, "cgan": {0: 0.5}})).empty  # nothing real to compare with
    assert paired(pd.DataFrame([], columns=COLUMNS)).empty


def test_both_errors_are_in_every_interval_of_accuracy():
    found = read(seeds=5, images=400, luck=0.5)
    for arm, n, metric in found.correct.counts:
        row, whole = found.of(arm, n, metric), found.correct.estimate((arm, n, metric))
        assert (row["low"], row["high"]) == pytest.approx(whole.interval()) and row["mean"] == pytest.approx(whole.mean)
    row = found.difference("real+aug", "real", 100)
    expected = found.correct.estimate(("real+aug", 100, "accuracy"), ("real", 100, "accuracy"))
    assert (row["low"], row["high"]) == pytest.approx(expected.interval()) and row["images"] == 400


def test_what_was_read_right_is_kept_and_comes_back():
    rng = np.random.default_rng(0)
    tested, right = np.array([3, 4, 9, 60_000]), np.array([0, 3, 1, 2])
    counts, of = unpacked(json.loads(json.dumps(packed(right, 3, tested))), 60_001)
    assert of == 3 and np.array_equal(counts[tested], right) and (counts == UNTESTED).sum() == 60_001 - 4
    key = ("real", 5, "accuracy")
    kept = Correctness({key: rng.integers(0, 3, (2, 7)).astype(np.uint16)}, {key: 3}, np.arange(7))
    again = Correctness.read(kept.to_npz())
    assert again.of == kept.of and np.array_equal(again.writers, kept.writers)
    assert np.array_equal(again.values(key), kept.values(key))


@pytest.mark.parametrize(
    "damage",
    [{"right": "no"}, {"right": ""}, {"of": 1}, {"of": 0}, {"tested": packed(np.zeros(3), 1, np.arange(3))["tested"]}],
)
def test_damaged_counts_are_noticed(damage):
    whole = packed(np.array([0, 2]), 2, np.array([0, 1]))
    unpacked(whole, 2)
    with pytest.raises(ValueError, match="."):
        unpacked(whole | damage, 2)
    with pytest.raises(ValueError, match="do not fit"):
        unpacked(whole, 1)


def test_sizes_and_metrics_are_never_mixed_in_a_difference():
    parts = [
        table({"real": {0: 0.5, 1: 0.5}, "cvae": {0: 0.6, 1: 0.6}}, n=100),
        table({"real": {0: 0.9, 1: 0.9}, "cvae": {0: 0.7, 1: 0.7}}, n=500),
        table({"real": {0: 0.2, 1: 0.2}, "cvae": {0: 0.5, 1: 0.5}}, "corrupted"),
        table({"all": {0: 0.2, 1: 0.2}}, n=0),
        table({"real": {0: 9, 1: 9}, "cvae": {0: 0, 1: 0}}, "seconds"),
    ]
    found = paired(pd.concat(parts)).query("arm == 'cvae'").set_index(["n_real", "metric"])["mean"]
    assert found.to_dict() == pytest.approx({(100, "accuracy"): 0.1, (500, "accuracy"): -0.2, (100, "corrupted"): 0.3})


def test_perfect_ranking_is_minus_one():
    found = ranked()
    assert {(r["scope"], r["distance"]) for r in found} == {(s, d) for s in ("cvae", "cgan") for d in JUDGES}
    for row in found:
        assert row["spearman"] == pytest.approx(-1)
        assert row["low"] == pytest.approx(-1) and row["high"] == pytest.approx(-1)
        # Judges that rank alike differ by nothing.
        assert [row[k] for k in ("over_fid", "over_fid_low", "over_fid_high")] == pytest.approx([0, 0, 0])
        assert (row["checkpoints"], row["trainings"]) == (20, 4)


def test_correlations_agree_with_scipy_and_lie_in_their_intervals():
    rng = np.random.default_rng(1)
    noisy = checkpoints(lambda a, s, e, accuracy: {d: rng.normal(-accuracy, 0.2) for d in DISTANCES})
    wide = noisy.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value")
    wide["epoch"] = -wide.index.get_level_values("epoch")
    for row in correlations(noisy):
        part, judge = wide.loc[row["scope"]], row["distance"]
        within = [stats.spearmanr(g[judge], g.accuracy).statistic for _, g in part.groupby("seed")]
        expected = t_interval(within)
        assert (row["spearman"], row["low"]) == pytest.approx((expected["mean"], max(-1, expected["low"])))
        assert -1 <= row["low"] <= row["spearman"] <= row["high"] <= 1
        assert row["over_fid_low"] <= row["over_fid"] <= row["over_fid_high"]


def test_a_constant_distance_ranks_nothing():
    def constant(arm, seed, epoch, accuracy):
        return falling(arm, seed, epoch, accuracy) | {"lfid_64": 1.0}

    found = {(r["scope"], r["distance"]): r for r in correlations(checkpoints(constant))}
    assert found["cvae", "lfid_64"]["spearman"] == found["cvae", "lfid_64"]["high"] == 0
    assert found["cvae", "lfid_64"]["over_fid"] == pytest.approx(1) and found["cvae", "lfid_64"]["residual"] == 0


def test_correlations_need_checkpoints():
    assert correlations(checkpoints(falling, arms=["cvae"], seeds=1, epochs=2)) == []
    assert correlations(checkpoints(falling).query("metric != 'fid_2048'")) == []
    (row, *_) = correlations(checkpoints(falling, arms=["cvae"], seeds=1))
    assert row["scope"] == "cvae" and row["trainings"] == 1 and math.isnan(row["low"])


def test_comparisons_judge_each_claim_on_its_figures():
    found = verdicts(results(cvae=0.1, cgan=-0.1))
    printed = [v.to_json() for v in found]
    assert json.loads(json.dumps(printed)) == printed
    judged = [v for v in found if v.claim in (3, 5) and v.verdict != EXPLORATORY]
    assert {(v.claim, v.arm, v.verdict) for v in judged} == {
        (claim, f"real+aug+{name}-filtered", word)
        for claim in (3, 5)
        for name, word in (("cvae", "better"), ("cgan", "worse"))
    }
    for v in judged:
        assert v.low <= v.figure + 1e-9 and v.figure <= v.high + 1e-9
        assert (v.n, v.n_labelled, v.against) == (3, 100, BAR if v.claim == 3 else NOISE_BAR)


def test_one_seed_decides_no_comparison():
    found = [v for v in verdicts(results(seeds=1, cvae=0.1)) if v.claim in (3, 5)]
    assert {v.verdict for v in found} == {"too few to tell", EXPLORATORY} and {v.low for v in found} == {None}
    json.dumps([v.to_json() for v in found], allow_nan=False)


def test_training_with_noise_is_the_bar_under_corruption():
    """Augmentation destroys robustness: against it alone any way would seem to help."""
    found = results(cvae=0.1, noise=0.15)
    assert found.difference("real+aug+cvae-filtered", BAR, 100, "corrupted")["mean"] == pytest.approx(0.1)
    (five,) = [v for v in verdicts(found) if v.claim == 5 and "cvae" in v.arm]
    assert five.figure == pytest.approx(-0.05) and five.judged == "does not hold"


def test_every_epoch_of_a_study_is_a_checkpoint_of_its_own():
    config = StudyConfig(protocol="paper", seeds=2, epochs=3, generators=["cvae", "cgan"])
    rows = [
        {"key": c.key, "kind": c.kind, "arm": c.arm.name, "n_real": c.n, "seed": c.seed, "accuracy": c.epoch / 10}
        | {"scores": dict.fromkeys(DISTANCES, 1 - c.epoch / 10)}
        for c in plan(config)
        if c.kind == "epoch"
    ]
    found = collect(config, rows)
    assert found.done == 12 and found.total == len(plan(config)) and set(found.table.epoch) == {1, 2, 3}
    assert {(r["scope"], r["checkpoints"]) for r in found.correlations} == {("cvae", 6), ("cgan", 6)}
    assert set(found.summary.query("metric == 'accuracy'").n) == {2}


@pytest.mark.parametrize("per_class", ["per_class", "per_digit"])  # as earlier versions called it
def test_numbers_of_a_cell(per_class):
    row = {
        "accuracy": 0.9,
        "kept": None,
        per_class: [{"f1": 0.5}, {"f1": 0.25}],
        "corruptions": {"noise": [1.0, 0.8], "blur": [0.6, 0.4]},
        "fgsm": [1.0, 0.5, 0.1],
        "shares": {"0.2": 0.7},
        "scores": {"lfid_64": 3.0},
    }
    found = numbers(row)
    assert found["corrupted"] == pytest.approx(0.7) and found["attacked"] == pytest.approx(0.3)  # without epsilon 0
    assert found["f1/1"] == 0.25 and found["corruption/blur/2"] == 0.4 and found["share/0.2"] == 0.7
    assert found["lfid_64"] == 3 and found["accuracy"] == 0.9 and "kept" not in found


def test_a_result_is_found_by_arm_size_and_metric():
    found = results(cvae=0.1)
    assert found.of("real", 100, "accuracy")["mean"] == pytest.approx(0.6)
    assert found.of("real", 500, "accuracy") is None
    assert found.difference("aug+cvae-filtered", "real", 100)["mean"] == pytest.approx(0.1)
    assert found.difference("cvae", "nothing", 100) is None


def test_a_study_that_has_not_begun_has_no_results_and_is_not_damaged(store):
    run = store.create("study", StudyConfig(dataset="digits", n=[60]).model_dump(), "study-fair-digits")
    found = read_results(run)
    assert found.table.empty and found.done == 0 and found.total == len(plan(found.config))
    run.update(state="done")
    with pytest.raises(UserError, match="missing or damaged"):
        read_results(run)
