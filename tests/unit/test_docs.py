"""What the documents say is there: links, verbs and flags, packages, and the examples of additions, which work."""

import contextlib
import importlib
import io
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

import ocrgen.datasets as datasets
import ocrgen.metrics.measures as package
import ocrgen.ui
from ocrgen.__main__ import VERBS
from ocrgen.datasets.own import OwnData, save
from ocrgen.utils.places import HOME

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(ROOT.glob("docs/*.md"))
KINDS = {"train": ("cvae", "cgan", "flow", "rendered"), "benchmark": ("app",)}  # whose flags depend on what follows
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)


@cache
def anchors(document: Path) -> set[str]:
    """The places in a document that a link can lead to, by the rules of GitHub."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_document
def test_every_link_leads_to_a_file_and_a_place_in_it(document):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, place = unquote(link).partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), link
        assert not place or place in anchors(target), link


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The lab's commands in a document: the verb, and what follows it on the line, without a comment."""
    code = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
    found = re.findall(r"^(?:\w+=\S+ )*(?:python -m )?ocrgen ((?!VERB)[a-z-].*)$", code, re.MULTILINE)
    lines = [line.split(" #")[0].split() for line in found]
    return [(words[0], words[1:]) for words in lines]


@cache
def flags(verb: str, kind: str) -> set[str]:
    """The flags that a verb's help shows."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        VERBS[verb]([*filter(None, [kind]), "--help"])
    return set(re.findall(r"--[a-z][\w-]*", told.getvalue()))


@each_document
def test_every_command_names_a_verb_and_flags_that_it_has(document, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for verb, words in commands(document.read_text()):
        if verb == "--version":
            continue
        assert verb in VERBS, verb
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        kind = next((word for word in words if word in KINDS.get(verb, ())), "")
        if asked and "tiny" not in words:  # the example of a generator, which is not there
            assert asked <= flags(verb, kind), f"{verb}: {asked - flags(verb, kind)}"


def test_a_flag_that_is_spoken_of_is_one_of_a_verb(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    known = {flag for verb in VERBS for kind in KINDS.get(verb, ()) or ("",) for flag in flags(verb, kind)}
    known |= {flag for verb in ("train", "benchmark") for flag in flags(verb, "")} | {"--upgrade"}  # uv's
    for document in DOCUMENTS:
        spoken = set(re.findall(r"`(--[a-z][\w-]*)[^`\n]*`", document.read_text()))
        assert spoken <= known, f"{document.name}: {spoken - known}"


def test_commands_are_found():
    text = "```\nA=1 python -m ocrgen study --n 1  # no\nocrgen app\n```\n`ocrgen VERB`, `python -m ocrgen data x`"
    assert commands(text) == [("study", ["--n", "1"]), ("app", []), ("data", ["x"])]
    assert sum(len(commands(document.read_text())) for document in DOCUMENTS) > 30


def test_every_direct_package_has_its_row():
    rows = re.findall(r"^\| (`.+?) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    asked = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert told and sorted(told) == sorted(asked)


def example(start: str, document: str = "docs/extending.md") -> str:
    """The one block of code in a document that begins so."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(start)]
    return found


def test_the_example_of_a_generator_is_the_one_that_is_tried():
    assert example('"""A linear generator') in (ROOT / "tests/contract/test_new_generator.py").read_text()


def test_the_example_of_a_measure_is_a_measure(tmp_path, monkeypatch, small):
    (tmp_path / "boldness.py").write_text(example('"""Boldness'))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    module = package.measures.__wrapped__()["boldness"]
    inputs = package.MeasureInput(small.test, None, None, 1.0, small.train)  # type: ignore[arg-type]
    assert module.COLUMNS.keys() == module.measure(inputs).keys() == {"relative_ink"}
    assert module.measure(inputs)["relative_ink"] == pytest.approx(1, abs=0.1)


def test_the_example_of_a_data_set_is_a_data_set(tmp_path, monkeypatch, small):
    (tmp_path / "clinic.py").write_text(example('"""Digits from our clinic'))
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
    source = datasets.sources.__wrapped__()["clinic"]
    told = source.missing(tmp_path)
    assert "work without" in told
    with pytest.raises(datasets.DataError) as fault:
        source.load(tmp_path)
    assert str(fault.value) == told
    (tmp_path / "clinic").mkdir()
    save(OwnData("digits", small.train, None, ()), tmp_path / "clinic" / "digits.npz")
    parts = source.load(tmp_path)
    assert source.missing(tmp_path) is None and sum(map(len, parts)) == len(small.train)
    assert all(part.classes == source.CLASSES for part in parts)


def test_the_example_of_a_page_is_a_page(tmp_path, monkeypatch, store):
    for model in ("cvae", "cgan"):
        store.create("train", {"dataset": "digits", "model": model}, model)
    folder = tmp_path / "ui" / "speed"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "page.py").write_text(example('"""The page Speed'))
    (tmp_path / "pages").symlink_to(HOME / "pages")  # the frame, which this page draws, looks for the others there
    (tmp_path / "8_Speed.py").write_text(example('"""Speed'))
    monkeypatch.setattr(ocrgen.ui, "__path__", [*ocrgen.ui.__path__, str(tmp_path / "ui")])
    importlib.invalidate_caches()
    app = AppTest.from_file(str(tmp_path / "8_Speed.py"), default_timeout=60).run()
    assert not app.exception, app.exception
    assert app.selectbox(key="speed_model").options == ["cgan", "cvae"] and len(app.dataframe[0].value) == 1
