"""Which study and benchmark speak for the claims, and what is said where none does."""

import re
from pathlib import Path

import pytest

from ocrgen.claims.answer import answer
from ocrgen.claims.claim import RULES, WORDS
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.selection import select_runs
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.study.headline import nearest
from ocrgen.utils.places import HOME
from ocrgen.utils.verdict import HOLDS, UNMEASURED
from tests.helpers.tables import keep


def test_the_newest_complete_study_speaks_mnist_first(store):
    kept = [
        keep(store),
        keep(store),
        keep(store, dataset="digits"),
        keep(store, state="cancelled"),
        keep(store, seeds=1),
    ]
    kept[1].amend(created="2999-01-01T00:00:00+00:00")
    assert select_runs(store).fair.run.name == kept[1].name
    for run in kept[:2]:
        store.delete(run)
    assert select_runs(store).fair.run.name == kept[2].name
    store.delete(kept[2])
    three = judge_claims(select_runs(store))[2]
    assert three.run in (kept[3].name, kept[4].name) and "Not complete" in three.note


def test_a_damaged_study_is_named_and_the_next_one_speaks(store):
    good, bad, torn, odd = (keep(store) for _ in range(4))
    (bad.path / "table.parquet").write_bytes(b"PAR1")
    (torn.path / "run.json").write_text("{ half")
    odd.amend(settings=odd.request.settings | {"generators": ["nobody"]})
    found = select_runs(store)
    assert found.fair.run.name == good.name
    assert len(found.faults) == 3
    assert all(any(run.name in fault for fault in found.faults) for run in (bad, torn, odd))
    assert judge_claims(found)[2].verdict == HOLDS


def test_the_answer_in_words(store):
    keep(store)
    told = answer(select_runs(store)).markdown
    assert told.startswith("**Yes**") and "+10.00 points [+10.00, +10.00]" in told and "3 seeds" in told
    assert "the same 500 labelled images" in told
    empty = RunStore(store.root / "none", None)
    assert "Nothing has been measured" in answer(select_runs(empty)).markdown


def test_nobody_has_measured_anything(store):
    found = judge_claims(select_runs(store))
    assert [c.number for c in found] == [1, 2, 3, 4, 5]
    assert {c.verdict for c in found} == {UNMEASURED} and all("python -m ocrgen" in c.note for c in found)
    assert {c.words for c in found} == set(WORDS.values()) and len({c.rule for c in found}) == len(RULES)
    assert "digitnet" in found[1].rule and "blurred image" in found[3].rule


def test_the_papers_size_is_judged_or_the_nearest():
    assert [nearest(s) for s in ([100, 500, 5000], [200], [400, 600], [100, 1000])] == [500, 200, 400, 100]


@pytest.mark.slow
def test_what_we_ship_judges_the_claims():
    found = judge_claims(select_runs(RunStore(Path("none"), Path(SHIPPED))))
    assert [c.number for c in found] == [1, 2, 3, 4, 5]
    measured = [c for c in found if c.verdict != UNMEASURED]
    assert {2, 3} <= {c.number for c in measured}
    for c in measured:
        assert c.run and c.n >= 3 and c.figures and c.parts and (c.n_labelled or c.number == 1)
        assert all(re.fullmatch(r"[+−]?[\d.]+ \[[+−]?[\d.]+, [+−]?[\d.]+]", f.words) for f in c.figures)


@pytest.mark.slow
def test_the_readme_says_what_the_overview_says():
    shipped = answer(select_runs(RunStore(Path("none"), Path(SHIPPED)))).markdown
    quoted = [line[2:] for line in (HOME / "README.md").read_text().splitlines() if line.startswith("> ")]
    assert " ".join(quoted) == shipped
