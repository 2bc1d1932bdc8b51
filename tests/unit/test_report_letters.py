"""What is told of letters: the report of a study, its claims, and model cards name them as what they are."""

import json
import re

import pytest

from ocrgen.claims.answer import answer, study_alone
from ocrgen.claims.evidence import judge_claims
from ocrgen.datasets.alphabet import shown
from ocrgen.report.page import report
from ocrgen.study import read_results
from ocrgen.study.headline import headline
from ocrgen.zoo.cards import card
from tests.helpers.arabic import LETTERS, N, study_of
from tests.helpers.html import Page

ABOUT_THE_NETWORK = "digitnet, trained on digits"


@pytest.fixture(scope="module")
def run(arabic_store):
    return study_of(arabic_store)


@pytest.fixture(scope="module")
def results(run):
    return read_results(run)


@pytest.fixture(scope="module")
def page(run, results):
    return Page(report(run, results))


def test_the_report_tells_of_letters_and_of_no_digits(page):
    told, _, made = page.words.partition("Every figure of the study")
    assert not re.findall(r".{0,40}\bdigits?\b.{0,40}", told.replace(ABOUT_THE_NETWORK, ""))
    assert "14 letters" in told and "of unseen letters" in told and "data of your own" in made
    assert f"n = {N} images, 4 per letter" in told and f"{N} labelled images of arabic (4 per letter)" in told
    assert f"F1 of {shown('ث')}" in made
    assert all(shown(text) in made.partition("Classes14 letters:")[2] for text in LETTERS)


def test_its_charts_have_the_texts_and_are_laid_out_for_small_screens_too(page):
    (specs,) = [json.loads(t) for tag, a, t in page.hidden if a.get("id") == "specs"]
    matrices = [s for s in specs.values() if s["data"][0]["type"] == "heatmap"]
    assert len(matrices) == 3
    for spec in matrices:
        assert spec["layout"]["xaxis"]["categoryarray"] == list(map(shown, LETTERS)) and "narrow" not in spec
    assert any("narrow" in spec for spec in specs.values())  # charts of training mixes have names to put above
    alts = [a["aria-label"] for a in page.all("div") if a.get("class") == "chart"]
    assert any(re.search(r"most often .+ as .+ \(\d+\);", alt) for alt in alts)


def test_claims_of_a_study_of_letters(run, results):
    alone = study_alone(run, results)
    assert "filtered CVAE letters" in answer(alone).text
    assert {c.title for c in headline(results)} >= {"CVAE letters in place of real ones"}
    claims = judge_claims(alone)
    # What is not measured yet would be measured on the same data.
    assert f"--dataset {results.config.dataset} --protocol paper" in claims[1].note


def test_model_cards_name_the_classes(arabic_store):
    for run, what in ((arabic_store.list("reader")[0], "14 probabilities"), (arabic_store.list("train")[0], "letters")):
        text = card(run, "")
        assert what in text and f"14 letters: {shown(LETTERS[0])}, " in text and "one letter an image" in text
        facts = text.partition("\n")[2].partition("- **made by**")[0]  # not the run's name, nor its command
        assert "digit" not in facts and "digit" not in text.rpartition("Use: ")[2]
