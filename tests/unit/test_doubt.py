"""What is no character says so; real ones are seldom doubted; readers of earlier versions read as ever."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ocrgen.__main__ import main
from ocrgen.datasets import DataError, load_data
from ocrgen.imaging.characters import read_picture
from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.doubting import FALSE_ALARMS, doubted, doubts, redraw
from ocrgen.readers.network import Reader
from ocrgen.readers.runs import FILE, add_doubt, geometry_of, load
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.utils.errors import UserError
from tests.helpers.photos import draw
from tests.helpers.photos.pages import bundled
from tests.helpers.readers import picture, train

pytestmark = pytest.mark.slow

READER = "reader-augmented-mnist"


@pytest.fixture(scope="module")
def shipped():
    reader, metadata = load(Run(SHIPPED / READER, shipped=True))
    return reader, geometry_of(metadata)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> RunStore:
    """A store with one reader of the bundled digits, as the verb `reader` leaves it."""
    store = RunStore(tmp_path_factory.mktemp("doubt"), shipped=None)
    train(store, label="bundled", steps=150)
    return store


@pytest.fixture(scope="module")
def earlier(fitted) -> Run:
    """The same reader, as an earlier version would have left it."""
    run = fitted.get("bundled")
    reader, metadata = load(run)
    run = Run(shutil.copytree(run.path, fitted.root / "earlier"))
    (run.path / "run.json").write_text(json.dumps(run.read_json("run.json") | {"label": "earlier"}))
    reader.doubt = None
    save_reader(reader, metadata, run.path / "weights" / FILE)
    return run


def test_a_new_reader_seldom_doubts_real_digits(fitted):
    reader, metadata = load(fitted.get("bundled"))
    data = load_data("digits")
    n = len(data.validation)
    assert sum(doubted(reader, data.validation.images)) <= FALSE_ALARMS * n
    assert sum(doubted(reader, redraw(data.validation.images, geometry_of(metadata)))) <= FALSE_ALARMS * n
    assert np.mean(doubted(reader, data.test.images)) < 0.04
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    assert np.mean(doubted(reader, noise)) > 0.9


def test_doubt_is_stored_with_the_weights(fitted, tmp_path):
    run = fitted.get("bundled")
    reader, metadata = load(run)
    images = load_data("digits").test.images[:40]
    save_reader(reader, metadata, file := tmp_path / "again.safetensors")
    again, about = load_reader(file)
    assert about == metadata and np.array_equal(doubts(again, images), doubts(reader, images))


def test_a_reader_without_doubt_reads_and_says_so_once(fitted, earlier, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(fitted.root))
    (tmp_path / "a.png").write_bytes(picture([3, 1]))
    paths = [str(tmp_path / "a.png")] * 2
    assert main(["read", *paths, "--reader", "earlier", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [c["doubt"] for row in rows for c in row["characters"]] == [None] * 4
    assert main(["read", *paths, "--reader", "earlier"]) == 0
    assert capsys.readouterr().err.count("cannot tell what is no digit") == 1


def test_doubt_is_added_to_a_reader_of_an_earlier_version(fitted, earlier):
    assert add_doubt(earlier) and not add_doubt(earlier)
    (reader, _), (again, _) = load(fitted.get("bundled")), load(earlier)
    # The new reader's was fitted before its weights were rounded for its file, but to what they would be.
    assert again.doubt.threshold == pytest.approx(reader.doubt.threshold, abs=1e-3)
    meta = earlier.read_json("run.json")
    meta["data"]["train"]["fingerprint"] = "other"
    (earlier.path / "run.json").write_text(json.dumps(meta))
    reader, metadata = load(earlier)
    reader.doubt = None
    save_reader(reader, metadata, earlier.path / "weights" / FILE)
    with pytest.raises(DataError, match="trained on other images than digits has now"):
        add_doubt(earlier)


def test_what_is_no_digit_is_told_in_text_and_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    (tmp_path / "digit.png").write_bytes(picture([3]))
    (tmp_path / "sign.png").write_bytes(draw("symbol-star", 0, bundled()).data)
    paths = [str(tmp_path / name) for name in ("digit.png", "sign.png")]
    assert main(["read", *paths, "--reader", READER, "--json"]) == 0
    digit, sign = json.loads(capsys.readouterr().out)
    assert [c["doubt"] for c in digit["characters"]] == [False]
    assert any(c["doubt"] for c in sign["characters"])
    assert main(["read", *paths, "--reader", READER]) == 0
    told = capsys.readouterr()
    assert "%, may be no digit" in told.out.splitlines()[1] and "no digit" not in told.out.splitlines()[0] + told.err


# The share that must be doubted: what was reached with two hundred, with room for eight.
@pytest.mark.parametrize(("kind", "share"), [("tick", 0.7), ("arrow", 0.6)])
def test_symbols_are_doubted(shipped, kind, share):
    reader, geometry = shipped
    pages = [read_picture(draw(f"symbol-{kind}", seed, bundled()).data, "x", geometry) for seed in range(8)]
    images = np.stack([c.image for page in pages for c in page.characters])
    assert np.mean(doubted(reader, images)) >= share


@pytest.mark.parametrize(
    "change",
    [
        {"doubt.weights": torch.zeros(0, 1696, dtype=torch.float16)},
        {"doubt.weights": torch.zeros(64, 7, dtype=torch.float16)},
        {"doubt.units": torch.zeros(64)},
        {"doubt.moments": torch.full((2, 2), torch.nan)},
        {"doubt.threshold": None},
    ],
)
def test_damaged_doubt_is_named(fitted, tmp_path, change):
    with safe_open(fitted.get("bundled").path / "weights" / FILE, "pt") as content:
        tensors, about = {k: content.get_tensor(k) for k in content.keys()}, content.metadata()  # noqa: SIM118
    kept = {k: v for k, v in (tensors | change).items() if v is not None}
    save_file(kept, file := tmp_path / "hurt.safetensors", about)
    with pytest.raises(UserError, match=r"hurt.safetensors is damaged"):
        load_reader(file)


def test_doubt_needs_a_measure(shipped):
    reader, _ = shipped
    images = np.zeros((2, 28, 28), np.uint8)
    assert doubted(Reader(reader.config), images) == [None, None]
    with pytest.raises(ValueError, match="no measure of doubt"):
        doubts(Reader(reader.config), images)
    assert doubts(reader, images[:0]).shape == (0,)


def test_a_threshold_is_all_that_parts_doubt_from_none(shipped):
    reader, _ = shipped
    images, kept = bundled().images[:20], reader.doubt
    try:
        reader.doubt = replace(kept, threshold=-np.inf)
        assert all(doubted(reader, images))
        reader.doubt = replace(kept, threshold=np.inf)
        assert not any(doubted(reader, images))
    finally:
        reader.doubt = kept
