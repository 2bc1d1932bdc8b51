"""Flow matching: the differential equation has closed forms, and steps are what they are called and cost."""

import math

import pytest
import torch
from torch import Tensor, nn

from ocrgen.datasets.base import SIZE
from ocrgen.generators.models.flow import Denoiser, Flow, FlowMatching
from tests.helpers.runs import SMALL

LABELS = torch.tensor([2, 0, 1])


@pytest.fixture
def noise() -> Tensor:
    return torch.randn(3, SIZE * SIZE, generator=torch.Generator().manual_seed(0))


class Points(nn.Module):
    """The exact denoiser where all images of a class are one: E[x_1 | x_t] is that image."""

    def __init__(self):
        super().__init__()
        self.images = torch.rand(3, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
        self.times: list[float] = []

    def forward(self, noisy: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        self.times.append(float(times[0]))
        return self.images[labels]


class Normal(nn.Module):
    """The exact denoiser where pixels are N(0, s^2): E[x_1 | x_t] = t s^2 / ((1 - t)^2 + t^2 s^2) x_t."""

    def __init__(self, s: float):
        super().__init__()
        self.s = s

    def forward(self, noisy: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        t = times[:, None, None, None]
        return t * self.s**2 / ((1 - t) ** 2 + t**2 * self.s**2) * noisy


@pytest.mark.parametrize("solver", ["euler", "heun"])
@pytest.mark.parametrize("steps", [1, 2, 7, 16])
def test_to_a_single_image_the_way_is_straight(noise, solver, steps):
    net = Points()
    assert torch.allclose(Flow(net, steps, solver)(noise, LABELS), net.images[LABELS], atol=1e-5)
    assert len(net.times) == (steps if solver == "euler" else 2 * steps - 1)
    assert sorted(set(net.times)) == pytest.approx([i / steps for i in range(steps)])


def test_heun_is_of_second_order_and_euler_of_first(noise):
    """The flow from N(0, I) to N(0, s^2 I) multiplies the noise by s."""
    s, errors = 0.3, {}
    for solver in ("euler", "heun"):
        for steps in (32, 64):
            drawn = Flow(Normal(s), steps, solver)(noise, LABELS).flatten(1)
            errors[solver, steps] = float((drawn - s * noise).norm() / (s * noise).norm())
    orders = {solver: math.log2(errors[solver, 32] / errors[solver, 64]) for solver in ("euler", "heun")}
    assert 0.8 < orders["euler"] < 1.2 and 1.7 < orders["heun"] < 2.3
    assert errors["heun", 32] < errors["euler", 64] / 2


@pytest.mark.parametrize(("solver", "steps", "calls"), [("euler", 4, 4), ("euler", 9, 9), ("heun", 4, 7)])
def test_the_settings_say_how_often_the_network_is_asked(monkeypatch, solver, steps, calls):
    config = FlowMatching.Config(**SMALL["flow"] | {"solver": solver, "steps": steps})
    model = FlowMatching(config).eval()
    asked, forward = [], Denoiser.forward

    def counted(self, noisy, times, labels):
        asked.append(len(noisy))
        return forward(self, noisy, times, labels)

    monkeypatch.setattr(Denoiser, "forward", counted)
    model.sample(torch.arange(10), torch.Generator().manual_seed(0))
    assert asked == [16] * calls


def test_the_loss_is_that_of_the_velocity(monkeypatch, noise):
    """At times t before 0.9 the error of x_1 - x_0 is that of x_1 over 1 - t."""
    model = FlowMatching(FlowMatching.Config(time_mean=-1, time_spread=0.3))
    images, seen = torch.rand(3, 1, SIZE, SIZE), []
    model.decoder.net.register_forward_hook(lambda net, given, output: seen.append((*given, output)))
    (loss,) = model.losses(images, LABELS).values()
    ((noisy, times, labels, predicted),) = seen
    t = times[:, None, None, None]
    start = (noisy - t * (2 * images - 1)) / (1 - t)
    assert 0.5 < start.std() < 1.5 and abs(start.mean()) < 0.1 and torch.equal(labels, LABELS)
    wanted = ((predicted - noisy) / (1 - t) - (2 * images - 1 - start)).square().mean()
    assert torch.allclose(loss, wanted, rtol=1e-4)


def test_black_and_white_are_painted_as_such():
    model = FlowMatching(FlowMatching.Config(**SMALL["flow"]))
    painted = model.paint(torch.tensor([-3.0, -1.0, 0.0, 1.0, 2.0]))
    assert painted.tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.slow
def test_it_learns_to_tell_two_images_apart():
    """A bar that lies for one label and stands for the other: samples are that bar."""
    bars = torch.zeros(2, 1, SIZE, SIZE)
    bars[0, 0, 12:16, 4:24] = bars[1, 0, 4:24, 12:16] = 1
    torch.manual_seed(0)
    model = FlowMatching(FlowMatching.Config(**SMALL["flow"] | {"lr": 5e-3}), ("-", "|")).start_training()
    labels = torch.arange(64) % 2
    before = model.evaluate(bars[labels], labels)["velocity"].detach()
    for _ in range(120):
        model.training_step(bars[labels], labels)
    assert model.evaluate(bars[labels], labels)["velocity"].detach() < before / 4
    drawn = model.eval().sample(labels, torch.Generator().manual_seed(0)) / 255
    away = (drawn[:, None] - bars[None, :, 0]).square().mean((2, 3))
    assert torch.equal(away.argmin(1), labels) and away.min(1).values.max() < 0.1 < away.max(1).values.min()
