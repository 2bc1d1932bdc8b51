"""What an installation needs: the same pins in both places, and all of a checkout that the dashboard uses."""

import tomllib
from pathlib import Path

from ocrgen import __version__
from ocrgen.utils import places

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(file: str) -> list[str]:
    """The packages that a requirements file pins, without those of the files that it includes."""
    return [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", "-"))]


def test_both_lists_of_packages_agree():
    assert PROJECT["project"]["dependencies"] == pins("requirements.txt")
    assert PROJECT["project"]["optional-dependencies"]["cluster"] == pins("requirements-cluster.txt")


def test_the_version_is_told_once_and_all_is_shipped():
    assert PROJECT["project"]["version"] == __version__
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(shipped) == {"app.py", "pages", "checkpoints", ".streamlit"}
    assert all((ROOT / source).exists() for source in shipped)


def test_runs_go_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path))
    assert places.runs_root() == tmp_path
    monkeypatch.delenv("OCRGEN_RUNS")
    assert places.runs_root() == ROOT / "runs"
    monkeypatch.setattr(places, "INSTALLED", True)
    assert places.runs_root().parts[-2:] == ("ocrgen", "runs") and ROOT not in places.runs_root().parents
