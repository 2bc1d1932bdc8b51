"""One verdict a claim: the rules on made-up sub-verdicts, which runs speak, and what the shipped studies say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ocrgen.benchmark.results import make_row
from ocrgen.claims.answer import answer
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.rules import all_hold, any_holds, by_way, combine, corrected
from ocrgen.claims.selection import Benchmark, SelectedRuns, Study
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.results import COLUMNS, Results
from ocrgen.study.statistics import DISTANCES, correlations, paired, summarise
from ocrgen.study.verdicts import Verdict
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED
from tests.helpers.tables import checkpoints, falling, results

NOBODY = SelectedRuns(None, None, None, (), ())


def part(low, high, unit="accuracy", n=5, verdict=None):
    """A comparison with these bounds, judged by itself."""
    made = Verdict(3, "made up", verdict or OPEN, (low + high) / 2, low, high, n, unit)
    return made if verdict else replace(made, verdict=corrected(made, 1))


YES, NO, MAYBE = part(0.01, 0.02), part(-0.02, -0.01), part(-0.01, 0.01)
BARELY = part(0.0001, 0.02)  # above zero, but not if it is one of several


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([YES, YES], HOLDS),
        ([YES, BARELY], HOLDS),
        ([YES, NO], FAILS),
        ([MAYBE, NO], FAILS),
        ([YES, part(-0.02, 0.0009)], OPEN),  # refuted as one comparison, not as one of two
        ([YES, MAYBE], OPEN),
        ([], UNMEASURED),
    ],
)
def test_a_claim_without_exception(parts, verdict):
    assert all_hold(parts) == verdict


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([YES, YES], HOLDS),
        ([YES, NO], DEPENDS),  # as a claim without exception it would be refuted
        ([NO, NO], FAILS),
        ([YES, MAYBE], OPEN),
        ([BARELY, NO], OPEN),
        ([], UNMEASURED),
    ],
)
def test_a_claim_that_leaves_open_how_to_compare(parts, verdict):
    assert by_way(parts) == verdict


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([YES, NO, NO, NO], HOLDS),
        ([BARELY], HOLDS),
        ([BARELY, NO, NO, NO], OPEN),
        ([NO, NO], FAILS),
        ([NO, MAYBE], OPEN),
        ([], UNMEASURED),
    ],
)
def test_a_claim_that_there_is_a_way(parts, verdict):
    assert any_holds(parts) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, FAILS], FAILS),
        ([HOLDS, OPEN], OPEN),
        ([HOLDS, UNMEASURED], OPEN),
        ([UNMEASURED, UNMEASURED], UNMEASURED),
        ([], UNMEASURED),
    ],
)
def test_a_claim_that_names_several_things(found, verdict):
    assert combine(found) == verdict


@pytest.mark.parametrize(
    ("unit", "yes", "no"),
    [
        ("accuracy", (0.01, 0.02), (-0.02, -0.01)),
        ("area", (0.01, 0.02), (-0.02, -0.01)),
        ("correlation", (0.1, 0.2), (0.7, 0.9)),
        ("share of saliency", (-0.01, 0.0), (-0.2, -0.1)),
        ("times", (12, 13), (1, 2)),
    ],
)
def test_each_unit_is_judged_by_its_own_rule_and_wider_intervals_decide_less(unit, yes, no):
    assert (part(*yes, unit).verdict, part(*no, unit).verdict) == (HOLDS, FAILS)
    assert corrected(part(*yes, unit, n=2), 10**6) == OPEN
    lonely = Verdict(3, "a single repetition", OPEN, 1.0, None, None, 1, unit)
    assert corrected(lonely, 4) == OPEN


def test_bootstrapped_bounds_stay_as_they_are():
    assert corrected(part(-0.9, 0.1, "Spearman", verdict=HOLDS), 100) == HOLDS


def saliency(ink=0.0, n=100):
    """Rows of saliency in which readers of generated digits look at ink by this much more."""
    gains = {"deletion_gain": lambda s, a: 0.3 + s / 100, "sanity": lambda s, a: 0.2 + s / 100}
    gains["on_ink"] = lambda s, a: 0.5 + (a != "real") * (ink + s / 1000)
    rows = [
        ["saliency", arm, n, seed, 0, n, n, metric, value(seed, arm)]
        for metric, value in gains.items()
        for arm in ("real", "cvae", "cgan")
        for seed in range(3)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def spoken(found: Results, whole=True):
    """Findings in which this study is both the fair one and the paper's."""
    study = Study(Run(Path("spoken")), found, whole)
    return replace(NOBODY, fair=study, paper=study)


def verdicts(found: SelectedRuns) -> dict[int, str]:
    return {c.number: c.verdict for c in judge_claims(found)}


def test_gains_and_losses_decide_what_the_fair_study_is_asked():
    assert verdicts(spoken(results(cvae=0.1, cgan=-0.1))) == {
        1: UNMEASURED,
        2: HOLDS,
        3: HOLDS,
        4: UNMEASURED,
        5: HOLDS,
    }
    assert verdicts(spoken(results(cvae=-0.1, cgan=-0.1))) | {2: 0} == {
        1: UNMEASURED,
        2: 0,
        3: FAILS,
        4: UNMEASURED,
        5: FAILS,
    }
    one = verdicts(spoken(results(seeds=1, cvae=0.1)))
    assert (one[3], one[5]) == (OPEN, OPEN)
    three = judge_claims(spoken(results(cvae=0.1, cgan=-0.1)))[2]
    assert [f.words for f in three.figures] == ["+10.00 [+10.00, +10.00]", "-10.00 [-10.00, -10.00]"]
    assert (three.n, three.n_labelled, three.page, three.figures[0].model) == (3, 100, "4_OCR", "cvae")
    assert {p.against for p in three.parts} == {"real+aug"}


def test_the_papers_protocol_alone_does_not_decide_on_ocr_but_is_told():
    found = replace(spoken(results(cvae=0.1)), fair=None)
    three, five = (judge_claims(found)[i] for i in (2, 4))
    assert three.verdict == five.verdict == UNMEASURED
    assert "not equal" in three.aside and "+10.00" in three.aside and "not equal" in five.aside
    assert "--protocol fair" in three.note
    assert "no equal comparison" in answer(found).markdown


def test_lfid_must_rank_within_each_generator_and_over_all():
    def against(arm, seed, epoch, accuracy):
        return falling(arm, seed, epoch, accuracy) | ({"lfid_64": accuracy} if arm == "cgan" else {})

    rng = np.random.default_rng(0)

    def by_chance(arm, seed, epoch, accuracy):
        return falling(arm, seed, epoch, accuracy) if arm == "cvae" else dict.fromkeys(DISTANCES, rng.normal())

    for score, verdict in ((falling, HOLDS), (against, FAILS), (by_chance, OPEN)):
        facts = checkpoints(score)
        config = StudyConfig(protocol="paper")
        ranked = Results(config, facts, summarise(facts), paired(facts), correlations(facts), {}, {}, 0, 0)
        two = judge_claims(spoken(ranked))[1]
        assert two.verdict == verdict
        assert [f.label for f in two.figures] == ["within CVAE", "within CGAN", "over all"]
        assert two.n == 8 and two.counted == "trainings"


@pytest.mark.parametrize(("ink", "verdict"), [(0.0, HOLDS), (-0.5, FAILS)])
def test_readers_must_look_at_ink(ink, verdict):
    facts = saliency(ink)
    found = Results(StudyConfig(n=[100]), facts, summarise(facts), paired(facts), [], {}, [], 0, 0)
    four = judge_claims(spoken(found))[3]
    assert four.verdict == verdict and four.page == "7_Saliency" and len(four.parts) == 8


def speeds(paper, decoder):
    def row(way, what, bounds):
        subject = f"CVAE, {way}, {what}"
        ends = {"low": bounds[0], "high": bounds[1], "ratio": sum(bounds) / 2}
        return make_row(bench="claim", subject=subject, unit="images per second", n=10, size=2048, value=1.0, **ends)

    rows = [row("paper", "training", paper), row("decoder", "training", decoder), row("decoder", "sampling", (1, 1.1))]
    return replace(NOBODY, speed=Benchmark(Run(Path("speed")), rows, True, False))


@pytest.mark.parametrize(
    ("paper", "decoder", "verdict"),
    [
        ((30, 32), (11, 12), HOLDS),
        ((30, 32), (1, 2), DEPENDS),
        ((2, 3), (1, 2), FAILS),
        ((30, 32), (9, 11), OPEN),
        ((30, 32), (2, 9.9), OPEN),
    ],
)
def test_ten_times_faster_is_a_claim_on_every_way_of_training(paper, decoder, verdict):
    one = judge_claims(speeds(paper, decoder))[0]
    assert one.verdict == verdict and one.run == "speed" and one.page == "6_Runtime"
    assert (one.n, one.n_labelled, one.mark) == (10, None, 10) and len(one.figures) == 2 and len(one.parts) == 3
