"""A training step that lies on the device as a whole is the ordinary one: same batches, rates and losses."""

import pytest
import torch

from ocrgen.datasets import load_data
from ocrgen.imaging.augmentation import augment
from ocrgen.imaging.corruptions import with_noise
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.readers.recorded import DeviceStep
from ocrgen.readers.training import _sources, lr_factor, train_reader
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.optim import FusedAdam

CONFIG = ReaderConfig(channels=4, hidden=16, batch=50)
STEPS = 20


def prepared(seed=3, change=None, share=0.4):
    """The step on CPU: 100 bundled digits with 60 others as synthetic ones, and the reader it trains."""
    train = load_data("digits").train
    torch.manual_seed(seed)
    reader = Reader(CONFIG, train.classes).train()
    sources, n_real = _sources(train[range(100)], train[range(100, 160)], share, CONFIG.batch, seed)
    rates = [CONFIG.lr * lr_factor(i / STEPS, CONFIG.warmup) for i in range(STEPS)]
    optimiser = FusedAdam(reader, CONFIG.lr, weight_decay=CONFIG.weight_decay)
    return DeviceStep(reader, optimiser, sources, n_real, rates, seed, change, bf16=False), reader


def test_its_losses_and_weights_are_those_of_the_ordinary_loop(monkeypatch):
    """Of the same seed, without random changes of the images: until roundings of the rates have grown."""
    monkeypatch.setattr("ocrgen.readers.training.pick_dtype", lambda device: torch.float32)
    train = load_data("digits").train
    ordinary = train_reader(train[range(100)], None, CONFIG, STEPS, 3, synthetic=train[range(100, 160)], share=0.4)
    step, _ = prepared()
    losses = step.run(lambda: False, lambda step: None)
    found = [float(loss) for loss in losses]
    assert found[:5] == pytest.approx(ordinary.losses[:5], rel=1e-5)
    assert found == pytest.approx(ordinary.losses, rel=0.02)


def test_only_real_images_are_changed_and_by_its_own_random_numbers():
    """As many as the batch has, of the step's generator, whatever the state of the global one."""
    seen = []

    def change(images, generator):
        seen.append((len(images), generator))
        return augment(images, generator)

    def losses():
        step, _ = prepared(change=change)
        torch.rand(1)
        return [float(loss) for loss in step.run(lambda: False, lambda step: None)]

    assert losses() == losses()
    assert {n for n, _ in seen} == {30} and seen[0][1] is not None


def test_it_stops_when_asked():
    """Within LOOKS steps, without the rest."""
    shown: list[int] = []
    step, _ = prepared()
    with pytest.raises(Cancelled):
        step.run(lambda: True, shown.append)
    assert len(shown) == 1


@pytest.mark.parametrize("change", [augment, with_noise])
def test_a_generator_decides_the_random_changes(change):
    """Its seed gives the same images again, another seed others; without one, the global state decides."""
    images = torch.rand(6, 1, 28, 28)
    first, again, other = (change(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    torch.manual_seed(1)
    globally = change(images)
    torch.manual_seed(1)
    assert torch.equal(globally, change(images))
