"""What a study decides: a family declared before, corrected, with both errors, and nothing before its time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ocrgen.study.arms import BAR, Arm
from ocrgen.study.config import StudyConfig
from ocrgen.study.family import AT_WORK, declared, settled
from ocrgen.study.headline import banner
from ocrgen.study.sequential import LOOKS
from ocrgen.study.statistics import paired
from ocrgen.study.verdicts import EXPLORATORY, verdicts
from ocrgen.utils.statistics import t_interval
from tests.helpers.tables import made, read, results, table


def words(found) -> dict[str, str]:
    return {arm: decision.word for (arm, _), decision in found.decisions.items()}


def test_the_family_is_declared_by_the_settings_alone():
    config = StudyConfig(n=[100, 500], generators=["rendered", "cvae"], synthetic="mine.npz")
    ways = ["real+aug+rendered", "real+aug+cvae-filtered", "real+aug+own"]
    assert declared(config) == [(way, n) for n in (100, 500) for way in ways]
    pool = StudyConfig(protocol="pool", n=[100], generators=["cvae"])
    on_top = ["real+aug+pseudo", "real+aug+cvae-filtered", "real+aug+pseudo+cvae-filtered"]
    assert sorted(declared(pool)) == sorted((way, 100) for way in on_top)


def test_all_else_is_exploratory_and_gets_no_word():
    found = verdicts(results(cvae=0.1))
    decided = {v.arm for v in found if v.claim == 3 and v.verdict != EXPLORATORY}
    assert decided == {"real+aug+cvae-filtered", "real+aug+cgan-filtered"}
    others = [v for v in found if v.verdict == EXPLORATORY]
    assert {v.arm for v in others} == {"aug+cvae-filtered", "aug+cgan-filtered"}
    # In place of real images: what is given up is real images with augmentation.
    assert {v.against for v in others} == {BAR}


def test_in_place_of_real_images_is_compared_with_what_one_would_give_up():
    """Against real images without augmentation the same figures would be a gain."""
    values = {"real": {0: 0.5, 1: 0.5}, BAR: {0: 0.8, 1: 0.8}, "aug+cvae-filtered": {0: 0.6, 1: 0.6}}
    found = made(StudyConfig(n=[100], generators=["cvae"], seeds=2), table(values))
    (row,) = [v for v in verdicts(found) if v.arm == "aug+cvae-filtered"]
    assert row.figure == pytest.approx(-0.2)
    assert found.difference("aug+cvae-filtered", "real", 100)["mean"] == pytest.approx(0.1)


def test_what_a_single_comparison_would_decide_the_family_does_not():
    """One of many ways is a little better by chance: by itself it would be called better."""
    values = {BAR: {}, "real+aug+cvae-filtered": {}, "real+aug+cgan-filtered": {}}
    noise = np.array([0.004, 0.009, -0.001, 0.006, 0.008])
    for seed in range(5):
        values[BAR][seed] = 0.9
        values["real+aug+cvae-filtered"][seed] = 0.9 + noise[seed]
        values["real+aug+cgan-filtered"][seed] = 0.9 + (-1) ** seed * 0.01
    config = StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=5)
    alone = t_interval(noise)
    assert alone["low"] > 0, "by itself it would surely be a gain"
    found = made(config, table(values))
    assert words(found)["real+aug+cvae-filtered"] == "undecided"
    row = found.difference("real+aug+cvae-filtered", BAR, 100)
    assert row["low"] < alone["low"] and row["high"] > alone["high"], "one interval everywhere, the corrected one"


def test_that_nothing_changes_is_decided_where_the_data_show_it():
    """An interval that spans zero was called undecided however narrow it is."""
    found = read(images=20_000, accuracy=0.95, noise=0.0)
    assert set(words(found).values()) == {"no difference that matters"}
    for decision in found.decisions.values():
        assert decision.low < 0 < decision.high and decision.matters == pytest.approx(0.005, abs=3e-4)


def test_the_test_images_error_counts_however_many_seeds_agree():
    """All seeds err on the same 300 images: seeds alone would be sure of what 300 images cannot show."""
    lucky = read(seeds=8, images=300, accuracy=0.8, noise=0.0, luck=1.0)
    for (arm, n), decision in lucky.decisions.items():
        gains = lucky.correct.values((arm, n, "accuracy")).mean(1) - lucky.correct.values((BAR, n, "accuracy")).mean(1)
        by_seeds = t_interval(gains)
        assert decision.high - decision.low > 3 * (by_seeds["high"] - by_seeds["low"])
        assert decision.word == "undecided" and decision.would_decide.startswith("no number of seeds")
    assert settled(lucky.decisions), "more seeds would decide nothing"


def test_better_says_whether_it_is_better_by_what_matters():
    assert words(read(cvae=0.05))["real+aug+cvae-filtered"] == "better"
    small = read(images=60_000, accuracy=0.5, noise=0.0, cvae=0.01)
    decision = small.decisions["real+aug+cvae-filtered", 100]
    assert decision.word == "better" and decision.less and decision.matters == pytest.approx(0.05, abs=0.001)
    told = next(v for v in verdicts(small) if v.arm == "real+aug+cvae-filtered")
    assert told.words == "better by less than matters" and told.judged == "does not hold"
    assert words(read(cgan=-0.05))["real+aug+cgan-filtered"] == "worse"


def test_what_matters_can_be_set():
    config = StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=8, n_robustness=0, matters=20)
    assert {d.matters for d in read(config=config).decisions.values()} == {0.2}


@pytest.mark.parametrize("kind", ["seeds", "images", "ceiling"])
def test_too_few_to_tell(kind):
    options = {"seeds": {"seeds": 2}, "images": {"images": 199}, "ceiling": {"accuracy": 0.998, "noise": 0.0}}[kind]
    assert set(words(read(**options)).values()) == {"too few to tell"}


def test_nothing_is_decided_before_the_study_is_complete():
    """Else chance could choose the moment; a way that is missing is not a way less to correct for."""
    whole = read(cvae=0.05)
    config = whole.config.model_copy(update={"seeds": 10})
    early = made(config, whole.table, correct=whole.correct, n_test=2000)
    assert words(whole)["real+aug+cvae-filtered"] == "better"
    assert set(words(early).values()) == {"undecided"}
    assert {d.would_decide for d in early.decisions.values()} == {AT_WORK}
    without = whole.table.loc[whole.table.arm != "real+aug+cgan-filtered"]
    correct = replace(whole.correct, counts={k: v for k, v in whole.correct.counts.items() if "cgan" not in k[0]})
    assert set(words(made(whole.config, without, correct=correct, n_test=2000)).values()) == {"undecided"}


def until(seeds: int, **gains):
    config = StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=1, until_decided=True, n_robustness=0)
    return read(seeds=seeds, config=config, **gains)


def test_until_decided_looks_at_set_times_only():
    assert set(words(until(7, cvae=0.05)).values()) == {"undecided"}
    first = until(8, cvae=0.05)
    later = until(11, cvae=0.05)
    for way, decision in first.decisions.items():
        assert decision.estimate.seeds == 8 == later.decisions[way].estimate.seeds
    assert words(first)["real+aug+cvae-filtered"] == "better"
    assert first.decisions["real+aug+cvae-filtered", 100].p_superiority < 0.05 / len(LOOKS)


def test_before_the_first_look_intervals_are_as_wide_as_they_will_be_judged():
    early, first = until(7), until(8)
    for way, decision in early.decisions.items():
        assert decision.low < decision.estimate.interval(1 - 0.05 / 2)[0]
        level = 1 - 0.05 / len(LOOKS) / 2
        assert (decision.low, decision.high) == decision.estimate.interval(level)
        assert (first.decisions[way].low, first.decisions[way].high) == first.decisions[way].estimate.interval(level)


def test_a_decision_of_a_look_is_final():
    """At the second look the same way seems to be nothing: it was decided before."""
    found = until(12, cvae=0.05)
    counts = found.correct.counts["real+aug+cvae-filtered", 100, "accuracy"]
    counts[8:] = found.correct.counts[BAR, 100, "accuracy"][8:] * (np.random.default_rng(1).random(2000) < 0.8)
    again = made(found.config, found.table, correct=found.correct, n_test=2000)
    decision = again.decisions["real+aug+cvae-filtered", 100]
    assert decision.word == "better" and decision.estimate.seeds == 8


def test_a_study_of_earlier_rules_is_judged_by_its_seeds_and_all_its_ways():
    config = StudyConfig.model_validate({"shares": [0.2], "n": [100], "generators": ["cvae"], "seeds": 5})
    ways = [arm for arm, _ in declared(config)]
    assert config.rules == 1 and ways == ["real+aug+cvae", "real+aug+cvae-filtered"]
    values = {name: {s: 0.9 + 0.001 * s for s in range(5)} for name in (BAR, *ways)}
    values["real+aug+cvae"] = {s: 0.95 + 0.001 * s for s in range(5)}
    found = made(config, table(values))
    assert words(found) == {"real+aug+cvae": "better", "real+aug+cvae-filtered": "no difference that matters"}
    assert not found.whole_errors and paired(found.table).images.max() == 0


def test_the_papers_protocol_says_what_it_uses_and_chooses():
    config = StudyConfig(protocol="paper", generators=["cvae"], preset="paper", reader="paper", steps=300, seeds=2)
    rows = [table({"real": {0: 0.5, 1: 0.6}}, n=500), table({"cvae": {0: 0.5, 1: 0.6}}, n=0, kind="epoch")]
    told = banner(made(config, pd.concat(rows))).text
    for words in ("CVAE of preset paper", "10 epochs", "OCR models of preset paper, 300 steps", "validation images"):
        assert words in told
    assert "filter is an OCR model trained on all training images" in told


def test_arms_say_what_they_are():
    pool = Arm("real", True, "cvae", True, "pseudo")
    assert pool.name == "real+aug+pseudo+cvae-filtered" and Arm.parse(pool.name) == pool and pool.primary
    assert not Arm("real", True, pool="labels").primary and not Arm("real", True, noise=True).primary
    assert not Arm("", True, "cvae", True).primary and Arm("", True, "own").alone
