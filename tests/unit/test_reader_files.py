"""A reader's file: its class texts and its geometry, of this version, of earlier ones, and damaged."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.utils.errors import UserError

TINY = ReaderConfig(channels=4, hidden=16, batch=32)
LETTERS = ("A", "B", "check mark", "ب")


def test_a_readers_file_holds_its_class_texts(tmp_path):
    save_reader(Reader(TINY, LETTERS), {"dataset": "mine"}, file := tmp_path / "mine.safetensors")
    reader, _ = load_reader(file)
    assert reader.classes == LETTERS and probabilities(reader, np.zeros((3, 28, 28), np.uint8)).shape == (3, 4)


@pytest.mark.parametrize(("dataset", "first"), [("mnist", "0"), ("arabic", "٠"), ("/my/own.zip", "0")])
def test_a_reader_of_an_earlier_version_reads_the_digits_of_its_data(tmp_path, dataset, first):
    save_reader(Reader(TINY), {"dataset": dataset}, file := tmp_path / "mine.safetensors")
    rewrite(file, lambda about: about.pop("classes"))
    assert load_reader(file)[0].classes[0] == first


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        ("ABCD", "no list of texts"),
        ([1, 2, 3, 4], "no list of texts"),
        ({"A": 1}, "no list of texts"),
        (["A", "A", "B", "C"], "are the same"),
        (["A"], "1 class; expected 2 to 100"),
        (["A", "B", "C"], "names 3 classes for a network of 4"),
        ([*"ABCDE"], "names 5 classes for a network of 4"),
        (["A", "B", "C", "\u0000"], "is no class text"),
    ],
)
def test_a_damaged_class_list_is_told(tmp_path, classes, told):
    save_reader(Reader(TINY, LETTERS), {}, file := tmp_path / "mine.safetensors")
    rewrite(file, lambda about: about.update(classes=classes))
    with pytest.raises(UserError, match=rf"mine\.safetensors is damaged: .*{told}"):
        load_reader(file)


@pytest.mark.parametrize(
    "change",
    [
        {"box": 0},
        {"box": 1e9},
        {"centre": [3]},
        {"min_stroke": float("nan")},
        {"sizes": [9, 99]},
        {"single": "maybe so"},
    ],
)
def test_a_geometry_that_makes_no_sense_is_damage(tmp_path, change):
    geometry = {"box": 20, "centre": [14, 14], "min_stroke": 2, "min_height": 0.3, "single": True, "sizes": [6, 26]}
    save_reader(Reader(TINY), {"geometry": geometry}, file := tmp_path / "mine.safetensors")
    assert load_reader(file)
    save_reader(Reader(TINY), {"geometry": geometry | change}, file)
    with pytest.raises(UserError, match=r"mine\.safetensors is damaged"):
        load_reader(file)


def rewrite(file, change):
    """Change the metadata of a reader's file."""
    with safe_open(file, "pt") as content:
        tensors = {k: content.get_tensor(k) for k in content.keys()}  # noqa: SIM118
        about = json.loads(content.metadata()["ocrgen"])
    change(about)
    save_file(tensors, file, {"ocrgen": json.dumps(about)})
