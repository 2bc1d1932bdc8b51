"""The house has floors: imports run downwards only, in no circle, and none of them hides in a string."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = [  # rooms from the top down; rooms of one floor do not know each other
    {"app", "pages"},
    {"ocrgen.__main__"},
    {"ocrgen.cli", "ocrgen.ui", "ocrgen.api"},
    {"ocrgen.report"},
    {"ocrgen.plots"},
    {"ocrgen.zoo"},
    {"ocrgen.stress"},
    {"ocrgen.claims"},
    {"ocrgen.study", "ocrgen.benchmark"},
    {"ocrgen.readers"},
    {"ocrgen.generators"},
    {"ocrgen.metrics"},
    {"ocrgen.datasets"},
    {"ocrgen.imaging"},
    {"ocrgen.runs"},
    {"ocrgen.utils"},
    {"ocrgen"},
]
# Files that find the others of a folder; nothing else may import by a name that is computed.
DISCOVERY = {
    "ocrgen.generators": "ocrgen.generators.models",
    "ocrgen.metrics.measures": "ocrgen.metrics.measures",
    "ocrgen.datasets": "ocrgen.datasets",
    "ocrgen.benchmark.runner": "ocrgen.benchmark.benches",
}
FACADE = ("ocrgen", "ocrgen.api")  # the package's own face shows what lies at the top, at its first use
WORKS_IN_STREAMLIT = ("app", "pages", "ocrgen.ui", "ocrgen.stress")  # stress speaks its protocol, as a client
LONGEST = 250
FILES = [ROOT / "app.py", *sorted(ROOT.glob("pages/*.py")), *sorted(ROOT.glob("ocrgen/**/*.py"))]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def room(module: str) -> str:
    """The folder below `ocrgen` that a module lies in, or the file there."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "ocrgen" else parts[0]


def floor(module: str) -> int:
    """The floor of a module's room. A room that has none is a mistake."""
    found = [i for i, rooms in enumerate(FLOORS) if room(module) in rooms]
    assert len(found) == 1, f"{module}: its room {room(module)} has no floor"
    return found[0]


def module_in(text: str) -> str | None:
    """The module that a string names, alone or before a member of it."""
    found = re.fullmatch(r"(ocrgen(?:\.\w+)+)(?:[:.]\w+)?", text)
    parts = found[1].split(".") if found else []
    names = (".".join(parts[:end]) for end in range(len(parts), 1, -1))
    return next((name for name in names if name in MODULES), None)


@cache
def imports(text: str) -> set[str]:
    """Modules that a file's text imports, wherever in it, those that it names in a string included."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in inside}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and module_in(node.value):
            found.add(module_in(node.value))
    return found


GRAPH = {
    name: {m for m in imports(file.read_text()) - {name} if m.split(".")[0] == "ocrgen" and (name, m) != FACADE}
    for name, file in MODULES.items()
}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_run_downwards(file):
    here, name = floor(name_of(file)), name_of(file)
    for module in GRAPH[name]:
        same = room(module) == room(name)
        assert same or floor(module) > here, f"{name} imports {module}, which does not lie below it"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_pages_do_not_know_each_other(file):
    name = name_of(file).split(".")
    if name[:2] != ["ocrgen", "ui"] or len(name) < 3:
        return
    for module in GRAPH[".".join(name)]:
        other = module.split(".")
        if other[:2] == ["ocrgen", "ui"] and len(other) > 2:
            assert other[2] in (name[2], "shared"), f"{'.'.join(name)} imports {module}, another page's"


def test_no_circle_of_files():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as circle:
        pytest.fail(f"files import each other: {circle.args[1]}")


def test_no_circle_of_rooms():
    rooms = {}
    for name, modules in GRAPH.items():
        rooms.setdefault(room(name), set()).update({room(m) for m in modules} - {room(name)})
    assert len(rooms) <= 21
    try:
        TopologicalSorter(rooms).prepare()
    except CycleError as circle:
        pytest.fail(f"rooms import each other: {circle.args[1]}")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_import_hides(file):
    """`import_module` only where a folder is discovered; a process is started as `-m ocrgen VERB`."""
    text = file.read_text()
    if name_of(file) not in DISCOVERY:
        assert not re.search(r"import_module\(|__import__\(|find_loader|spec_from_file", text)
    assert not re.search(r"[\"']-m[\"'], *f?[\"']ocrgen\.", text)
    named = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and module_in(node.value)
    ]
    assert not named, f"{name_of(file)} names modules in strings: {named}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_face_knows_streamlit(file):
    knows = any(module.split(".")[0] == "streamlit" for module in imports(file.read_text()))
    assert not knows or room(name_of(file)) in WORKS_IN_STREAMLIT


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_pages_use_what_streamlit_offers_to_all(file):
    """Only `import streamlit as st`, and components as they are documented: inner modules may change at any release."""
    public = ("streamlit.components.v1", "streamlit.components.v2")
    inside = {m for m in imports(file.read_text()) if m.startswith("streamlit.") and not m.startswith(public)}
    assert not inside or room(name_of(file)) == "ocrgen.stress"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_are_short(file):
    assert len(file.read_text().splitlines()) <= (80 if file.parent.name == "pages" else LONGEST)


@pytest.mark.parametrize("file", sorted(ROOT.glob("tests/**/*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_tests_share_helpers_only(file):
    """What two test files need lies in `tests/helpers`; fixtures come from `conftest.py`, and from there alone."""
    shared = {module for module in imports(file.read_text()) if module.split(".")[0] == "tests"}
    assert all(module.split(".")[1] == "helpers" for module in shared), f"{file} imports {shared}"


def test_the_graph_sees_what_hides():
    """A reader of imports that misses some is no use: names in strings, and imports inside functions."""
    text = 'X = "ocrgen.cli.common:parse"\ndef f():\n    from ocrgen.ui.shared import cache\n'
    assert imports(text) == {"ocrgen.cli.common", "ocrgen.ui.shared.cache"}
    assert module_in("ocrgen.study.plan.StudyConfig") == "ocrgen.study.plan"
    assert module_in("python -m ocrgen study") is None
