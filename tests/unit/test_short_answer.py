"""The answer in one sentence and three numbers: never surer than the verdict, whatever the verdict is."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocrgen.claims.answer import Answer, answer
from ocrgen.claims.selection import SelectedRuns, Study
from ocrgen.claims.short import levels, ranked
from ocrgen.runs.run import Run
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.config import StudyConfig
from ocrgen.study.headline import compare, shown_ways
from ocrgen.study.results import Results
from tests.helpers.tables import made, read, table

NOBODY = SelectedRuns(None, None, None, (), ())


def told(found: Results, whole: bool = True) -> Answer:
    protocol = "paper" if found.config.protocol == "paper" else "fair"
    return answer(replace(NOBODY, **{protocol: Study(Run(Path("spoken")), found, whole)}))


@pytest.mark.parametrize(
    ("gains", "word", "sentence"),
    [
        (
            {"cvae": 0.05},
            "better",
            "**Yes**: with 100 labelled digits of MNIST and classical augmentation, CVAE digits add",
        ),
        ({"cvae": -0.05, "cgan": -0.05}, "worse", "**No**: with 100 labelled digits of MNIST"),
        ({"cvae": 0.012, "cgan": 0.012}, "undecided", "**Not decided**: with 100 labelled digits of MNIST"),
    ],
)
def test_the_sentence_and_the_numbers_say_what_the_verdict_says(gains, word, sentence):
    found = told(read(noise=0.012 if word == "undecided" else 0.003, seeds=4, **gains))
    assert found.short.startswith(sentence) and "[" not in found.short
    assert found.lead.split("**")[1] == found.short.split("**")[1]
    alone, augmented, best = found.levels
    assert best.word == word and best.decided == (word != "undecided")
    assert not augmented.decided and not augmented.word and alone.gain is None  # declared is only what stands on top
    for level in found.levels:
        assert "95% interval" in level.about and "4 seeds" in level.about and "2,000 test images" in level.about


def test_ways_that_do_the_same_are_named_together():
    found = told(read(seeds=8, noise=0.001, images=20_000))
    assert found.short.endswith("digits add nothing that matters.") and " and C" in found.short
    assert found.levels[-1].word == "no difference that matters" and not found.levels[-1].decided


def test_the_way_that_decides_stands_before_one_that_may_be_luckier():
    found = read(seeds=8, noise=0.003, cvae=0.05)
    cvae, cgan = (g for a in shown_ways(found) if (g := compare(found, a, Arm.parse(BAR), 100)))
    assert cvae.decision and cgan.decision and cvae.verdict == "better"
    lucky = replace(cgan, mean=0.5, decision=replace(cgan.decision, word="undecided"))
    none = replace(cgan, mean=0.9, decision=replace(cgan.decision, word="no difference that matters"))
    assert ranked([none, lucky, cvae]) == [cvae, lucky, none]
    less = replace(cvae, mean=0.1, decision=replace(cvae.decision, less=True))
    assert ranked([less, lucky]) == [lucky, less]
    assert levels(found, 100, [less], True)[-1].decided is False


def test_an_unequal_comparison_decides_nothing():
    config = StudyConfig(protocol="paper", generators=["cvae", "cgan"], seeds=3)
    values = {a.name: {s: 0.5 + s / 10 + 0.1 * ("cvae" in a.name) for s in range(3)} for a in config.arms}
    found = told(made(config, table(values, n=500)))
    assert found.short.startswith("**Not decided**: no equal comparison") and "have seen" in found.short
    assert found.levels[-1].word == "not an equal comparison" and not found.levels[-1].decided


def test_one_seed_and_half_a_study_are_said():
    found = told(read(seeds=1, cvae=0.1), whole=False)
    assert found.short.startswith("**Not decided**") and "tasks are done" in found.short
    assert not any(level.decided for level in found.levels) and "one seed: no interval" in found.levels[0].about


def test_nothing_measured_has_no_numbers():
    found = answer(NOBODY)
    assert "Nothing has been measured" in found.short and not found.levels
