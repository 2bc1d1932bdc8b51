"""What benchmarks stand on: counted work, networks of equal weight, sides measured in turn, ratios and their bounds."""

import numpy as np
import pytest
import torch

from ocrgen.benchmark import busy, classify_speed, verdicts
from ocrgen.benchmark.baselines.fullsize import FullSizeCGAN
from ocrgen.benchmark.baselines.pairs import pairs
from ocrgen.benchmark.baselines.plain import plain, plain_sample
from ocrgen.benchmark.benches import scaling
from ocrgen.benchmark.benches.claim import networks
from ocrgen.benchmark.counting import fit_width, multiply_adds, step_multiply_adds, weights
from ocrgen.benchmark.measure import Side, Times, interleave, ratios, spread
from ocrgen.benchmark.results import make_row
from ocrgen.generators import generators
from ocrgen.generators.layers.decoders import DECODERS, make_decoder
from ocrgen.generators.models.cgan import CGAN
from ocrgen.generators.models.cvae import CVAE
from ocrgen.runs.jobs import Cancelled
from tests.helpers.runs import NoStop

CLOSED_FORMS = {
    "mlp": lambda latent, w, k: (latent + k) * w + w * 784,
    "conv": lambda latent, w, k: (latent + k) * 49 * w + 49 * 9 * w * w + 49 * 9 * w * 16,
    # What comes in at 7x7, then at 14x14, is spread by kernels of 5x5.
    "transposed": lambda latent, w, k: (
        50 * 49 + latent * 49 * w + 49 * 25 * (w + 1) * (w // 2) + 14 * 14 * 25 * (w // 2)
    ),
}


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize(("latent", "width", "k"), [(10, 64, 10), (24, 32, 3), (24, 32, 62)])
def test_multiply_adds_are_those_of_the_closed_form_and_of_torch(kind, latent, width, k):
    from torch.utils.flop_counter import FlopCounterMode

    decoder = make_decoder(kind, latent, k, width)
    given = torch.randn(3, latent), torch.arange(3)
    assert multiply_adds(decoder, *given) == CLOSED_FORMS[kind](latent, width, k)
    with FlopCounterMode(display=False) as counter:
        decoder(*given)
    assert counter.get_total_flops() == 2 * 3 * multiply_adds(decoder, *given)
    assert not any(m._forward_hooks for m in decoder.modules())


def test_a_training_step_counts_forward_and_backward():
    config = CVAE.presets["paper"]
    forward = 794 * 512 + 512 * 20 + 20 * 512 + 512 * 784
    # Backward: once for the weights, once for what comes in; the pixels need no gradient, and the first layer looks the
    # label up, both ways, where others multiply.
    assert step_multiply_adds(CVAE(config)) == 3 * forward - 794 * 512 - 2 * 10 * 512


def test_networks_are_found_and_counted():
    cgan = networks(CGAN(CGAN.presets["fast"]))
    assert list(cgan) == ["decoder", "discriminator"]
    d = 49 * 9 * 16 * 64 + 16 * 9 * 64 * 128 + 2048 * 128 + 128
    assert cgan["discriminator"][1] == d
    cvae = networks(CVAE(CVAE.presets["paper"]))
    assert list(cvae) == ["decoder", "encoder"]
    assert cvae["encoder"] == (795 * 512 + 513 * 20, 794 * 512 + 512 * 20)


@pytest.mark.parametrize("target", [3, 49, 50, 170, 1000])
def test_the_nearest_width_is_found(target):
    found = fit_width(lambda w: w * w, target, 2, 30)
    assert abs(found**2 - target) == min(abs(w * w - target) for w in range(2, 31))


def test_equal_parameters_agree_within_two_percent():
    pair = pairs()["parameters"]
    cvae, cgan = CVAE(pair.cvae), CGAN(pair.cgan)
    drawn, other = weights(cvae.decoder), weights(cgan.decoder)
    assert abs(drawn / other - 1) < 0.02
    whole, theirs = drawn + weights(cvae.encoder), other + weights(cgan.discriminator)
    assert abs(whole / theirs - 1) < 0.02


def test_the_other_ways_differ_in_one_thing():
    found = pairs()
    assert found["paper"].cvae == CVAE.presets["paper"] and found["paper"].cgan == CGAN.presets["paper"]
    same = found["decoder"]
    cvae, cgan = CVAE(same.cvae), CGAN(same.cgan)
    assert [p.shape for p in cvae.decoder.parameters()] == [p.shape for p in cgan.decoder.parameters()]
    assert same.cgan == CGAN.presets["paper"] and same.cvae.width == CVAE.presets["paper"].width


def test_the_full_size_gan_has_as_many_weights_and_learns():
    config = CGAN.presets["fast"]
    full, ours = FullSizeCGAN(config), CGAN(config)
    counts = [weights(m.decoder, m.discriminator) for m in (full, ours)]
    assert abs(counts[0] / counts[1] - 1) < 0.02
    losses = full.start_training().training_step(torch.rand(4, 1, 28, 28), torch.arange(4))
    assert all(v.isfinite() for v in losses.values())
    assert full.sample(torch.arange(10)).shape == (10, 28, 28)


class World:
    """A clock that runs on when something is done, and a machine that grows slower all the while."""

    def __init__(self, drift: float = 0.0):
        self.cpu, self.wall, self.drift, self.log = 0.0, 0.0, drift, []

    def now(self) -> tuple[float, float]:
        return self.cpu, self.wall

    def does(self, name: str, cost: float):
        def run():
            self.log.append(name)
            spent = cost * (1 + self.drift) ** len(self.log)
            self.cpu, self.wall = self.cpu + spent, self.wall + 3 * spent

        return run


def test_sides_are_measured_in_turn_without_the_warm_up():
    world = World()
    # The first call of a side pays for what is made once.
    slow = iter([50.0] + [2.0] * 100)
    sides = [Side("a", world.does("a", 1.0), 10), Side("b", lambda: world.does("b", next(slow))(), 10)]
    a, b = interleave(sides, 4, 1.0, now=world.now)
    # a lasts a second: two calls to know it, then one a round; b's long first call stands for itself.
    assert "".join(world.log) == "aab" + "ab" * 4
    assert a.cpu.tolist() == [1.0] * 4 and b.cpu.tolist() == [2.0] * 4 and b.wall.tolist() == [6.0] * 4
    assert ratios(a, b).tolist() == [2.0] * 4 and ratios(b, a).tolist() == [0.5] * 4
    assert a.figure("images per second") == pytest.approx(10 / 3) and a.figure("images per second", cpu=True) == 10
    assert b.figure("ms") == 6000 and b.figure("seconds", cpu=True) == 2


def test_short_calls_are_repeated_and_amounts_count():
    world = World()
    sides = [Side("a", world.does("a", 0.1), 8), Side("b", world.does("b", 0.3), 6)]
    a, b = interleave(sides, 2, 1.0, now=world.now)
    assert "".join(world.log) == "aabb" + 2 * ("a" * 10 + "b" * 3)
    assert a.cpu == pytest.approx([0.1] * 2)
    assert ratios(a, b) == pytest.approx([(0.3 / 6) / (0.1 / 8)] * 2)


def test_a_machine_that_slows_down_hardly_moves_a_paired_ratio():
    world = World(drift=0.02)
    a, b = interleave([Side("a", world.does("a", 1.0)), Side("b", world.does("b", 2.0))], 9, 1.0, now=world.now)
    assert len(a.cpu) == 9 and a.cpu[-1] > 1.3 * a.cpu[0]
    assert ratios(a, b) == pytest.approx([2 * 1.02] * 9)


@pytest.mark.parametrize(("cost", "rounds"), [(100.0, 3), (15.0, 4), (1.0, 9)])
def test_comparisons_of_long_calls_end_early_but_not_before_the_third_round(cost, rounds):
    world = World()
    (times,) = interleave([Side("a", world.does("a", cost))], 9, 1.0, now=world.now)
    assert len(times.cpu) == rounds


def test_a_stop_is_heard_between_measurements():
    world = World()
    with pytest.raises(Cancelled):
        interleave([Side("a", world.does("a", 1.0))], 9, 1.0, NoStop(4), now=world.now)
    assert len(world.log) == 4


def test_bounds_of_few_and_of_many():
    assert spread([2.0]) == (2.0, None, None)
    assert spread([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    values = np.random.default_rng(1).normal(5, 1, 101)
    middle, low, high = spread(values)
    assert middle == np.median(values)
    # The standard error of a median of n from N(5, 1) is 1.2533 / sqrt(n).
    assert high - low == pytest.approx(2 * 1.96 * 1.2533 / np.sqrt(101), rel=0.35) and low < 5 < high
    assert spread(values) == (middle, low, high)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (10, 12, "holds"),
        (9.9, 12, "undecided"),
        (2, 9.99, "does not hold"),
        (9, 10, "undecided"),
        (None, None, "undecided"),
    ],
)
def test_ten_times_faster_is_judged_by_the_bounds(low, high, said):
    assert classify_speed(low, high) == said
    about = {"bench": "claim", "unit": "images per second", "ratio": 11.0, "value": 1.0}
    row = make_row(subject="CVAE, paper, sampling", low=low, high=high, n=10, **about)
    (verdict,) = verdicts([row, make_row(bench="claim", subject="CVAE, paper", unit="seconds", value=1.0)])
    assert (verdict.verdict, verdict.way, verdict.what) == (said, "paper", "sampling")
    assert "11" in verdict.words and said in verdict.words


def test_a_quick_benchmark_gives_no_verdict():
    row = make_row(
        bench="claim", unit="images per second", subject="CVAE, paper, training", ratio=5.2, low=5, high=6, n=3
    )
    (verdict,) = verdicts([row], quick=True)
    assert verdict.verdict == "undecided" and "no verdict" in verdict.words and "does not hold" not in verdict.words


@pytest.mark.parametrize(
    ("load", "processors", "said"), [(0.1, 1, False), (1.16, 2, False), (1.8, 2, True), (15, 2, True), (None, 2, False)]
)
def test_a_machine_is_busy_where_a_benchmark_would_have_to_share(load, processors, said):
    assert busy(load, processors) == said


def test_the_exponent_of_a_power_law():
    times = [Times("a", 1, 3e-6 * d**2.5 * np.ones(4), np.ones(4)) for d in (10, 20, 80)]
    found = scaling.exponent([10, 20, 80], times)
    assert found["mean"] == pytest.approx(2.5) and found["low"] == pytest.approx(found["high"]) and found["n"] == 4


TRAINED = [(name, preset) for name, kind in generators().items() if kind.trains for preset in kind.presets]


@pytest.mark.parametrize(("name", "preset"), TRAINED)
def test_the_plain_way_draws_the_same_images(name, preset):
    kind = generators()[name]
    torch.manual_seed(0)
    ours = kind(kind.presets[preset]).eval()
    torch.manual_seed(0)
    theirs = plain(kind(kind.presets[preset])).eval()
    assert all(p.is_contiguous() for p in theirs.parameters())
    assert all(type(o).__module__.startswith("torch.optim") for o in theirs.optimisers)
    noise, labels = torch.randn(8, ours.noise_size), torch.arange(8)
    with torch.no_grad():
        codes = ours.codes(noise, labels)
        assert torch.allclose(ours.sampler(codes, labels), theirs.sampler(codes, labels), atol=1e-4)
    drawn = plain_sample(theirs, labels)
    assert drawn.shape == (8, 1, 28, 28) and drawn.dtype == np.uint8
