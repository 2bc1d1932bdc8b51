"""Benchmarks: what they count and compute is exact, whatever the time on the clock; no test asserts a speed."""

import json
import sys

import numpy as np
import pytest
import torch

from ocrgen import Problem, models
from ocrgen.__main__ import main
from ocrgen.benchmark import KEYS, judge, quality, read_benchmark, reader, runner, scaling, train, verdicts
from ocrgen.benchmark.claim import networks, trainings
from ocrgen.benchmark.counting import fit_width, multiply_adds, step_multiply_adds, weights
from ocrgen.benchmark.fullsize import FullSizeCGAN
from ocrgen.benchmark.lab import Lab
from ocrgen.benchmark.measure import Side, Times, interleave, ratios, spread
from ocrgen.benchmark.plain import plain, plain_sample
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.results import FILE, make_row, write_benchmark
from ocrgen.benchmark.ways import pairs
from ocrgen.jobs import Cancelled
from ocrgen.models import generators
from ocrgen.models.cgan import CGAN
from ocrgen.models.cvae import CVAE
from ocrgen.models.decoders import DECODERS, make_decoder
from ocrgen.store import RunStore

CLOSED_FORMS = {
    "mlp": lambda latent, w: (latent + 10) * w + w * 784,
    "conv": lambda latent, w: (latent + 10) * 49 * w + 49 * 9 * w * w + 49 * 9 * w * 16,
    # What comes in at 7x7, then at 14x14, is spread by kernels of 5x5.
    "transposed": lambda latent, w: 50 * 49 + latent * 49 * w + 49 * 25 * (w + 1) * (w // 2) + 14 * 14 * 25 * (w // 2),
}


class NoStop:
    """A stop that nobody asks for, or that comes when asked for the nth time."""

    def __init__(self, after: int | None = None):
        self.after, self.gentle = after, False

    def __call__(self) -> bool:
        if self.after is not None:
            self.after -= 1
        return self.after is not None and self.after < 0


def make(store: RunStore, **settings):
    values = {"what": "distance", "quick": True, "dataset": "digits", "repeats": 2} | settings
    return store.create("benchmark", BenchmarkConfig(**values).model_dump(), "benchmark")


def lab(store: RunStore, data=None, **settings) -> Lab:
    run = make(store, **settings)
    at_work = Lab(run, BenchmarkConfig.model_validate(run.request["settings"]))
    at_work.bench = settings.get("what", "distance")
    if data:
        at_work.data = data
    return at_work


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize(("latent", "width"), [(10, 64), (24, 32)])
def test_multiply_adds_are_those_of_the_closed_form_and_of_torch(kind, latent, width):
    from torch.utils.flop_counter import FlopCounterMode

    decoder = make_decoder(kind, latent, width)
    given = torch.randn(3, latent), torch.arange(3)
    assert multiply_adds(decoder, *given) == CLOSED_FORMS[kind](latent, width)
    with FlopCounterMode(display=False) as counter:
        decoder(*given)
    assert counter.get_total_flops() == 2 * 3 * multiply_adds(decoder, *given)
    assert not any(m._forward_hooks for m in decoder.modules())


def test_a_training_step_counts_forward_and_backward():
    config = CVAE.presets["paper"]
    forward = 794 * 512 + 512 * 20 + 20 * 512 + 512 * 784
    # Backward: once for the weights, once for what comes in; the pixels need no gradient.
    assert step_multiply_adds(CVAE(config)) == 3 * forward - 794 * 512


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
    assert judge(low, high) == said
    about = {"bench": "claim", "unit": "images per second", "ratio": 11.0, "value": 1.0}
    row = make_row(subject="CVAE, paper, sampling", low=low, high=high, n=10, **about)
    (verdict,) = verdicts([row, make_row(bench="claim", subject="CVAE, paper", unit="seconds", value=1.0)])
    assert (verdict["verdict"], verdict["way"], verdict["what"]) == (said, "paper", "sampling")
    assert "11" in verdict["words"] and said in verdict["words"]


def test_the_exponent_of_a_power_law():
    times = [Times("a", 1, 3e-6 * d**2.5 * np.ones(4), np.ones(4)) for d in (10, 20, 80)]
    found = scaling.exponent([10, 20, 80], times)
    assert found["mean"] == pytest.approx(2.5) and found["low"] == pytest.approx(found["high"]) and found["n"] == 4


@pytest.mark.parametrize(("name", "preset"), [(k.name, p) for k in (CVAE, CGAN) for p in k.presets])
def test_the_plain_way_draws_the_same_images(name, preset):
    kind = generators()[name]
    torch.manual_seed(0)
    ours = kind(kind.presets[preset]).eval()
    torch.manual_seed(0)
    theirs = plain(kind(kind.presets[preset])).eval()
    assert all(p.is_contiguous() for p in theirs.parameters())
    assert all(type(o).__module__.startswith("torch.optim") for o in theirs.optimisers)
    noise, labels = torch.randn(8, ours.config.latent), torch.arange(8)
    with torch.no_grad():
        codes = ours.codes(noise, labels)
        assert torch.allclose(ours.sampler(codes, labels), theirs.sampler(codes, labels), atol=1e-4)
    drawn = plain_sample(theirs, labels)
    assert drawn.shape == (8, 1, 28, 28) and drawn.dtype == np.uint8


def test_the_verb_prints_a_list_of_whole_rows(capsys):
    assert main(["benchmark", "distance", "--quick", "--json", "--dataset", "digits", "--repeats", "2"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(tuple(row) == KEYS or set(row) == set(KEYS) for row in rows)
    assert {row["size"] for row in rows} == {64, 192} and {row["bench"] for row in rows} == {"distance"}
    assert all(row["value"] > 0 and row["cpu_value"] > 0 and row["against_value"] > 0 for row in rows)
    assert all(row["low"] <= row["ratio"] <= row["high"] and row["n"] == 2 and row["threads"] == 1 for row in rows)
    against = {row["against"] for row in rows}
    assert any("scipy" in a for a in against) and any("torchmetrics" in a for a in against)
    # All ways come to one value.
    assert all(float(row["note"].split("differ by ")[1].split(";")[0]) < 1e-6 for row in rows)
    (run,) = RunStore(shipped=None).list()
    assert run.state == "done" and run.request["verb"] == "benchmark" and run.status["step"] == run.status["total"]
    assert read_benchmark(run)["done"] == ["distance"]
    machine = read_benchmark(run)["machine"]
    assert machine["cpu"] and machine["cores"] >= 1 and machine["threads"] == 1 and machine["method"]
    assert main(["benchmark", "distance", "--repeats", "101"]) == 2
    assert "repeats" in capsys.readouterr().err


def test_the_table_stands_in_columns(capsys):
    from ocrgen.cli.benchmark import _print

    store = RunStore(shipped=None)
    rows = [
        make_row(bench="train", subject="CVAE fast", against="plain", ratio=2.0, low=1.5, high=2.5, value=12345.6),
        make_row(bench="claim", subject="CVAE, paper, training", unit="images per second", value=3.0, ratio=12.0,
                 low=11.0, high=13.0),
        make_row(bench="scaling", subject="distance", unit="exponent", value=2.5, low=2.4, high=2.6, size=None),
    ]  # fmt: skip
    run = make(store)
    write_benchmark(run, {"machine": runner.machine(1), "rows": rows, "done": []})
    _print(run, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("bench "))
    column = lines[head].index("against")
    assert lines[head + 1][column:] == "plain" and "12,346" in lines[head + 1]
    assert lines[-1].endswith('"Ten times faster" holds.')


def test_a_stopped_benchmark_keeps_what_is_done_and_does_the_rest_again(store):
    run = make(store)
    kept = make_row(bench="train", subject="kept", value=1.0)
    half = make_row(bench="distance", subject="half", value=1.0)
    write_benchmark(run, {"machine": runner.machine(1), "rows": [kept, half], "done": ["train"]})
    with pytest.raises(Cancelled):
        runner.work(run, NoStop(6), lambda step, total: None)
    assert read_benchmark(run)["done"] == ["train"] and read_benchmark(run)["rows"][0] == kept
    shown = []
    runner.work(run, NoStop(), lambda step, total: shown.append((step, total)))
    found = read_benchmark(run)
    assert found["rows"][0] == kept and found["done"] == ["train", "distance"]
    assert len(found["rows"]) > 4 and "half" not in {row["subject"] for row in found["rows"]}
    assert shown[-1] == (2, 2) and not (run.path / "trainings").exists()
    # A further time there is nothing left to do.
    before = (run.path / FILE).read_bytes()
    runner.work(run, NoStop(), lambda step, total: None)
    assert (run.path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"machine": {}, "rows": []}',
        b'{"machine": {}, "rows": [{"bench": "train"}], "done": []}',
        b'{"machine": {}, "rows": 7, "done": []}',
        b"\xff",
    ],
)
def test_damaged_results_are_a_problem(store, content):
    run = make(store)
    with pytest.raises(Problem, match="no results yet"):
        read_benchmark(run)
    (run.path / FILE).write_bytes(content)
    with pytest.raises(Problem, match=r"benchmark\.json is damaged"):
        read_benchmark(run)
    with pytest.raises(Problem, match=r"benchmark\.json is damaged"):
        runner.work(run, NoStop(), lambda step, total: None)


def test_results_of_two_machines_are_not_mixed(store):
    run = make(store)
    row = make_row(bench="train", subject="a", value=1.0)
    there = runner.machine(1) | {"cpu": "an abacus"}
    write_benchmark(run, {"machine": there, "rows": [row], "done": ["train"]})
    with pytest.raises(Problem, match="another machine"):
        runner.work(run, NoStop(), lambda step, total: None)


def test_without_mnist_the_bundled_digits_are_used_and_told(store, monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    at_work = lab(store, dataset="mnist")
    assert at_work.data.train.name == "digits"
    assert "mnist is not at hand" in at_work.row(subject="a", value=1.0)["note"]
    with pytest.raises(Problem, match="no data set"):
        _ = lab(store, dataset="/no/such/folder").data


def test_a_dropped_in_generator_is_measured(store, small, monkeypatch, tmp_path):
    (tmp_path / "third.py").write_text(
        "from ocrgen.models.cvae import CVAE\n\n\n"
        "class Third(CVAE):\n"
        '    """A third generator."""\n\n'
        '    name, title = "third", "Third"\n'
        '    presets = {"tiny": CVAE.Config(batch=8, latent=4, width=16, depth=1, decoder="mlp", decoder_width=16)}\n'
    )
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    generators.cache_clear()
    try:
        at_work = lab(store, small, what="train", repeats=1)
        part = next(p for p in train.parts(at_work) if "Third tiny" in p.args)
        (row,) = part()
        assert row["subject"] == "Third tiny" and row["size"] == 8 and row["ratio"] > 0 and row["n"] == 1
        assert row["low"] is None and row["unit"] == "images per second"
    finally:
        generators.cache_clear()
        sys.modules.pop("ocrgen.models.third", None)


def test_trainings_are_repeated_from_seeds_of_their_own(store, small):
    at_work = lab(store, small, what="claim", repeats=2)
    rows = list(trainings(at_work, "parameters", pairs()["parameters"]))
    points = [(row["subject"], row["size"]) for row in rows if row["unit"] == "seconds"]
    assert points == [(f"{title}, parameters", i) for i in (1, 2) for title in ("CVAE", "CGAN")]
    mean = rows[-1]
    assert mean["subject"] == "CVAE, parameters, training" and mean["n"] == 2
    times = {t: [r["cpu_value"] for r in rows if r["subject"] == f"{t}, parameters"] for t in ("CVAE", "CGAN")}
    each = np.divide(times["CGAN"], times["CVAE"])
    assert mean["ratio"] == pytest.approx(each.mean())
    # Student's t with one degree of freedom.
    assert mean["high"] - mean["ratio"] == pytest.approx(12.7062 * each.std(ddof=1) / np.sqrt(2), rel=1e-4)


def test_readers_are_timed_for_the_epochs_that_validation_asks_for(store, small, monkeypatch):
    monkeypatch.setattr(reader, "TARGETS", {"digits": 0.5})
    (row,) = reader.to_target(lab(store, small, what="reader", quick=False))
    assert row["n"] == 2 and row["unit"] == "seconds" and row["ratio"] > 0 and row["size"] == len(small.train)
    for recipe in reader.RECIPES:
        epochs = float(row["note"].split(f"{recipe.name}: ")[1].split(" epochs")[0])
        taught, _ = recipe.train(lab(store, small), small, epochs, 0)
        # As many as are needed by the seed that they were found with, and, of separate trainings, no more.
        assert reader.accuracy(taught, small.validation) >= 0.5
        if not recipe.grow and epochs > 1:
            fewer, _ = recipe.train(lab(store, small), small, epochs - recipe.step, 0)
            assert reader.accuracy(fewer, small.validation) < 0.5


def test_quality_is_read_off_at_each_budget(store, small, monkeypatch):
    monkeypatch.setattr(quality, "BUDGETS", {"cvae": (0.05, 0.2)})
    monkeypatch.setattr(quality, "PER_DIGIT", 20)
    monkeypatch.setattr(quality, "STEPS", 8)
    at_work = lab(store, small, what="quality")
    part = next(p for p in quality.parts(at_work) if CVAE in p.args)
    rows = list(part())
    assert [row["size"] for row in rows] == [0.05, 0.2] and all(row["unit"] == "accuracy" for row in rows)
    assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in rows)
    assert all(f"{len(small.test)} test images" in row["note"] for row in rows)
    steps = [int(row["note"].split(" CPU seconds, ")[1].split(" steps")[0].replace(",", "")) for row in rows]
    assert steps[0] < steps[1]
    (trained,) = (at_work.run.path / "trainings").iterdir()
    assert not (trained / "resume.pt").exists() and len(list(trained.glob("weights/*"))) <= 1


def test_the_interval_of_a_share():
    assert quality.wilson(0.5, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    assert quality.wilson(1.0, 10)[1] == pytest.approx(1.0)
