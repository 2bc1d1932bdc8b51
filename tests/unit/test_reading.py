"""Readers as runs, and reading pictures from a shell."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from ocrgen.__main__ import main
from ocrgen.readers.runs import default_reader, geometry_of, load, readers
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from tests.helpers.readers import picture, train


@pytest.fixture(scope="module")
def read_store(tmp_path_factory) -> RunStore:
    store = RunStore(tmp_path_factory.mktemp("readers"), shipped=None)
    train(store)
    return store


def test_a_reader_says_what_it_has_seen(read_store):
    (run,) = readers(read_store)
    reader, about = load(run)
    assert about["n_labelled"] == 1317 and about["dataset"] == "digits"
    assert run.request.learned_from == "real"
    report = json.loads((run.path / "report.json").read_text())
    assert report["accuracy"] == about["accuracy"] == run.request.accuracy > 0.9
    assert sum(map(sum, report["confusion"])) == report["n"] == 360
    assert geometry_of(run).min_stroke == 3.0


def test_a_reader_of_generated_digits_counts_its_generators_images(trained):
    (cvae, *_) = trained.list("train")
    run = train(trained, generator=cvae.name, samples=200, steps=20, n=100)
    try:
        assert run.request.learned_from == "cvae"
        assert run.request.n_labelled == 1317, "the generator has seen them all"
    finally:
        trained.delete(run)


def test_a_reader_of_some_images_says_so(store):
    run = train(store, n=50, augment=True, steps=10)
    assert run.request.n_labelled == 50


def test_read_as_json(read_store, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    files = {"good.png": picture([3, 1, 4]), "bad.png": b"no picture at all", "blank.png": None}
    buffer = io.BytesIO()
    Image.new("L", (200, 200), 255).save(buffer, "PNG")
    files["blank.png"] = buffer.getvalue()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in files] + [str(tmp_path / "missing.png")]
    name = readers(read_store)[0].name
    assert main(["read", *paths, "--reader", name, "--json"]) == 0, "one bad file does not stop the others"
    rows = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in rows] == paths
    good, *bad = rows
    assert good["error"] is None and [d["digit"] for d in good["digits"]] == [3, 1, 4]
    for digit in good["digits"]:
        assert len(digit["probabilities"]) == 10 and sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert digit["digit"] == int(np.argmax(digit["probabilities"]))
        assert len(digit["box"]) == 4 and all(isinstance(v, int) for v in digit["box"])
    assert [d["box"][0] for d in good["digits"]] == sorted(d["box"][0] for d in good["digits"])
    for row in bad:
        assert row["digits"] == [] and len(row["error"]) > 10 and "Traceback" not in row["error"]


def test_nothing_but_bad_files_is_a_failure(read_store, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    (tmp_path / "x.png").write_bytes(b"")
    assert main(["read", str(tmp_path / "x.png"), "--reader", readers(read_store)[0].name]) == 2
    assert "x.png" in capsys.readouterr().err


def test_no_reader_yet(store):
    with pytest.raises(UserError, match="no reader yet"):
        default_reader(store)


def test_the_best_reader_of_real_digits_reads_unless_another_is_named(read_store):
    worse = train(read_store, steps=10, n=20)
    try:
        assert default_reader(read_store).name != worse.name
    finally:
        read_store.delete(worse)
