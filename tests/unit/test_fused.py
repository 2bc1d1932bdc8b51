"""What is computed in fewer passes is what the usual way computes: layers, losses, masks, steps and drawing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ocrgen.generators.inference import fuse_for_inference
from ocrgen.generators.layers.fused import BernoulliLoss, LabelledLinear
from ocrgen.generators.models.cgan import CGAN, Dropout
from ocrgen.generators.models.cvae import CVAE
from ocrgen.generators.models.flow import FlowMatching
from ocrgen.utils.optim import FusedAdam

CASES = [(kind, preset) for kind in (CVAE, CGAN, FlowMatching) for preset in kind.presets]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def slopes(loss: torch.Tensor, *of: torch.Tensor) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, of))


@pytest.mark.parametrize("k", [10, 28])
def test_a_labelled_layer_is_a_dense_layer_over_the_concatenation(k):
    layer, labels = LabelledLinear(7, k, 5), torch.tensor([3, 3, 0, k - 1])
    x, weights = torch.randn(4, 7, requires_grad=True), torch.randn(4, 5)
    given = (x, layer.weight, layer.bias)
    ours = layer(x, labels)
    usual = F.linear(torch.cat([x, F.one_hot(labels, k).float()], 1), layer.weight, layer.bias)
    assert torch.allclose(ours, usual, atol=1e-6)
    found = zip(slopes((ours * weights).sum(), *given), slopes((usual * weights).sum(), *given), strict=True)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in found)


@pytest.mark.parametrize("scale", [0.1, 3.0, 60.0])
def test_the_bernoulli_loss_is_the_cross_entropy_of_the_pixels(scale):
    logits = (scale * torch.randn(6, 1, 9, 9)).requires_grad_()
    images = torch.rand(6, 1, 9, 9)
    ours = BernoulliLoss.apply(logits, images) / 6
    usual = F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / 6
    assert torch.allclose(ours, usual, rtol=1e-5)
    assert torch.allclose(*slopes(ours, logits), *slopes(usual, logits), atol=1e-6)


def test_in_half_the_precision_the_slope_is_too_and_the_loss_is_not():
    logits = torch.randn(6, 20).bfloat16().requires_grad_()
    loss = BernoulliLoss.apply(logits, torch.rand(6, 20))
    assert loss.dtype is torch.float32 and slopes(loss, logits)[0].dtype is torch.bfloat16


@pytest.mark.parametrize("level", [1, 100, 128, 255])
def test_pixels_count_as_ink_from_the_level_on(level):
    model = CVAE(CVAE.presets["paper"].model_copy(update={"binarize": level}))
    seen = []
    model.encoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    greys = torch.arange(784).remainder(256).reshape(1, 1, 28, 28)
    model.losses(greys / 255, torch.tensor([0]))
    assert torch.equal(seen[0], (greys >= level).float())


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropout_drops_its_share_and_keeps_the_mean(share, layout):
    h = torch.ones(16, 32, 15, 15).contiguous(memory_format=layout)
    dropped = Dropout(share)(h)
    assert dropped.is_contiguous(memory_format=layout)
    assert abs((dropped == 0).float().mean() - share) < 0.01 and abs(dropped.mean() - 1) < 0.03
    # Each place by itself: neither bits of a drawn word nor neighbours go together.
    zero = (dropped == 0).float().flatten() - share
    for apart in (1, 2, 4, 8, 64):
        assert abs((zero[:-apart] * zero[apart:]).mean()) < 0.01
    assert torch.equal(Dropout(share).eval()(h), h)


def test_adam_moves_channels_last_weights_as_any_other():
    one, other = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
    other.load_state_dict(one.state_dict())
    one.to(memory_format=torch.channels_last)
    steppers = FusedAdam(one, 1e-2), torch.optim.Adam(other.parameters(), 1e-2)
    for _ in range(5):
        x = torch.randn(2, 3, 8, 8)
        for net, optimiser in zip((one, other), steppers, strict=True):
            optimiser.zero_grad()
            net(x).square().mean().backward()
            optimiser.step()
    assert torch.allclose(one.weight, other.weight, atol=1e-6) and torch.allclose(one.bias, other.bias, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "preset"), CASES)
def test_a_ready_network_draws_what_the_sampler_draws(kind, preset):
    model = kind(kind.presets[preset]).start_training()
    for _ in range(3):  # normalisation has something to fold
        model.training_step(torch.rand(16, 1, 28, 28), torch.arange(16) % 10)
    codes, labels = torch.randn(20, model.noise_size), torch.arange(20) % 10
    model.sampler.eval()
    with torch.no_grad():
        usual, folded = model.sampler(codes, labels), fuse_for_inference(model.sampler, torch.float32)
        assert torch.allclose(folded(codes, labels), usual, atol=1e-4)
    assert not any(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in folded.modules())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "preset"), CASES)
def test_samples_follow_the_weights(kind, preset):
    model = kind(kind.presets[preset]).start_training()
    labels = torch.arange(10)

    def drawn() -> torch.Tensor:
        return model.sample(labels, torch.Generator().manual_seed(1))

    before = drawn()
    assert model.fused_sampler() is model.fused_sampler() and torch.equal(drawn(), before)
    kept = {k: v.clone() for k, v in model.sampler.state_dict().items()}
    model.training_step(torch.rand(16, 1, 28, 28), torch.arange(16) % 10)
    assert not torch.equal(drawn(), before)
    model.sampler.load_state_dict(kept)
    assert torch.equal(drawn(), before)
