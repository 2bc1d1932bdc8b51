"""The house has floors: imports run downwards only, and the core knows nothing of screens."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = [
    {"app", "pages"},
    {"ocrgen.ui"},
    {"ocrgen.__main__", "ocrgen.cli"},
    {"ocrgen.shipping", "ocrgen.recipes", "ocrgen.cards"},
    {"ocrgen.soak"},
    {"ocrgen.study", "ocrgen.benchmark"},
    {
        "ocrgen.training",
        "ocrgen.training_config",
        "ocrgen.ocr",
        "ocrgen.export",
        "ocrgen.reading",
        "ocrgen.real_sheet",
        "ocrgen.robustness",
        "ocrgen.saliency",
        "ocrgen.sampling",
        "ocrgen.scoring",
        "ocrgen.metric_training",
        "ocrgen.jobs",
    },
    {"ocrgen.metrics"},
    {"ocrgen.weights"},
    {"ocrgen.models"},
    {
        "ocrgen.datasets",
        "ocrgen.imaging",
        "ocrgen.decoding",
        "ocrgen.ink",
        "ocrgen.segmentation",
        "ocrgen.transforms",
        "ocrgen.store",
        "ocrgen.run",
        "ocrgen.curves",
    },
    {"ocrgen.files", "ocrgen.checksums", "ocrgen.processor"},
    {"ocrgen"},
]
FILES = [ROOT / "app.py", *sorted(ROOT.glob("pages/*.py")), *sorted(ROOT.glob("ocrgen/**/*.py"))]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    """The floor of the longest prefix that has one."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        for i, names in enumerate(FLOORS):
            if ".".join(parts[:end]) in names:
                # A module of the package that has no floor of its own is a mistake, not part of the ground floor.
                assert ".".join(parts[:end]) != "ocrgen" or module == "ocrgen", f"{module} has no floor"
                return i
    raise AssertionError(f"{module} has no floor")


def imports(file: Path) -> set[str]:
    """Modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {m if (ROOT / (m.replace(".", "/"))).with_suffix(".py").exists() else node.module for m in inside}
    return found


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_run_downwards(file):
    here = floor(name_of(file))
    for module in imports(file):
        if module.split(".")[0] == "ocrgen":
            assert floor(module) >= here, f"{name_of(file)} imports {module} from a floor above"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_face_knows_streamlit(file):
    knows = any(module.split(".")[0] == "streamlit" for module in imports(file))
    assert not knows or floor(name_of(file)) <= 1


@pytest.mark.parametrize("file", [f for f in FILES if f.parent.name == "pages"], ids=name_of)
def test_pages_are_short(file):
    assert len(file.read_text().splitlines()) <= 80
