"""What is shipped can be made again: recipes are whole, a run is packed small, what stands is not made twice."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors import safe_open

from ocrgen.claims.answer import answer
from ocrgen.claims.selection import select_runs
from ocrgen.generators import generators
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw
from ocrgen.generators.scoring import ScoreConfig, score_epochs
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.extractors.digitnet import VERSION
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.study import read_results
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.zoo import build as shipping
from ocrgen.zoo import halving
from ocrgen.zoo.build import UNFINISHED, keep_unfinished, make, pack
from ocrgen.zoo.cards import card
from ocrgen.zoo.recipes import REFERENCES, Recipe, recipes


def test_recipes_name_what_they_need_before_they_need_it():
    seen = set()
    for recipe in recipes():
        assert set(recipe.needs) <= seen, recipe.name
        assert recipe.name not in seen
        seen.add(recipe.name)
    trained = {r.name for r in recipes() if r.verb == "train"}
    named = {f"{name}-{script}" for name in ("cvae", "cvae-paper", "cgan", "rendered") for script in REFERENCES}
    assert trained == named - {"cvae-paper-arabic-letters"}


def test_another_generator_in_the_folder_is_not_shipped(monkeypatch):
    names = [r.name for r in recipes()]
    monkeypatch.setitem(generators(), "third", generators()["cvae"])
    assert [r.name for r in recipes()] == names


def test_what_is_shipped_is_what_the_recipes_make():
    plan = {r.name: r for r in recipes()}
    for folder in (f for f in SHIPPED.glob("[!.]*") if f.is_dir()):
        run, recipe = Run(folder, shipped=True), plan[folder.name]
        assert recipe.verb == run.request.verb, folder.name
        if (SHIPPED / UNFINISHED / folder.name).exists():  # shown as far as it has come, and gone on with
            assert run.state == "cancelled" and shipping._unchanged(shipping._settings(run), recipe.settings)
            continue
        assert run.state == "done", folder.name
        assert shipping._is_made(SHIPPED, recipe), folder.name
        assert not {"pid", "host"} & run.status.model_fields_set
        if run.request.model == "rendered":  # at half precision it would draw other shapes of other sizes
            with safe_open(run.weights(), "pt") as kept:
                assert {str(kept.get_tensor(name).dtype) for name in halving.EXACT} == {"torch.float32"}


@pytest.mark.slow
def test_every_card_says_what_the_overview_says():
    store = RunStore(Path("none"), Path(SHIPPED))
    found = answer(select_runs(store)).markdown
    networks = [run for run in store.list() if run.request.verb in ("train", "reader")]
    assert len(networks) == len([r for r in recipes() if r.verb in ("train", "reader")])
    for run in networks:
        text = (run.path / "README.md").read_text()
        assert text == card(run, found) and text.rstrip().endswith(found), run.name
        typed = run.request.settings.get("characters")
        assert ("no labelled image" in text) == bool(typed or run.request.model == "rendered"), run.name


@pytest.mark.slow
def test_a_packed_generator_draws_and_keeps_its_scores(trained, tmp_path):
    run = trained.list()[0]
    # Another test may have scored it.
    copied = shutil.copytree(run.path, tmp_path / "runs" / run.name, ignore=shutil.ignore_patterns("scores"))
    run = Run(copied)
    score_epochs(run, ScoreConfig(run=run.name, n=100, epochs=[3]), lambda: False, lambda step, total: None)
    pack(run, tmp_path)
    packed = Run(tmp_path / run.name, shipped=True)
    assert packed.state == "done" and packed.epochs() == run.epochs()
    assert [f.name for f in (packed.path / "scores").rglob("*.json")] == ["epoch-003.json"]
    told = packed.request.half_precision
    size = [f.stat().st_size for r in (run, packed) for f in [r.weights(1)]]
    assert (size[1] < 0.6 * size[0]) is told.kept
    assert told.kept is (told.change <= halving.TOLERANCE)
    a, b = (draw(load_generator(r.weights(1)), 2, 0).images.astype(int) for r in (run, packed))
    assert abs(a - b).mean() < 2


def test_a_packed_study_shows_the_same(studied, tmp_path):
    run = studied.list("study")[0]
    pack(run, tmp_path)
    packed = Run(tmp_path / run.name, shipped=True)
    assert sorted(f.name for f in packed.path.iterdir()) == [
        "correct.npz", "misread.npz", "results.json", "run.json", "status.json", "table.parquet"
    ]  # fmt: skip
    assert read_results(packed).summary.equals(read_results(run).summary)


def test_whole_seeds_of_an_unfinished_study_are_gone_on_from(studied, tmp_path):
    run = studied.list("study")[0]
    half = Run(shutil.copytree(run.path, tmp_path / "runs" / run.name))
    gone = next((half.path / "cells").glob("reader-*-s1.json"))
    gone.unlink()
    assert keep_unfinished(half, tmp_path / "out") == 1
    left = Run(tmp_path / "out" / ".unfinished" / run.name)
    assert {c.name[-6] for c in (left.path / "cells").iterdir()} == {"0"}
    store = RunStore(tmp_path / "again", shipped=None)
    shipping._restore(store, Recipe(run.name, "study", run.request.settings | {"seeds": 3}), tmp_path / "out")
    assert not store.list()  # other settings: begun afresh
    shipping._restore(store, Recipe(run.name, "study", run.request.settings), tmp_path / "out")
    (taken,) = store.list()
    assert taken.state == "cancelled" and len(read_results(taken).table.seed.unique()) == 1
    assert [r.name for r in RunStore(tmp_path / "empty", shipped=tmp_path / "out").list()] == []  # out of sight


def test_elsewhere_the_metric_network_is_the_one_made_there(monkeypatch, tmp_path):
    monkeypatch.setattr("ocrgen.runs.store.SHIPPED", tmp_path / "nothing")
    with pytest.raises(UserError):
        load_extractor()
    shutil.copytree(SHIPPED / VERSION, tmp_path / "out" / VERSION)
    monkeypatch.setattr(shipping, "recipes", lambda: [])
    make(tmp_path / "out", [], 1, lambda step, total: None, print)
    assert load_extractor().hash


@pytest.mark.slow
def test_make_works_recipes_off_in_order_and_keeps_what_stands(monkeypatch, tmp_path):
    small = {"dataset": "digits", "steps": 20}
    told = []
    plan = [Recipe("one", "reader", small), Recipe("broken", "reader", small | {"generator": "nowhere"}, ("one",)),
            Recipe("after", "reader", small, ("broken",))]  # fmt: skip
    monkeypatch.setattr(shipping, "recipes", lambda: plan)
    with pytest.raises(UserError, match="broken .*no run 'nowhere'.*after .it needs broken"):
        make(tmp_path / "out", [], 1, lambda step, total: None, told.append)
    assert told == ["one is made"]
    verify(tmp_path / "out" / "one" / "weights" / "reader.safetensors")
    assert json.loads((tmp_path / "out" / "one" / "run.json").read_text())["verb"] == "reader"
    assert [r.name for r in RunStore(shipped=None).list()] == []  # the work is out of sight
    make(tmp_path / "out", ["one"], 1, lambda step, total: None, told.append)
    assert told == ["one is made"]
    # Made again, its sums are new; those of files that were not made again are as they were.
    (other := tmp_path / "out" / "other").mkdir()
    (other / "file").write_text("whole")
    shutil.rmtree(tmp_path / "out" / "one")
    make(tmp_path / "out", ["one"], 1, lambda step, total: None, told.append)
    (other / "file").write_text("hurt")
    monkeypatch.setattr(shipping, "recipes", lambda: [Recipe("one", "reader", small | {"seed": 1})])
    shutil.rmtree(RunStore(shipped=None).root / ".checkpoints")
    make(tmp_path / "out", ["one"], 1, lambda step, total: None, told.append)
    verify(tmp_path / "out" / "one" / "weights" / "reader.safetensors")
    with pytest.raises(UserError, match="damaged"):
        verify(other / "file")
    with pytest.raises(UserError, match="no recipe 'two'"):
        make(tmp_path / "out", ["two"], 1, lambda step, total: None, told.append)


def test_no_two_shipped_runs_of_a_kind_have_one_number():
    """A chart calls its lines by them: of two of one name only one would be drawn."""
    verbs = {run.request.verb for run in RunStore(SHIPPED, shipped=None).list()}
    for verb in verbs:
        numbers = [run.number for run in RunStore(SHIPPED, shipped=None).list(verb)]
        assert len(set(numbers)) == len(numbers), verb


def test_a_run_is_packed_under_a_number_of_its_own_and_keeps_it(store, tmp_path):
    out = tmp_path / "out"
    settings = {"what": "claim"}
    for name, given, packed in (("a", 3, 3), ("b", 3, 1), ("c", 9, 9), ("b", 7, 1)):
        run = store.create("benchmark", settings, name)
        place = run.path.rename(tmp_path / name)
        request = json.loads((place / "run.json").read_text()) | {"number": given}
        (place / "run.json").write_text(json.dumps(request))
        (place / "benchmark.json").write_text("{}")
        pack(Run(place), out)
        assert Run(out / name).number == packed
        shutil.rmtree(place)
