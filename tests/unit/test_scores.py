"""Scores: what they say of real, collapsed, copied and noisy digits; the monitor; the verbs."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from ocrgen.__main__ import main
from ocrgen.datasets import load_data
from ocrgen.generators.scoring import read_scores
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.extractors.base import TAPS
from ocrgen.metrics.extractors.digitnet import VERSION
from ocrgen.metrics.reference import find_reference, load_reference, save_reference
from ocrgen.metrics.scores import Reference, metric_name, score, trust
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from tests.helpers.alphabets import alphabet

pytestmark = pytest.mark.slow

DISTANCES = ["lfid_64", "lfid_192", "lfid_768", "fid_2048"]


@pytest.fixture(scope="module")
def extractor():
    return load_extractor()


@pytest.fixture(scope="module")
def reference(extractor):
    return Reference.of(load_data("digits"), extractor)


@pytest.fixture(scope="module")
def held_out():
    return load_data("digits").test


def test_digitnet_has_four_taps_and_stops_at_the_one_that_is_asked_for(extractor, held_out):
    images = held_out.images[:20]
    whole = extractor.features(images)
    assert {d: f.shape for d, f in whole.items()} == {d: (20, d) for d in TAPS}
    run = []
    hooks = [b.register_forward_hook(lambda *_, i=i: run.append(i)) for i, b in enumerate(extractor.net.blocks)]
    for depth, tap in enumerate(TAPS):
        run.clear()
        alone = extractor.features(images, (tap,))
        assert list(alone) == [tap] and np.allclose(alone[tap], whole[tap], atol=1e-5)
        assert run == list(range(depth + 1)), "one tap alone computes no further than it must"
    for hook in hooks:
        hook.remove()
    with pytest.raises(UserError, match="no features of"):
        extractor.features(images, (65,))


def test_digitnet_reads_both_scripts_and_says_what_it_is(extractor):
    assert extractor.name == VERSION and len(extractor.hash) == 16
    with torch.inference_mode():
        digits = load_data("digits").test
        logits = extractor.net(torch.from_numpy(digits.images).unsqueeze(1).float() / 255)
    # It never saw these: another pen, another century, enlarged from 8x8.
    assert (logits[:, :10].argmax(1).numpy() == digits.labels).mean() > 0.85


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_damaged_digitnet_weights_are_named(tmp_path, content):
    (tmp_path / "net.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"net\.safetensors"):
        load_extractor("digitnet", str(tmp_path / "net.safetensors"))
    with pytest.raises(UserError, match="no extractor 'vgg'"):
        load_extractor("vgg")


def test_held_out_real_digits_score_at_the_floor(reference, extractor, held_out):
    row = score(held_out, reference, extractor)
    assert set(DISTANCES) <= set(row) and row["n"] == len(held_out)
    for tap in TAPS:
        assert 0 < row[metric_name(tap)] < 4 * row[f"floor_{tap}"]
    assert row["floor_n"] == len(held_out) and not row["collapsed"]
    assert row["coverage"] > 0.6 and 0.7 < row["spread"] / row["real_spread"] < 1.3
    assert len(row["per_class"]["lfid_64"]) == 10 and min(row["per_class"]["lfid_64"]) > 0
    json.dumps(row)


@pytest.mark.parametrize("k", [2, 10, 26])
def test_a_set_of_any_classes_is_scored_class_by_class(extractor, k):
    data = alphabet(k)
    row = score(data.test, Reference.of(data, extractor), extractor)
    per_class = row["per_class"]["lfid_192"]
    enough = data.test.counts >= row["min_per_class"]
    assert len(per_class) == k and [value is not None for value in per_class] == enough.tolist()
    assert row["per_class_left_out"] == (~enough).sum() == (0 if k < 26 else 26)
    assert not row["collapsed"]
    json.dumps(row)


def test_classes_with_few_images_have_no_score_of_their_own(extractor):
    data = alphabet(26)
    few = (data.train.labels < 3) & (np.arange(len(data.train)) >= 10 * 26)  # ten are left of a, b and c
    reference = Reference.of(data._replace(train=data.train[~few]), extractor)
    generated = alphabet(26, 41).train
    generated = generated[(generated.labels != 25) | (np.arange(len(generated)) < 19 * 26)]
    row = score(generated, reference, extractor)
    lacking = [c for c, value in enumerate(row["per_class"]["lfid_64"]) if value is None]
    assert lacking == [0, 1, 2, 25] and row["per_class_left_out"] == 4 and row["min_per_class"] == 20


@pytest.mark.parametrize("kind", ["noise", "means", "inverted", "transposed"])
def test_what_is_not_real_scores_worse(reference, extractor, held_out, kind):
    images = {
        "noise": np.random.default_rng(0).integers(0, 256, held_out.images.shape, dtype=np.uint8),
        "means": np.stack([held_out.images[held_out.labels == c].mean(0).astype(np.uint8) for c in held_out.labels]),
        "inverted": 255 - held_out.images,
        "transposed": held_out.images.swapaxes(1, 2).copy(),
    }[kind]
    rng = np.random.default_rng(1)
    if kind == "means":  # a breath of noise: not all features may be constant
        images = np.clip(images + rng.integers(0, 3, images.shape), 0, 255).astype(np.uint8)
    row = score(replace(held_out, images=images, name=kind), reference, extractor)
    assert all(row[metric_name(tap)] > 2 * row[f"floor_{tap}"] for tap in TAPS)
    assert row["collapsed"] == (kind == "means")


def test_copies_are_called_copies(reference, extractor):
    train = load_data("digits").train
    row = score(train[np.arange(400)], reference, extractor)
    assert row["memorised"]["share"] > 0.95


def test_a_shipped_reference_scores_as_the_data_do(reference, extractor, held_out, tmp_path):
    save_reference(reference, tmp_path)
    kept = load_reference(tmp_path)
    row, again = score(held_out, reference, extractor), score(held_out, kept, extractor)
    for name in DISTANCES:
        assert again[name] == pytest.approx(row[name], rel=1e-3)
    assert again["spread"] == row["spread"] and "memorised" not in again
    about = json.loads((tmp_path / "reference.json").read_bytes())
    train = load_data("digits").train
    assert about["extractor"] == f"{extractor.name}/{extractor.hash}" and about["fingerprints"][0] == train.fingerprint
    (tmp_path / "tap-64.npz").write_bytes(b"half a fi")
    with pytest.raises(UserError):
        load_reference(tmp_path)


def test_what_is_shipped_of_the_same_images_is_used(reference, extractor, held_out, monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(tmp_path))
    folder = tmp_path / "reference-digits"
    folder.mkdir()
    save_reference(reference, folder)
    with monkeypatch.context() as patch:
        patch.setattr(Reference, "of", None)
        shipped = find_reference("digits", extractor)
    row, again = score(held_out, reference, extractor), score(held_out, shipped, extractor)
    assert again["memorised"] == row["memorised"] and again["floor_n"] == row["floor_n"]
    assert all(again[name] == pytest.approx(row[name], rel=1e-3) for name in DISTANCES)
    about = json.loads((folder / "reference.json").read_bytes())
    for other in ({"extractor": "digitnet-2/ab12"}, {"fingerprints": ["f00d", "f00d"]}):
        (folder / "reference.json").write_text(json.dumps(about | other))
        monkeypatch.setattr(Reference, "of", lambda *_: "computed")
        assert find_reference("digits", extractor) == "computed"


def test_nothing_to_score_against_says_so(extractor, monkeypatch, tmp_path):
    monkeypatch.setattr("ocrgen.runs.store.SHIPPED", tmp_path)
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    with pytest.raises(UserError, match="nothing can be scored"):
        find_reference("mnist", extractor)


@pytest.mark.parametrize("name", ["mnist", "arabic", "arabic-letters"])
def test_references_are_shipped_for_where_the_data_are_not(extractor, monkeypatch, tmp_path, name):
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    shipped = find_reference(name, extractor)
    assert shipped.n > (12_000 if name == "arabic-letters" else 50_000) and set(shipped.stats) == set(TAPS)
    assert shipped.stats[64].extractor == f"{extractor.name}/{extractor.hash}"
    assert 10_000 in shipped.floors and not trust(shipped)["distrusted"]
    assert (shipped.order is None) == (name != "arabic-letters")


def test_score_verb_scores_and_keeps(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(shutil.copytree(trained.root, tmp_path / "copy")))
    run = RunStore(tmp_path / "copy", shipped=None).list()[0]
    assert main(["score", run.name, "--epoch", "all", "--n", "400", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["epoch"] for r in rows] == run.epochs()
    assert all(set(DISTANCES) <= set(r) and r["n"] == 400 for r in rows)
    assert rows[-1]["cost"]["lfid_64"]["features"] > 0
    assert [r["epoch"] for r in read_scores(run)] == run.epochs()

    assert main(["score", run.name, "--epoch", "2", "--n", "400", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one == rows[1], "what has been scored is not scored again"
    assert main(["score", run.name, "--epoch", "2", "--n", "400"]) == 0
    assert "Real against real" in capsys.readouterr().out
    assert main(["score", run.name, "--epoch", "99"]) == 2
    assert main(["score", run.name, "--n", "3"]) == 2
    assert main(["score", run.name, "--extractor", "inception", "--weights", "/no/such/file"]) == 2


def test_scores_of_earlier_versions_are_read(tmp_path):
    run = Run(shutil.copytree("tests/fixtures/version-0.1/cvae", tmp_path / "cvae"))
    rows = read_scores(run)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(len(row["per_class"]["lfid_64"]) == 10 and "per_digit" not in row for row in rows)


def test_distance_verb_between_any_two_sets(use_trained, tmp_path, capsys):
    run = use_trained.list()[0].name
    assert main(["sample", run, "--per-class", "30", "--out", str(tmp_path / "a.npz")]) == 0
    assert main(["sample", run, "--per-class", "30", "--out", str(tmp_path / "a.zip")]) == 0
    capsys.readouterr()
    assert main(["distance", str(tmp_path / "a.npz"), "digits", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["n_a"] == 300 and row["n_b"] == 1317 and all(row[name] > 0 for name in DISTANCES)
    assert main(["distance", str(tmp_path / "a.npz"), str(tmp_path / "a.zip"), "--json"]) == 0
    same = json.loads(capsys.readouterr().out)
    assert all(same[name] < 1e-6 * row[name] for name in DISTANCES)
    assert same["coverage"] == 1 and same["spread_a"] == same["spread_b"] and 0 <= row["coverage"] < 1
    assert main(["distance", "digits", "/no/such/place"]) == 2
    assert "no data set" in capsys.readouterr().err
