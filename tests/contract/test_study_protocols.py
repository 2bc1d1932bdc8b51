"""Real small studies by each protocol, of small data of one's own, and until decided."""

import json

import numpy as np

from ocrgen.datasets import load_data
from ocrgen.study import read_results
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import UNTESTED, packed
from ocrgen.study.plan import plan
from tests.helpers.studies import N, create, execute, log_of

PAPERS = {"real", "real+aug", *(a + f for a in ("cvae", "real+cvae", "real+aug+cvae") for f in ("", "-filtered"))}


def test_the_papers_protocol(store):
    """Its generators have seen all labelled images, and every arm that uses one says so."""
    run = create(store, protocol="paper")
    assert execute(run, store) == "done"
    train, validation, _ = map(len, load_data("digits"))
    found = read_results(run)
    readers = found.summary.query("kind == 'reader' and n_real == 500 and metric == 'accuracy'").set_index("arm")
    assert set(readers.index) == PAPERS
    for arm, row in readers.iterrows():
        assert row.n_labelled == (train if "cvae" in arm else 500)
    epochs = found.table.query("kind == 'epoch'")
    assert set(epochs.metric) >= {"lfid_64", "lfid_192", "lfid_768", "fid_2048", "coverage", "accuracy", "gan_test"}
    assert set(epochs.n_labelled) == {train} and set(epochs.n_validation) == {validation} and set(epochs.epoch) == {1}


def test_a_pool_and_characters_from_fonts(store):
    """Every way of a pool, with readers that label it, and characters that need no label."""
    run = create(store, protocol="pool", generators=["rendered", "cvae"], unlabelled=300, n_saliency=0)
    assert execute(run, store) == "done"
    found = read_results(run)
    arms = set(found.readers.arm)
    assert {"real+aug+pseudo", "real+aug+labels", "real+aug+pseudo+cvae-filtered", "aug+rendered"} <= arms
    rows = found.readers.loc[found.readers.metric == "accuracy"].set_index("arm").n_labelled
    assert rows["real+aug+pseudo"] == rows["real+aug+pseudo+cvae-filtered"] == N
    assert rows["real+aug+labels"] == N + 300 and rows["aug+rendered"] == 0
    pseudo = found.table.loc[found.table.kind == "pseudo"].set_index("metric").value
    assert pseudo["n_unlabelled"] == 300 and 0 <= pseudo["pseudo_accuracy"] <= 1


def test_small_data_of_ones_own_is_all_tested(store, tmp_path):
    """Another third is the test set in each of three seeds, and the interval knows whose images they are."""
    data = load_data("digits").train.subset(330, 0)
    np.savez(tmp_path / "own.npz", images=data.images, labels=data.labels, writer=np.arange(330) % 30)
    settings = {"seeds": 3, "n_saliency": 0, "generators": ["rendered"], "readers_per_task": 1, "full_steps": 10}
    run = create(store, dataset=str(tmp_path / "own.npz"), **settings)
    assert execute(run, store) == "done"
    found = read_results(run)
    counts = found.correct.counts["real+aug", N, "accuracy"]
    assert counts.shape == (3, 330) and ((counts != UNTESTED).sum(0) == 1).all()
    assert len(np.unique(found.correct.writers)) == 30
    for seed in range(3):  # by writer
        tested = set(found.correct.writers[counts[seed] != UNTESTED])
        assert not tested & set(found.correct.writers[counts[seed] == UNTESTED])
    estimate = found.measured.estimate("real+aug", "real", N)
    assert (estimate.seeds, estimate.images) == (3, 330)


def test_a_study_until_decided_ends_at_the_first_look_that_decides(store):
    """Real tasks; those of the seeds until a look stand already, some of them better and some in doubt."""
    changes = {"until_decided": True, "n_saliency": 0, "n_robustness": 0, "generators": ["rendered"], "seeds": 1}
    for gains, done in (((0.3, 0.3), 8), ((0.0, 0.25), 12)):  # of every second seed until the first look, of the rest
        run = create(store, **changes)
        config = StudyConfig.model_validate(run.request.settings)
        (run.path / "cells").mkdir()
        rng = np.random.default_rng(0)
        for cell in plan(config):
            if cell.seed == 7 and cell.arm.name == "real":
                continue  # left to do
            level = 0.5 + gains[cell.seed > 7 or cell.seed % 2] * (cell.arm.name == "real+aug+rendered")
            right = rng.random(360) < level
            row = {"accuracy": float(right.mean()), "confusion": [[0] * 10] * 10, "misread": [[], []], "n_test": 360}
            row["per_image"] = {"accuracy": packed(right, 1, np.arange(360))}
            (run.path / "cells" / f"{cell.key}.json").write_text(json.dumps(cell.identity() | row))
        assert execute(run, store) == "done"
        found = read_results(run)
        (decision,) = found.decisions.values()
        assert decision.word == "better" and decision.estimate.seeds == done
        assert log_of(run, "ended")[0][1] == f"reader-real-n{N}-s7"
