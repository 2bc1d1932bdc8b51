"""One verdict a claim: the rules on made-up sub-verdicts, which runs speak, and what the shipped studies say."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocrgen.benchmark.results import make_row
from ocrgen.claims.answer import answer
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.rules import all_hold, by_way, combine, corrected, some_way
from ocrgen.claims.selection import Benchmark, SelectedRuns, Study
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.results import Results
from ocrgen.study.verdicts import Verdict
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED
from tests.helpers.tables import made, results, table

NOBODY = SelectedRuns(None, None, None, (), ())


def part(low, high, unit="times", n=5, verdict=None):
    """A comparison with these bounds, judged by itself."""
    made = Verdict(3, "made up", verdict or OPEN, (low + high) / 2, low, high, n, unit)
    return made if verdict else replace(made, verdict=corrected(made, 1))


YES, NO, MAYBE = part(12, 13), part(2, 3), part(9, 11)
BARELY = part(10.05, 13)  # above ten, but not if it is one of several


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([YES, YES], HOLDS),
        ([YES, BARELY], HOLDS),
        ([YES, NO], FAILS),
        ([MAYBE, NO], FAILS),
        ([YES, part(5, 9.95)], OPEN),  # refuted as one comparison, not as one of two
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
    ("words", "verdict"),
    [
        (["better", "worse"], HOLDS),
        (["no difference that matters", "worse"], FAILS),
        (["worse", "undecided"], OPEN),
        (["no difference that matters", "too few to tell"], OPEN),
        (["exploratory"], UNMEASURED),
        ([], UNMEASURED),
    ],
)
def test_a_claim_that_there_is_a_way(words, verdict):
    assert some_way([part(0, 1, "accuracy", verdict=word) for word in words]) == verdict


def test_better_by_less_than_matters_is_no_way():
    better = part(0.001, 0.002, "accuracy", verdict="better")
    assert some_way([better]) == HOLDS and some_way([replace(better, less=True)]) == FAILS


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, FAILS], FAILS),
        ([HOLDS, OPEN], OPEN),
        ([HOLDS, UNMEASURED], UNMEASURED),
        ([FAILS, UNMEASURED], FAILS),
        ([UNMEASURED, UNMEASURED], UNMEASURED),
        ([], UNMEASURED),
    ],
)
def test_a_claim_that_names_several_things(found, verdict):
    assert combine(found) == verdict


def test_wider_intervals_decide_less():
    assert (YES.verdict, NO.verdict) == (HOLDS, FAILS)
    assert corrected(part(12, 13, n=2), 10**6) == OPEN
    lonely = Verdict(1, "a single repetition", OPEN, 12.0, None, None, 1, "times")
    assert corrected(lonely, 4) == OPEN


def spoken(found: Results, whole=True):
    """Findings in which this study is both the fair one and the paper's."""
    study = Study(Run(Path("spoken")), found, whole)
    return replace(NOBODY, fair=study, paper=study)


def verdicts(found: SelectedRuns) -> dict[int, str]:
    return {c.number: c.verdict for c in judge_claims(found)}


@pytest.mark.slow
def test_gains_and_losses_decide_what_the_fair_study_is_asked():
    gain = verdicts(spoken(results(cvae=0.1, cgan=-0.1)))
    assert (gain[1], gain[3], gain[5]) == (UNMEASURED, HOLDS, HOLDS)
    loss = verdicts(spoken(results(cvae=-0.1, cgan=-0.1)))
    assert (loss[3], loss[5]) == (FAILS, FAILS)
    one = verdicts(spoken(results(seeds=1, cvae=0.1)))
    assert (one[3], one[5]) == (OPEN, OPEN)
    three = judge_claims(spoken(results(cvae=0.1, cgan=-0.1)))[2]
    assert [f.words for f in three.figures] == ["+10.00 [+10.00, +10.00]", "−10.00 [−10.00, −10.00]"]
    assert (three.n, three.n_labelled, three.page, three.figures[0].model) == (3, 100, "4_OCR", "cvae")
    assert {p.against for p in three.parts} == {"real+aug"}


def test_rendered_characters_count_as_synthetic_and_are_named_apart():
    three = judge_claims(spoken(results(generators=("rendered", "cvae"), rendered=0.1)))[2]
    assert three.verdict == HOLDS
    assert "Rendered from fonts: holds; learned by generators: does not hold." in three.gist


def test_noise_is_not_judged_without_its_bar():
    found = results(cvae=0.1, noise=0.0)
    without = found.table.loc[found.table.arm != "real+aug+noise"]
    five = judge_claims(spoken(made(found.config, without)))[4]
    assert five.verdict == UNMEASURED and "noise" in five.note


def test_the_papers_protocol_alone_does_not_decide_on_ocr_but_is_told():
    config = StudyConfig(protocol="paper", generators=["cvae", "cgan"], seeds=3)
    values = {a.name: {s: 0.5 + s / 10 + 0.1 * ("cvae" in a.name) for s in range(3)} for a in config.arms}
    found = replace(spoken(made(config, table(values, n=500))), fair=None)
    three, five = (judge_claims(found)[i] for i in (2, 4))
    assert three.verdict == five.verdict == UNMEASURED
    assert "not equal" in three.aside and "+10.00" in three.aside
    assert "--protocol fair" in three.note
    assert "no equal comparison" in answer(found).markdown


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
