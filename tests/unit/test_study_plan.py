"""A study's plan: what is compared, in which order, and on equal terms; and its settings' bounds."""

import shlex
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from ocrgen.__main__ import main
from ocrgen.cli.common import checked
from ocrgen.cli.study import asked
from ocrgen.datasets import load_data
from ocrgen.generators import generators
from ocrgen.runs.store import RunStore
from ocrgen.study.arms import Arm
from ocrgen.study.cells import TaskRunner
from ocrgen.study.config import PAPER_N, QUICK, StudyConfig, describe
from ocrgen.study.plan import blocks, plan
from ocrgen.study.sizes import check, default_sizes
from ocrgen.utils.errors import UserError

CONFIGS = [
    StudyConfig(dataset="digits", seeds=2, n=[60, 20]),
    StudyConfig(dataset="digits", seeds=2, protocol="paper", epochs=3),
    StudyConfig(dataset="digits", seeds=1, n=[60], generators=["cvae"], n_saliency=0, n_robustness=0),
    StudyConfig(dataset="digits", seeds=2, n=[60], protocol="pool", unlabelled=200),
]


def test_an_arms_name_says_all_of_it():
    every = [Arm("all"), Arm("all", True)]
    for protocol in ("fair", "pool", "paper"):
        config = StudyConfig(protocol=protocol, generators=list(generators()), synthetic="mine.npz")
        every += [*config.arms, *config.arms_alone]
        assert [arm.name for arm in config.arms[:2]] == ["real", "real+aug"]
    every = list(dict.fromkeys(every))
    assert len({arm.name for arm in every}) == len({arm.title for arm in every}) == len(every)
    assert [Arm.parse(arm.name) for arm in every] == every
    assert Arm("real", True, "cvae", True).name == "real+aug+cvae-filtered"
    assert Arm("real", False, "cvae").mixed and not Arm(generator="cvae").mixed and not Arm("real", True).mixed


@pytest.mark.parametrize("config", CONFIGS)
def test_what_a_cell_needs_comes_before_it(config):
    done = set()
    for cell in plan(config):
        assert cell.key not in done
        assert set(cell.needs) <= done, cell
        done.add(cell.key)
    assert done


@pytest.mark.parametrize("config", CONFIGS)
def test_all_arms_are_there_for_every_seed_and_size(config):
    readers = [(c.seed, c.n, c.arm.name) for c in plan(config) if c.kind == "reader" and c.n]
    names = [arm.name for arm in config.arms]
    assert sorted(readers) == sorted((s, n, a) for s in range(config.seeds) for n in config.sizes() for a in names)
    without = [(c.seed, c.arm.name) for c in plan(config) if c.kind == "reader" and not c.n and c.arm.real != "all"]
    paper = config.protocol == "paper"
    rendered = not paper and "rendered" in config.generators
    assert without == [(s, "aug+rendered") for s in range(config.seeds)] * rendered
    epochs = [c for c in plan(config) if c.kind == "epoch"]
    assert len(epochs) == (config.seeds * len(config.trained) * config.epochs if paper else 0)
    trained = [(c.seed, c.n, c.arm.name) for c in plan(config) if c.kind == "generator"]
    sizes = [0] if paper else config.sizes()
    assert sorted(trained) == sorted((s, n, g) for s in range(config.seeds) for n in sizes for g in config.trained)


def test_a_study_of_rendered_characters_alone_trains_no_generator():
    cells = plan(StudyConfig(dataset="digits", seeds=1, n=[60], generators=["rendered"]))
    assert {c.kind for c in cells} == {"reader", "saliency"}
    assert {c.arm.name for c in cells if c.kind == "saliency"} == {"real", "real+aug", "real+aug+rendered"}


@pytest.mark.parametrize("config", CONFIGS)
def test_the_terms_are_equal(config, tmp_path):
    """Nothing that learns has labels of more than n images, or of others than the rest of its seed and size has."""
    store = RunStore(tmp_path, shipped=None)
    cells = TaskRunner(store.create("study", config.model_dump(), "study"))
    train = {image.tobytes() for image in cells.data.train.images}
    of_seed = {}
    for cell in plan(config):
        labelled = cells.labelled(cell)
        n = cell.n or len(cells.data.train)
        assert len(labelled) == n and {image.tobytes() for image in labelled.images} <= train
        # The generator and all readers of a seed and size learn from the very same images.
        assert of_seed.setdefault((cell.seed, cell.n), labelled.fingerprint) == labelled.fingerprint
        if config.protocol == "fair" and cell.kind == "generator":
            assert cells.lessons(cell).fingerprint == labelled.fingerprint
        if config.protocol == "pool" and cell.n:
            pool = {image.tobytes() for image in cells.pool(cell).images}
            assert len(cells.pool(cell)) == 200 and not pool & {image.tobytes() for image in labelled.images}
    assert len(set(of_seed.values())) == len(of_seed) - (config.seeds - 1)  # all images are all


@pytest.mark.parametrize(("n", "classes", "steps"), [(0, 10, 2000), (100, 10, 400), (500, 10, 900), (280, 28, 1100)])
def test_more_images_are_learned_from_longer(n, classes, steps):
    assert StudyConfig().steps_at(n, classes) == steps
    assert StudyConfig(steps=70).steps_at(n, classes) == 70


def test_of_long_trainings_some_epochs_are_scored():
    config = StudyConfig(protocol="paper", epochs=100, scored=6, generators=["cvae"], seeds=1)
    assert config.scored_epochs() == [1, 3, 6, 16, 40, 100]
    assert [c.epoch for c in plan(config) if c.kind == "epoch"] == config.scored_epochs()
    assert StudyConfig(epochs=3, scored=5).scored_epochs() == StudyConfig(epochs=3).scored_epochs() == [1, 2, 3]


def test_a_study_until_decided_may_end_at_each_look_and_nowhere_else():
    config = StudyConfig(dataset="digits", n=[60], seeds=3, until_decided=True)
    parts = blocks(config)
    assert [len({c.seed for c in part}) for part in parts] == [8, 4, 4, 4]
    assert [c for part in parts for c in part] == plan(config)
    assert [len(part) for part in blocks(CONFIGS[0])] == [len(plan(CONFIGS[0]))]


def test_the_papers_protocol_compares_at_its_own_size():
    assert StudyConfig(protocol="paper").sizes() == [PAPER_N] == [500]
    assert StudyConfig(n=[500, 100, 500]).sizes() == [100, 500]
    assert StudyConfig(generators=["cgan", "cvae", "cgan"]).generators == ["cgan", "cvae"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"share": 0.0}, "share"),
        ({"share": 1.0}, "share"),
        ({"steps": 5}, "10 or more"),
        ({"matters": 0}, "matters"),
        ({"readers_per_task": 0}, "readers-per-task"),
        ({"precision": "fp8"}, "precision"),
        ({"protocol": "paper", "generators": ["rendered"]}, "needs a generator that is trained"),
        ({"n": [5]}, "20 or more"),
        ({"n": []}, "--n"),
        ({"generators": ["quill"]}, "no generator 'quill': choose from"),
        ({"generators": []}, "generators"),
        ({"seeds": 0}, "seeds"),
        ({"samples": 99}, "samples"),
        ({"confidence": 1.1}, "confidence"),
        ({"protocol": "loose"}, "protocol"),
        ({"sead": 1}, "sead"),
    ],
)
def test_bounds_are_told_in_one_line(values, named):
    with pytest.raises(ValidationError):
        StudyConfig(**values)
    with pytest.raises(UserError, match=named) as told:
        checked(StudyConfig, StudyConfig().model_dump() | values)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--n", "5"], "20 or more"),
        (["--share", "0"], "share"),
        (["--dataset", "digits", "--n", "60", "--synthetic", "/no/such"], "/no/such"),
        (["--generators", "quill"], "no generator 'quill'"),
        (["--seeds", "none"], "seeds"),
        (["--protocol", "loose"], "protocol"),
        (["--dataset", "digits", "--n", "5000"], "1,317 training images"),
        (["--dataset", "digits", "--n", "60", "--preset", "slow"], "no preset 'slow'"),
    ],
)
def test_mistakes_end_in_one_clear_line(args, message, capsys):
    try:
        code = main(["study", *args])
    except SystemExit as end:  # the flags' own parser
        code = end.code
    printed = capsys.readouterr()
    assert code == 2 and message in " ".join(printed.err.split()) and "Traceback" not in printed.err


def test_a_study_too_large_or_too_small_for_its_data_is_refused():
    train = load_data("digits").train
    check(StudyConfig(n=[len(train)]), train)
    with pytest.raises(UserError, match="choose n up to that"):
        check(StudyConfig(n=[len(train) + 1]), train)
    letters = replace(train, classes=tuple("abcdefghijklmnopqrst"))
    check(StudyConfig(n=[40]), letters)
    with pytest.raises(UserError, match="20 letters: choose n from 40 on, two images of each, not 39"):
        check(StudyConfig(n=[39, 100]), letters)


@pytest.mark.parametrize(("k", "sizes"), [(2, [20, 100, 200, 1000]), (10, [100, 500, 1000]), (28, [280]), (99, [990])])
def test_default_sizes_count_per_class_and_end_where_the_images_do(k, sizes):
    train = replace(load_data("digits").train, labels=np.arange(1317) % k, classes=tuple(f"word {i}" for i in range(k)))
    assert default_sizes(train) == sizes
    check(StudyConfig(n=default_sizes(train)), train)
    assert default_sizes(train[: 5 * k]) == [5 * k]


@pytest.mark.parametrize(("args", "n"), [([], [100, 500, 1000]), (["--n", "60"], [60]), (["--n=70"], [70])])
def test_a_study_takes_the_sizes_that_suit_its_data_unless_told(args, n):
    assert asked(["--dataset", "digits", *args])[0].n == n


@pytest.mark.parametrize(
    "config",
    [
        StudyConfig(),
        StudyConfig(**QUICK),
        StudyConfig(dataset='/data/it\'s mine/Zähler "2" $HOME', n=[20, 30], share=0.001, confidence=0),
        StudyConfig(until_decided=True, matters=0.4, readers_per_task=1, precision="fp32", protocol="pool"),
        StudyConfig(protocol="paper", reader="paper", preset="paper", generators=["cgan"], n_robustness=0, threads=2),
    ],
)
def test_the_command_of_a_study_asks_for_the_same_study(config):
    """Through the shell's own splitting and the flags' own parser."""
    words = shlex.split(describe(config))
    assert words[:4] == ["python", "-m", "ocrgen", "study"]
    assert asked(words[4:]) == (config, False, "")


def test_settings_of_earlier_versions_are_accepted_under_their_old_names():
    config = StudyConfig.model_validate({"least": 640, "looked": 0, "robust": 7})
    assert (config.min_epoch_images, config.n_saliency, config.n_robustness) == (640, 0, 7)
    both = StudyConfig.present_names({"robust": 1, "n_robustness": 2, "seeds": 3})
    assert both == {"n_robustness": 2, "seeds": 3}
    old, _, _ = asked(["--dataset", "digits", "--least", "640", "--looked=0", "--robust", "7"])
    new, _, _ = asked(["--dataset", "digits", "--min-epoch-images", "640", "--n-saliency=0", "--n-robustness", "7"])
    assert old == new and old.min_epoch_images == 640


def test_a_study_of_earlier_rules_is_known_by_its_shares():
    old = StudyConfig.model_validate({"shares": [0.05, 0.2], "validation": 1000, "steps": 400, "generators": ["cvae"]})
    assert (old.rules, old.readers_per_task, StudyConfig().rules) == (1, 1, 2)
    assert StudyConfig.model_validate(old.model_dump()) == old
    assert "real+cvae" in {arm.name for arm in old.arms} and not old.arms_alone
