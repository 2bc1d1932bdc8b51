"""Claim 4: maps that are no better than a random network's or than the blurred image itself do not pass."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.selection import SelectedRuns, Study
from ocrgen.readers import saliency
from ocrgen.readers.network import Classifier, Reader
from ocrgen.readers.saliency import blurred_input, explain, faithfulness, on_ink, randomised_copy
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.results import COLUMNS
from ocrgen.study.saliency_verdicts import CHECKS, HALF_WAY, SANE, saliency_verdicts
from ocrgen.study.verdicts import EXPLORATORY
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, UNMEASURED
from tests.helpers.tables import made

SEEDS = 5
ARMS = ("real", "real+aug", "real+aug+cvae-filtered")
# What the earlier rules looked at: all of it speaks for the maps, in every table here.
EARLIER = {"deletion_gain": 0.30, "sanity": 0.25, "on_ink": 0.29}
GOOD = EARLIER | {"gain_over_untrained": 0.17, "gain_over_blurred": 0.05, "ink_scale": 0.7}


def measured(n=500, arms=ARMS, **changes):
    """A table of saliency; changes: of GOOD, for all arms."""
    rows = [
        ["saliency", arm, n, seed, 0, n, 0, metric, value + (seed - SEEDS // 2) / 1000]
        for arm in arms
        for seed in range(SEEDS)
        for metric, value in (GOOD | changes).items()
        if value is not None
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def judged(table):
    study = Study(Run(Path("spoken")), made(StudyConfig(n=[500], generators=["cvae"]), table), True)
    return judge_claims(SelectedRuns(study, None, None, (), ()))[3]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, HOLDS),
        ({"gain_over_blurred": -0.08}, FAILS),  # the shipped readers: better than chance, worse than the blurred image
        ({"gain_over_untrained": -0.01}, FAILS),
        ({"ink_scale": 0.2}, FAILS),
        ({"sanity": 0.6}, FAILS),
        ({"gain_over_blurred": 0.0}, OPEN),
        ({"ink_scale": HALF_WAY}, OPEN),
        ({"sanity": SANE}, OPEN),
    ],
)
def test_better_than_chance_is_not_enough(changes, verdict):
    four = judged(measured(**changes))
    assert four.verdict == verdict
    assert len([p for p in four.parts if p.verdict != EXPLORATORY]) == len(CHECKS) * len(ARMS)


def test_one_reader_that_fails_refutes_and_only_the_headlines_size_is_judged():
    bad = measured(arms=["real+aug+cvae-filtered"], gain_over_blurred=-0.1)
    assert judged(pd.concat([measured(arms=ARMS[:2]), bad])).verdict == FAILS
    small = measured(n=100, gain_over_blurred=-0.1)
    four = judged(pd.concat([small, measured()]))
    assert four.verdict == HOLDS and {p.n_real for p in four.parts} == {100, 500}


def test_tables_of_earlier_rules_are_not_measured():
    old = measured(gain_over_untrained=None, gain_over_blurred=None, ink_scale=None)
    assert saliency_verdicts(old) == []
    four = judged(old)
    assert (
        four.verdict == UNMEASURED
        and "ocrgen study" in four.note
        and four.run == "spoken"
        and "earlier rules" in four.aside
    )


def test_a_failure_must_stand_for_the_number_of_checks():
    rows = measured(gain_over_blurred=-0.0013)
    parts = saliency_verdicts(rows)
    assert FAILS not in {p.verdict for p in parts if p.metric != "gain_over_blurred"}
    below = rows.assign(value=rows.value - 0.0009 * (rows.metric == "gain_over_blurred"))
    assert FAILS in {p.verdict for p in saliency_verdicts(below)}
    assert judged(below).verdict == OPEN


def test_the_comparison_with_the_reader_of_real_images_is_exploratory():
    parts = [p for p in saliency_verdicts(measured()) if p.against == "real"]
    assert [p.arm for p in parts] == list(ARMS[1:]) and {p.verdict for p in parts} == {EXPLORATORY}
    assert all(p.figure == pytest.approx(0) for p in parts)


class Blind(Classifier):
    """A reader whose only layer repeats the image in cells of four pixels, so that its map is the blurred image."""

    def __init__(self, config=None, classes=tuple("0123456789")):
        super().__init__()
        self.config, self.classes = config, classes
        self.pool = nn.AvgPool2d(4)
        self.scale = nn.Parameter(torch.ones(()))

    @property
    def cam_layers(self):
        return {"only": self.pool}

    def forward(self, images):
        ink = self.pool(self.scale * images).sum((1, 2, 3))
        return torch.stack([ink, *[torch.zeros_like(ink)] * 9], 1)


def strokes(n=6):
    images = np.zeros((n, 28, 28), np.uint8)
    for i in range(n):
        images[i, 4 + i : 8 + i, 4:24] = 255
        images[i, 4:24, 12 + i : 15 + i] = 200
    return images


def test_a_map_that_is_the_blurred_image_gains_nothing_over_it():
    reader, images = Blind(), strokes()
    heat = np.stack([m.heat for m in explain(reader, images)])
    assert np.abs(heat - blurred_input(reader, images)).max() < 1e-5
    found = faithfulness(reader, images)
    assert found["deletion_gain"] > 0.05, "by the earlier rules it is better than chance"
    assert found["gain_over_blurred"] == pytest.approx(0, abs=1e-6)


def test_untrained_networks_are_never_what_the_reader_began_as(monkeypatch):
    torch.manual_seed(3)
    reader = Reader(Reader.presets["fast"]).eval()
    begun = randomised_copy(reader, 3)
    assert torch.equal(begun.last[1].weight, reader.last[1].weight), "the reader's own seed gives its own weights"
    drawn = []
    real = saliency.randomised_copy

    def spied(of, seed=0):
        drawn.append((seed, real(of, seed)))
        return drawn[-1][1]

    monkeypatch.setattr(saliency, "randomised_copy", spied)
    found = faithfulness(reader, strokes(), seed=3)
    assert len({seed for seed, _ in drawn}) == 3
    assert not any(torch.equal(net.last[1].weight, reader.last[1].weight) for _, net in drawn)
    assert found["sanity"] < 0.999, "with its own beginning an untrained reader agrees wholly"
    faithfulness(reader, strokes(2), seed=4)
    seeds = [seed for seed, _ in drawn]
    assert len(set(seeds)) == 6 and set(seeds).isdisjoint(range(1000)), "each seed of a study has its own"


def test_share_on_ink_is_put_on_a_scale_from_untrained_networks_to_the_blurred_image():
    torch.manual_seed(0)
    reader, images = Reader(Reader.presets["fast"]).eval(), strokes()
    found = faithfulness(reader, images, seed=0)
    assert found["on_ink_blurred"] == pytest.approx(on_ink(blurred_input(reader, images), images).mean())
    span = found["on_ink_blurred"] - found["on_ink_untrained"]
    assert span > 0
    assert found["ink_scale"] * span + found["on_ink_untrained"] == pytest.approx(found["on_ink"])
    for than in ("untrained", "blurred"):
        both = found["deletion_gain"] - found[f"deletion_gain_{than}"]
        assert found[f"gain_over_{than}"] == pytest.approx(both)
