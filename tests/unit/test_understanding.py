"""What own data are understood as, told by `data`; what looks transposed is told by all that learns from it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocrgen.__main__ import main
from ocrgen.datasets import load_data
from ocrgen.datasets.own import read
from ocrgen.runs.store import RunStore
from tests.helpers.letters import characters

DIGITS = load_data("digits").train.subset(200, 0)


@pytest.fixture
def lying(tmp_path) -> str:
    """The path of digits on their side."""
    np.savez(tmp_path / "lying.npz", images=DIGITS.images.transpose(0, 2, 1), labels=DIGITS.labels)
    return str(tmp_path / "lying.npz")


def test_data_tells_what_was_understood(lying, capsys, tmp_path):
    assert main(["data", lying]) == 0
    told = capsys.readouterr().out
    assert "Understood as digits 0 to 9. Images: 160 for training (16 of each digit)" in told
    assert "These look transposed" in told and "Give --transpose" in told
    assert sum(line.split()[1:] == ["16", "1", "3"] for line in told.splitlines()) == 10

    sheet = tmp_path / "sheet.png"
    assert main(["data", lying, "--transpose", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["orientation"]["looks"] == "upright" and row["orientation"]["as_is"] > 0.8
    assert row["counts"]["7"] == {"train": 16, "validation": 1, "test": 3} and len(row["notes"]) >= 2
    assert main(["data", lying, "--invert", "--sheet", str(sheet)]) == 0
    picture = np.asarray(Image.open(sheet))
    assert picture[4, -4] == 255 and picture.shape[0] > 10 * 2 * 28, "ten rows, inverted"


def test_too_few_images_are_told_with_what_was_understood(tmp_path, capsys):
    few = characters(("α", "β", "ж"), 2)
    np.savez(tmp_path / "few.npz", images=few.images, labels=few.labels, classes=np.array(few.classes))
    assert main(["data", str(tmp_path / "few.npz"), "--sheet", str(tmp_path / "s.png")]) == 2
    told = capsys.readouterr().out
    assert "Understood as 3 letters (α, β, ж). Images: 6." in told and "are left for" in told
    assert (tmp_path / "s.png").exists()


@pytest.mark.parametrize("args", [["digits", "--json"], ["digits", "--transpose"], ["--sheet", "a.png"]])
def test_what_is_for_own_data_says_so(args, capsys):
    assert main(["data", *args]) == 2
    assert "give their path" in capsys.readouterr().err


@pytest.mark.slow
def test_what_learns_from_lying_data_says_so_and_can_use_an_upright_copy(lying, capsys):
    store, quick = RunStore(shipped=None), ["reader", "--dataset", lying, "--steps", "1"]
    assert main(quick) == 0
    assert "look transposed" in (told := capsys.readouterr().err) and "--transpose transposes them." in told
    assert main([*quick, "--transpose"]) == 0
    assert "transposed" not in capsys.readouterr().err
    as_it_is, copy = sorted((run.request.dataset for run in store.list("reader")), key=lambda name: name != lying)
    assert as_it_is == lying and copy.startswith(str(store.root / ".data" / "lying-"))
    assert {i.tobytes() for i in read(Path(copy)).images} == {i.tobytes() for i in DIGITS.images}

    reader = store.list("reader")[-1].name
    assert main(["evaluate", reader, lying]) == 0
    assert "look transposed" in capsys.readouterr().err
    assert main(["evaluate", reader, lying, "--transpose"]) == 0
    assert "look transposed" not in (printed := capsys.readouterr()).err and "lying-" in printed.out
    assert main(["evaluate", reader, "digits", "--transpose"]) == 2
    assert "your own data by path" in capsys.readouterr().err
