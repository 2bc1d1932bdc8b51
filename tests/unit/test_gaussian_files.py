"""Statistics as files: whole, rounded, damaged and hostile ones."""

import json
import os
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocrgen.__main__ import main
from ocrgen.datasets import load_data
from ocrgen.metrics.compare import distance
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats, MetricError
from ocrgen.runs.store import SHIPPED
from ocrgen.utils.errors import UserError
from tests.helpers.gaussians import assert_same, of, relu_like


@cache
def saved() -> GaussianStats:
    return of(relu_like(100, 16, 1), "digitnet-2/ab12", "f00d")


@pytest.mark.parametrize("n", [100, 10])
def test_files(n, tmp_path):
    stats, other = of(relu_like(n, 16, 1), "digitnet-2/ab12", "é"), of(relu_like(90, 16, 2))
    stats.save(tmp_path / "a.stats")
    stats.save(tmp_path / "b.npz", 1e-6)
    exact, close = GaussianStats.load(tmp_path / "a.stats"), GaussianStats.load(tmp_path / "b.npz")
    for loaded in (exact, close):
        assert (loaded.n, loaded.extractor, loaded.fingerprint) == (n, "digitnet-2/ab12", "é")
        assert loaded.mean.dtype == loaded.covariance.dtype == np.float64
        assert (loaded.mean == stats.mean).all() and (loaded.covariance == loaded.covariance.T).all()
    assert_same(exact, stats, 0.0)
    assert_same(close, stats, 1e-3 if n > 16 else 0.0)  # few images are kept exactly
    assert frechet_distance(exact, other) == frechet_distance(stats, other)
    assert frechet_distance(close, other) == pytest.approx(frechet_distance(stats, other), rel=1e-3)


@pytest.mark.parametrize("loss", [4e-6, 1e-4])
def test_rounded_statistics_are_small_near_and_positive(loss, tmp_path):
    x = relu_like(20_000, 128, 1)
    x[:, 5] = 0.1  # a dead dimension stays dead
    stats, others = of(x), [of(relu_like(n, 128, 1)[-n // 2 :]) for n in (1000, 20_000)] + [of(relu_like(500, 128, 2))]
    stats.save(tmp_path / "exact")
    stats.save(tmp_path / "small", loss)
    assert (tmp_path / "small").stat().st_size < 0.25 * (tmp_path / "exact").stat().st_size
    small, bound = GaussianStats.load(tmp_path / "small"), loss * stats.covariance.trace()
    assert 0 < frechet_distance(small, stats) < 1.2 * bound
    assert np.linalg.eigvalsh(small.covariance).min() > -1e-15 and not small.covariance[5].any()
    np.testing.assert_allclose(small.root @ small.root.T, small.covariance, rtol=0, atol=1e-15)
    for other in others:
        assert abs(frechet_distance(other, small) - frechet_distance(other, stats)) < 2 * bound


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("pickle-was-run",)


def parts() -> dict:
    packed = saved().covariance[np.triu_indices(16)]
    texts = {"format": "ocrgen-gaussian-1", "extractor": "", "fingerprint": ""}
    return {"n": 100, "mean": saved().mean, "covariance": packed, **texts}


def test_files_as_the_hostile_ones_but_whole_are_read(tmp_path):
    np.savez(tmp_path / "whole.npz", **parts())
    assert_same(GaussianStats.load(tmp_path / "whole.npz"), saved(), 0.0)


HOSTILE = {
    "pickled mean": {"mean": np.array([Bomb()] * 16, object)},
    "pickled format": {"format": np.array(Bomb(), object)},
    "another format": {"format": "theirs"},
    "no images": {"n": 0},
    "short covariance": {"covariance": np.ones(135)},
    "covariance that would stretch": {"covariance": np.ones(1)},
    "a million dimensions": {"mean": np.zeros(10**6)},
    "flat mean": {"mean": np.array(1.0)},
    "square mean": {"mean": np.zeros((16, 2))},
    "NaN mean": {"mean": np.full(16, np.nan)},
    "infinite covariance": {"covariance": np.full(136, np.inf)},
    "text": {"covariance": np.array(["x"] * 136)},
    "short root": {"root": np.zeros((4, 135), np.uint8), "step": 1.0},
    "root of floats": {"root": np.zeros((4, 136)), "step": 1.0},
    "flat root": {"root": np.zeros(544, np.uint8), "step": 1.0},
    "root without a step": {"root": np.zeros((4, 136), np.uint8)},
    "infinite step": {"root": np.ones((4, 136), np.uint8), "step": np.inf},
    "factor of others": {"n": 10, "factor": np.ones((9, 16))},
    "NaN factor": {"n": 10, "factor": np.full((10, 16), np.nan)},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", **(parts() | HOSTILE[case]))
    with pytest.raises(MetricError, match=r"mine\.npz: "):
        GaussianStats.load(Path("mine.npz"))
    assert not Path("pickle-was-run").exists()


def test_missing_foreign_and_cut_files_are_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(3))
    np.savez(tmp_path / "pytorch-fid.npz", mu=np.ones(3), sigma=np.eye(3))
    (tmp_path / "text.npz").write_text("statistics")
    (tmp_path / "empty.npz").touch()
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("format.npy", "ocrgen")
    for name in ("array.npy", "pytorch-fid.npz", "text.npz", "empty.npz", "zip.npz", "missing.npz", "."):
        with pytest.raises(MetricError, match=r"cannot be read as statistics") as error:
            GaussianStats.load(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_refused_or_whole(data, tmp_path):
    saved().save(tmp_path / "whole.npz")
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "mine.npz").write_bytes(content)
    try:
        loaded = GaussianStats.load(tmp_path / "mine.npz")
    except MetricError as error:
        assert "mine.npz" in str(error)
    else:  # the change lay in what zip does not need, as a date
        assert_same(loaded, saved(), 0.0)


# --- pytorch-fid's files, as a side of a distance ------------------------------------------------------------------


def fid_file(path: Path, d: int, seed: int = 0, **arrays) -> Path:
    """Statistics as pytorch-fid saves them, of 3 d normal features; `arrays` replace them."""
    x = np.random.default_rng(seed).normal(0, 1 + seed, (3 * d, d)).astype(np.float32)
    np.savez(path, **({"mu": x.mean(0), "sigma": np.cov(x, rowvar=False)} | arrays))
    return path


def test_the_distance_of_two_files_needs_no_network(tmp_path, capsys):
    files = [str(fid_file(tmp_path / f"{seed}.npz", 64, seed)) for seed in (0, 1)]
    assert main(["distance", *files, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    x = [np.random.default_rng(seed).normal(0, 1 + seed, (192, 64)).astype(np.float32) for seed in (0, 1)]
    assert row["lfid_64"] == pytest.approx(frechet_distance(*map(of, x)), rel=1e-6)
    assert row["n_a"] is None and row["extractor"] == "inception" and "fid_2048" not in row
    assert len(row["notes"]) == 2 and "does not say of how many" in row["notes"][0]


def test_statistics_of_ours_are_a_side_and_few_images_have_their_floor(tmp_path, capsys):
    assert main(["distance", str(SHIPPED / "reference-mnist" / "tap-64.npz"), "digits", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["n_a"] > 50_000 and row["n_b"] == 1317 and row["floor_n"] == 658 and "lfid_192" not in row
    assert 0 < 5 * row["floor_64"] < row["lfid_64"]
    assert f"658 images of digits and the 659 others of that same set are {row['floor_64']:.4g}" in row["notes"][0]


@pytest.mark.slow
def test_a_distance_of_few_images_names_n_and_is_no_more_than_its_floor(tmp_path, monkeypatch):
    monkeypatch.setattr("ocrgen.metrics.compare.TAPS", (64, 192))
    digits = load_data("digits").train
    floors = []
    for n in (30, 300):
        few = digits.subset(n, 0)
        np.savez(tmp_path / "few.npz", images=few.images, labels=few.labels)
        row = distance(str(tmp_path / "few.npz"), "digits")
        assert row["floor_n"] == n and row["floor_of"] == "digits" and f"n = {n} is few" in row["notes"][0]
        assert row["lfid_64"] < 1.5 * row["floor_64"]
        floors.append(row["floor_64"])
    assert floors[0] > 5 * floors[1], "fewer images, larger distances"


@pytest.mark.parametrize(
    ("d", "arrays", "told"),
    [
        (512, {}, "512 dimensions; those of pytorch-fid's features that are compared have 2048"),
        (64, {"sigma": np.eye(63)}, "expected .d,. and .d, d."),
        (64, {"sigma": -np.eye(64)}, "no covariance"),
        (64, {"sigma": np.triu(np.ones((64, 64)))}, "no covariance"),
        (64, {"sigma": np.full((64, 64), np.nan)}, "not finite"),
        (64, {"mu": np.zeros((64, 1))}, "expected .d,."),
        (64, {"sigma": np.zeros((900, 900))}, "too large"),
        (64, {"mu": np.array([Bomb()] * 64, object)}, "cannot be read"),
        (64, {}, "of inception, not of digitnet"),
    ],
)
def test_files_of_other_features_and_damaged_ones_say_what_is_wrong(d, arrays, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = fid_file(tmp_path / "stats.npz", d, **arrays)
    with pytest.raises(UserError, match=told):
        distance("digits", str(file), "digitnet")
    assert not Path("pickle-was-run").exists()


# --- faults ------------------------------------------------------------------------------------------------------
