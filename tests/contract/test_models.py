"""Every generator keeps the same contract; a third one needs a file and nothing else."""

import copy

import pytest
import torch
from pydantic import ValidationError

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.generators import generators
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.generators.checkpoint import load_generator, save_weights
from ocrgen.utils.errors import UserError
from ocrgen.utils.optim import FusedAdam
from tests.helpers.runs import SMALL

CASES = [(name, preset) for name, model in generators().items() for preset in model.presets]
TRAINED = [(name, preset) for name, preset in CASES if generators()[name].trains]
DECODERS = [(name, decoder) for name in ("cvae", "cgan") for decoder in ("mlp", "conv", "transposed")]


def build(name: str, preset: str = "", classes: tuple[str, ...] = DIGITS, **changes):
    torch.manual_seed(0)
    model, changes = generators()[name], SMALL.get(name, {}) | changes
    return model(
        model.Config.model_validate(model.presets[preset or model.default_preset()].model_dump() | changes), classes
    )


def batch(n: int = 16, k: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 1, 28, 28, generator=generator), torch.randint(0, k, (n,), generator=generator)


@pytest.mark.parametrize(("name", "preset"), TRAINED)
def test_a_step_learns_and_reports_finite_scalars(name, preset):
    model = build(name, preset).start_training()
    before = [p.clone() for p in model.decoder.parameters()]
    losses = model.training_step(*batch())
    assert losses and all(v.ndim == 0 and v.isfinite() and not v.requires_grad for v in losses.values())
    assert any((a != b).any() for a, b in zip(before, model.decoder.parameters(), strict=True))
    model.eval()
    with torch.no_grad():
        assert all(v.isfinite() for v in model.evaluate(*batch()).values())


@pytest.mark.parametrize(("name", "preset"), CASES)
@pytest.mark.parametrize("k", [2, 28, 100])
def test_any_number_of_classes_is_learned_and_drawn(name, preset, k, tmp_path):
    classes = tuple(f"w{i}" for i in range(k))
    narrow = {"decoder_width": 16, "discriminator_width": 8} if (name, preset) == ("cgan", "paper") else {}
    model = build(name, preset, classes, **narrow)
    if model.trains:
        model.start_training().training_step(*batch(k=k))
        model.eval()
        with torch.no_grad():
            assert all(v.isfinite() for v in model.evaluate(*batch(k=k)).values())
    images = model.sample(torch.arange(k), torch.Generator().manual_seed(0))
    assert images.shape == (k, 28, 28)
    with pytest.raises(ValueError, match=f"0 to {k - 1}"):
        model.sample(torch.tensor([k]))
    file = tmp_path / "run" / "weights" / "epoch-001.safetensors"
    file.parent.mkdir(parents=True)
    about = {"model": name, "config": model.config.model_dump(), "classes": classes}
    save_weights(model, about, file)
    again = load_generator(file)
    assert again.classes == classes
    assert torch.equal(images, again.sample(torch.arange(k), torch.Generator().manual_seed(0)))
    for damaged in (classes[:-1], [*classes[:-1], classes[0]], "w0"):
        save_weights(model, about | {"classes": damaged}, file)
        with pytest.raises(UserError, match=r"run/epoch-001\.safetensors does not fit its own description"):
            load_generator(file)


@pytest.mark.parametrize(("name", "preset"), CASES)
def test_samples_are_labelled_digits_of_a_seed(name, preset):
    model = build(name, preset).eval()
    labels = torch.arange(10).repeat(20)
    images = model.sample(labels, torch.Generator().manual_seed(1))
    assert images.shape == (200, 28, 28) and images.dtype == torch.uint8
    assert torch.equal(images, model.sample(labels, torch.Generator().manual_seed(1)))
    assert not torch.equal(images, model.sample(labels, torch.Generator().manual_seed(2)))


@pytest.mark.parametrize(("name", "preset"), CASES)
@pytest.mark.parametrize("n", [1, 9, 64, 129, 300])
def test_samples_do_not_depend_on_how_many_are_asked_for(name, preset, n):
    model = build(name, preset).eval()
    labels = torch.arange(10).repeat(40)
    many = model.sample(labels, torch.Generator().manual_seed(3))
    few = model.sample(labels[:n], torch.Generator().manual_seed(3))
    assert torch.equal(few, many[:n])


@pytest.mark.parametrize("name", generators())
def test_what_cannot_be_sampled_is_refused(name):
    model = build(name)
    assert model.sample(torch.empty(0, dtype=torch.long)).shape == (0, 28, 28)
    with pytest.raises(ValueError, match="at most"):
        model.sample(torch.zeros(MAX_SAMPLES + 1, dtype=torch.long))
    with pytest.raises(ValueError, match="0 to 9"):
        model.sample(torch.tensor([10]))


@pytest.mark.parametrize(("name", "decoder"), DECODERS)
def test_cvae_and_cgan_can_share_every_decoder(name, decoder):
    model = build(name, decoder=decoder, latent=16, decoder_width=16).start_training()
    model.training_step(*batch())
    assert model.sample(torch.arange(10)).shape == (10, 28, 28)


@pytest.mark.parametrize("decoder", ["mlp", "conv", "transposed"])
def test_a_shared_decoder_has_the_same_capacity_in_both(decoder):
    sizes = {
        sum(p.numel() for p in net.parameters())
        for net in (
            build("cvae", decoder=decoder, latent=16, decoder_width=16).decoder.net,
            build("cgan", decoder=decoder, latent=16, decoder_width=16).decoder,
        )
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("name", dict(TRAINED))
def test_the_sampler_averages_the_decoder(name):
    model = build(name, ema=0.9).start_training()
    for _ in range(5):
        model.training_step(*batch())
    pairs = list(zip(model.sampler.parameters(), model.decoder.parameters(), strict=True))
    assert any((a != b).any() for a, b in pairs)
    assert all((a - b).abs().max() < 1 for a, b in pairs)
    still = build(name, ema=0).start_training()
    still.training_step(*batch())
    pairs = zip(still.sampler.parameters(), still.decoder.parameters(), strict=True)
    # At the first update the decay is min(ema, 0.1) = 0: the average is the decoder itself.
    assert all(torch.allclose(a, b) for a, b in pairs)


@pytest.mark.parametrize("ema", [0.15, 0.998])
@pytest.mark.parametrize("name", dict(TRAINED))
def test_the_average_warms_up(name, ema):
    """Without it the first samples would be drawn by weights that are mostly those of the beginning."""
    model = build(name, ema=ema).start_training()
    average = [p.clone() for p in model.sampler.parameters()]
    for decay in (1 / 10, 2 / 11, 3 / 12, 4 / 13):
        model.training_step(*batch())
        rows = zip(average, model.decoder.parameters(), strict=True)
        average = [torch.lerp(p, a, min(ema, decay)) for a, p in rows]
        for a, p in zip(average, model.sampler.parameters(), strict=True):
            torch.testing.assert_close(p, a)


def discriminator_gradients(updates: int, **changes) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The gradients that move a fresh discriminator at a step, and those of the R1 penalty there."""
    images, labels = batch()
    model = build("cgan", **changes).start_training()
    parameters = list(model.discriminator.parameters())
    penalty = model.r1_penalty(images.clone(), labels)
    of_penalty = torch.autograd.grad(penalty, parameters, allow_unused=True, materialize_grads=True)
    model.updates = updates
    torch.manual_seed(1)
    model.training_step(images, labels)
    return [p.grad for p in parameters], list(of_penalty)


@pytest.mark.parametrize(("every", "updates", "times"), [(16, 0, 16), (16, 1, 0), (16, 15, 0), (16, 32, 16), (1, 5, 1)])
def test_a_penalty_at_every_kth_step_counts_k_times(every, updates, times):
    without, _ = discriminator_gradients(updates, r1=0)
    found, penalty = discriminator_gradients(updates, r1=100, r1_every=every)
    assert max(g.abs().max() for g in penalty) > 1e-4
    for a, b, g in zip(found, without, penalty, strict=True):
        torch.testing.assert_close(a, b + 0.5 * 100 * times * g, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", dict(TRAINED))
def test_training_state_carries_everything(name):
    one = build(name).start_training()
    one.training_step(*batch())
    other = build(name).start_training()
    other.load_training_state(copy.deepcopy(one.training_state()))
    for model in (one, other):
        torch.manual_seed(5)
        model.training_step(*batch())
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_fused_adam_steps_like_torchs():
    def module():
        torch.manual_seed(0)
        return torch.nn.Sequential(
            torch.nn.Linear(7, 5), torch.nn.Linear(5, 3), torch.nn.Linear(9, 9)
        )  # the last unused

    ours, theirs = module(), module()
    one = FusedAdam(ours, 1e-2, (0.5, 0.99))
    other = torch.optim.Adam(theirs.parameters(), 1e-2, (0.5, 0.99), fused=True)
    x = torch.randn(20, 11, 7)
    for i in range(20):
        for net, optimiser in ((ours, one), (theirs, other)):
            optimiser.zero_grad(set_to_none=True)
            net[:2](x[i]).square().sum().backward()
            optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_the_papers_architectures():
    cvae, cgan = build("cvae", "paper"), build("cgan", "paper")
    shapes = [tuple(p.shape) for p in cvae.decoder.parameters()]
    assert shapes == [(512, 20), (512,), (784, 512), (784,)]
    assert [tuple(p.shape) for p in cvae.encoder.parameters()] == [(512, 794), (512,), (20, 512), (20,)]
    shapes = {tuple(p.shape) for p in cgan.decoder.parameters()}
    assert {(10, 50), (49, 50), (18816, 100), (385, 192, 5, 5), (192, 1, 5, 5)} <= shapes
    channels = [p.shape[:2] for p in cgan.discriminator.net.parameters() if p.ndim == 4]
    assert channels == [(32, 1), (64, 32), (128, 64), (256, 128)]
    real, digit = cgan.discriminator(*batch(4))
    assert real.shape == (4,) and digit.shape == (4, 10)
    # "All weights were initialised from N(0, 0.02)": the embedding of the labels, too.
    assert all(abs(p.std().item() - 0.02) < 0.004 for p in cgan.parameters() if p.ndim > 1)
    assert cvae.config.batch == cgan.config.batch == 16


def test_the_mixture_learns_where_codes_lie_and_does_not_move_them():
    model = build("cvae").start_training()
    model.losses(*batch())["prior"].backward()
    assert all(p.grad.abs().sum() > 0 for p in model.decoder.prior.parameters())
    assert all(p.grad is None for p in [*model.encoder.parameters(), *model.decoder.net.parameters()])


def test_a_mixture_too_large_to_hold_is_refused():
    with pytest.raises(ValidationError, match="lower one of them"):
        build("cvae", parts=64, latent=128)


def test_the_cvaes_loss_is_the_evidence_bound_in_nats():
    model = build("cvae", "paper")
    images, labels = batch(64)
    torch.manual_seed(0)
    losses = model.losses(images, labels)
    assert torch.allclose(losses["loss"], losses["reconstruction"] + losses["kl"])
    # An untrained decoder gives every pixel about one half: ln 2 nats a pixel.
    assert abs(losses["reconstruction"].item() / 784 - 0.693) < 0.02
    assert losses["kl"].item() >= 0
