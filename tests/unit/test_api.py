"""The lab as functions: README's lines, and what is told where something is wrong."""

import doctest
import re
from pathlib import Path

import pytest
from PIL import Image

import ocrgen
from ocrgen.datasets import load_data
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import SHIPPED

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _shipped(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))


@pytest.mark.slow
def test_the_lines_of_the_readme_do_what_they_say(store, tmp_path, monkeypatch):
    digits = load_data("digits").test
    Image.fromarray(digits.images[list(digits.labels).index(3)]).save(tmp_path / "three.png")
    monkeypatch.chdir(tmp_path)
    (lines,) = re.findall(r"```python\n(>>>.*?)```", README.read_text(), re.DOTALL)
    test = doctest.DocTestParser().get_doctest(lines, {}, "README", str(README), 0)
    assert len(test.examples) >= 8
    assert doctest.DocTestRunner().run(test).failed == 0
    (run,) = store.own()
    assert run.state == "done" and run.epochs() == [1, 2]  # where the dashboard shows it


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ocrgen.train_generator("nothing"), "no generator 'nothing': choose from"),
        (lambda: ocrgen.train_generator("cvae", preset="x"), "no preset 'x'"),
        (lambda: ocrgen.train_generator("cvae", epochs=-1), "epochs"),
        (lambda: ocrgen.train_generator("cvae", never=1), "never"),
        (lambda: ocrgen.draw_samples("no-such-run"), "no run"),
        (lambda: ocrgen.fid("digits", "/no/such/file"), "/no/such/file"),
        (lambda: ocrgen.run_study(dataset="digits", n=[0]), "n"),
        (lambda: ocrgen.read_image("x.png", "cvae-mnist"), "no OCR model"),
        (lambda: ocrgen.load_data("/no/such/folder"), "/no/such/folder"),
    ],
)
def test_what_is_wrong_is_told(store, call, words):
    with pytest.raises(UserError, match=re.escape(words)):
        call()
    assert store.own() == []


@pytest.mark.slow
def test_a_study_gives_its_tables(store):
    config = {"n": [20], "generators": ["rendered"], "seeds": 1, "steps": 10, "full_steps": 10, "n_saliency": 0}
    results = ocrgen.run_study(dataset="digits", n_robustness=0, readers_per_task=1, **config)
    assert {"accuracy"} <= set(results.table.metric) and [run.request.verb for run in store.own()] == ["study"]


def test_the_package_itself_is_quick_to_import():
    assert "read_image" in dir(ocrgen) or "read_image" in ocrgen.__all__
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = ocrgen.nothing_here
