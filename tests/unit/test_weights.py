"""Weights as files: the same samples again, and damaged ones named."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.utils.errors import UserError


def test_weights_load_into_the_same_samples(trained):
    run = trained.list()[0]
    model = load_generator(run.weights())
    again = load_generator(run.weights())
    labels = torch.arange(10)
    draw = [m.sample(labels, torch.Generator().manual_seed(0)).numpy() for m in (model, again)]
    assert np.array_equal(*draw) and draw[0].max() > 100


@pytest.mark.parametrize("fault", ["truncated", "empty", "noise", "foreign", "swapped"])
def test_damaged_weights_are_named(trained, tmp_path, fault):
    one, other = trained.list()
    good = one.weights().read_bytes()
    folder = tmp_path / "some-run" / "weights"
    folder.mkdir(parents=True)
    file = folder / "epoch-001.safetensors"
    if fault == "swapped":
        from safetensors.torch import save

        about = json.dumps(read_metadata(one.weights()))
        file.write_bytes(save(load_file(other.weights()), {"ocrgen": about}))
    else:
        content = {
            "truncated": good[:-100],
            "empty": b"",
            "noise": bytes(range(256)) * 9,
            "foreign": good.replace(b"ocrgen", b"xcrgen", 1),
        }
        file.write_bytes(content[fault])
    with pytest.raises(UserError, match=r"some-run/epoch-001\.safetensors"):
        load_generator(file)
