"""Saliency: maps of the right shape for every method, honest about emptiness, and measures with known answers."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.plots.saliency import bars
from ocrgen.readers.network import Classifier, Reader
from ocrgen.readers.saliency import (
    METHODS,
    agreement,
    deletion_insertion_auc,
    explain,
    faithfulness,
    on_ink,
    pixel_order,
    randomised_copy,
)
from ocrgen.readers.training import train_reader
from ocrgen.utils.errors import UserError


@pytest.fixture(scope="module")
def data():
    return load_data("digits")


@pytest.fixture(scope="module")
def reader(data) -> Reader:
    return train_reader(data.train, data.validation, Reader.presets["fast"], 60, 0).reader


class Corner(Classifier):
    """Reads class 1 if and only if the top left quarter holds ink: where it looks is known."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.convolution.weight)

    @property
    def cam_layers(self):
        return {"only": self.convolution}

    def forward(self, images):
        corner = self.convolution(images)[:, :, :14, :14].sum((1, 2, 3)) / 5
        logits = torch.zeros(len(images), 10)
        logits[:, 1] = corner
        return logits


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("layer", [None, "first convolution"])
def test_every_method_explains_every_image(reader, data, method, layer):
    images = data.test.images[:3]
    before = {k: v.clone() for k, v in reader.state_dict().items()}
    maps = explain(reader, images, method=method, layer=layer)
    assert len(maps) == 3
    for found in maps:
        assert found.heat.shape == (28, 28) and found.heat.dtype == np.float32
        assert np.isfinite(found.heat).all() and found.heat.min() >= 0
        assert found.empty or found.heat.max() == pytest.approx(1)
        assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert found.target == found.probabilities.argmax()
    assert all(torch.equal(before[k], v) for k, v in reader.state_dict().items())
    assert all(p.grad is None or p.grad.abs().sum() >= 0 for p in reader.parameters())
    assert not any(m._forward_hooks for m in reader.modules()), "hooks are taken off again"


@pytest.mark.slow
def test_another_class_gives_another_map(reader, data):
    images = data.test.images[:5]
    read = explain(reader, images)
    other = explain(reader, images, [(m.target + 1) % 10 for m in read])
    assert any(not np.allclose(a.heat, b.heat) for a, b in zip(read, other, strict=True))
    assert all((a.probabilities == b.probabilities).all() for a, b in zip(read, other, strict=True))


def test_threads_may_share_a_reader(reader, data):
    images = data.test.images[:24].reshape(4, 6, 28, 28)
    alone = [explain(reader, block) for block in images]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda block: explain(reader, block), np.concatenate([images] * 3)))
    for a, b in zip(alone * 3, together, strict=True):
        assert all(np.array_equal(x.heat, y.heat) and x.target == y.target for x, y in zip(a, b, strict=True))


def test_mistakes_are_told(reader, data):
    images = data.test.images[:2]
    with pytest.raises(UserError, match="no method 'LIME'"):
        explain(reader, images, method="LIME")
    with pytest.raises(UserError, match="no layer 'third'"):
        explain(reader, images, layer="third")
    with pytest.raises(UserError, match="class of 0 to 9"):
        explain(reader, images, [3, 10])
    with pytest.raises(UserError, match="class of 0 to 9"):
        explain(reader, images, [3])
    assert explain(reader, images[:0]) == []


def test_a_map_without_evidence_is_called_empty():
    (found,) = explain(Corner(), np.full((1, 28, 28), 255, np.uint8), [5])
    assert found.empty and not found.heat.any(), "nothing speaks for a 5 in a network that knows no 5"


def test_share_on_ink():
    images = np.zeros((2, 28, 28), np.uint8)
    images[:, :14] = 255
    heat = np.zeros((2, 28, 28), np.float32)
    heat[0, 7:21] = 1  # half on ink, half beside it
    shares = on_ink(heat, images)
    assert shares[0] == pytest.approx(0.5) and np.isnan(shares[1]), "an empty map has no share"


def test_the_order_of_a_map_is_hot_to_cold_and_complete():
    heat = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
    order = pixel_order(heat)
    assert (np.sort(order, 1) == np.arange(784)).all()
    values = np.take_along_axis(heat.reshape(3, -1), order, 1)
    assert (np.diff(values, axis=1) <= 0).all()
    assert (pixel_order(np.zeros((1, 28, 28))) != np.arange(784)).any(), "ties come in random order"


def test_removing_what_counts_first_leaves_the_smaller_area():
    images = np.full((1, 28, 28), 200, np.uint8)
    inside = np.zeros((1, 28, 28))
    inside[:, :14, :14] = 1
    told, random, last = (
        deletion_insertion_auc(Corner(), images, pixel_order(h), [1]) for h in (inside, inside * 0, -inside)
    )
    assert told[0] < random[0] < last[0], "deletion"
    assert told[1] > random[1] > last[1], "insertion"
    # By hand: the corner's 196 of 784 pixels are gone after 7 of 28 steps, after which a tenth remains.
    assert 0.1 <= told[0][0] <= 0.25 + 0.75 * 0.1 + 1e-3


def test_agreement_of_maps():
    rng = np.random.default_rng(1)
    a = rng.random((2, 28, 28))
    assert agreement(a, 3 * a + 1) == pytest.approx([1, 1])
    assert agreement(a, -a) == pytest.approx([-1, -1])
    assert np.isnan(agreement(a, np.zeros_like(a))).all()


def test_a_randomised_copy_is_untrained_and_leaves_the_rest_alone(reader):
    state = torch.get_rng_state()
    copy = randomised_copy(reader, 3)
    assert torch.equal(state, torch.get_rng_state())
    assert copy.config == reader.config and not torch.equal(copy.last[1].weight, reader.last[1].weight)
    assert torch.equal(copy.last[1].weight, randomised_copy(reader, 3).last[1].weight)


@pytest.mark.slow
def test_faithfulness_is_finite_and_bounded(reader, data):
    found = faithfulness(reader, data.test.images[:40], other=randomised_copy(reader, 9))
    assert all(np.isfinite(v) for v in found.values())
    assert all(0 <= found[k] <= 1 for k in ("on_ink", "ink_share", "deletion", "insertion", "empty"))
    assert found["deletion_gain"] == pytest.approx(found["deletion_random"] - found["deletion"], abs=1e-6)
    assert faithfulness(reader, data.test.images[:40], other=reader)["agreement"] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("k", [2, 10, 12, 13, 28, 62])
def test_bars_show_all_of_few_classes_and_the_likeliest_of_many(k):
    classes = tuple(chr(ord("一") + i) for i in range(k))
    p = np.random.default_rng(k).dirichlet(np.full(k, 0.3)).astype(np.float32)
    html = bars(p, classes)
    shares = [float(share) for share in re.findall(r">([\d.]+)%<", html)]
    assert abs(sum(shares) - 100) < 0.7  # nothing is left out: the rest has a bar of its own
    if k <= 12:
        assert len(shares) == k and "others" not in html
    else:
        assert len(shares) == 11 and f"{k - 10} others" in html
        assert shares[:10] == sorted(shares[:10], reverse=True)
        assert f"the 10 likeliest of the {k} letters" in html
    assert html.count("font-weight:650") == 2 and f'650;overflow-wrap:anywhere">{classes[p.argmax()]}<' in html


def test_bars_of_digits_are_told_as_ever_and_texts_mean_nothing_but_themselves():
    assert 'aria-label="probabilities of the ten digits"' in bars(np.full(10, 0.1, np.float32), DIGITS)
    html = bars(np.array([0.9, 0.1], np.float32), ("<b>", '"quoted" & more'))
    assert "<b>" not in html and "&lt;b&gt;" in html and "&quot;quoted&quot; &amp; more" in html
