"""A shipped file that is not what was shipped is named when it is read; all others are read as ever."""

import shutil

import pytest

from ocrgen.metrics.extractors.digitnet import VERSION, DigitNetExtractor
from ocrgen.metrics.reference import load_reference
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED
from ocrgen.study import read_results
from ocrgen.utils.checksums import SUMS, verify, write_sums
from ocrgen.utils.errors import UserError


def test_every_shipped_file_is_what_its_sum_says():
    named = {line.split("  ", 1)[1] for line in (SHIPPED / SUMS).read_text().splitlines()}
    files = {f for f in SHIPPED.glob("[!.]*/**/*") if f.is_file() and f.name != "README.md"}  # no program reads a card
    assert named == {str(f.relative_to(SHIPPED)) for f in files}
    for name in named:
        verify(SHIPPED / name)


@pytest.fixture
def copied(tmp_path):
    """The network, a reference and a study as shipped, with their sums."""
    root = tmp_path / "checkpoints"
    for name in (VERSION, "reference-mnist", "study-paper-mnist"):
        shutil.copytree(SHIPPED / name, root / name)
    write_sums(root)
    return root


READERS = {
    "digitnet.safetensors": lambda file: DigitNetExtractor.load(str(file)),
    "tap-64.npz": lambda file: load_reference(file.parent),
    "table.parquet": lambda file: read_results(Run(file.parent)),
    "results.json": lambda file: read_results(Run(file.parent)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_one_changed_byte_is_named(copied, name):
    (file,) = copied.rglob(name)
    READERS[name](file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is damaged.*git checkout"):
        READERS[name](file)


def test_a_file_without_sums_passes(tmp_path):
    (tmp_path / "x").write_bytes(b"whatever")
    verify(tmp_path / "x")
    verify(tmp_path / "nothing")


@pytest.mark.parametrize("content", [b"", b"\xff\x00 nonsense", b"abc  x\n" * 3])
def test_damaged_sums_are_no_traceback(tmp_path, content):
    (tmp_path / SUMS).write_bytes(content)
    (tmp_path / "x").write_bytes(b"whatever")
    if content.startswith(b"abc"):
        with pytest.raises(UserError, match="x is damaged"):
            verify(tmp_path / "x")
    else:
        verify(tmp_path / "x")
