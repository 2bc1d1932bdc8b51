"""Tables and results of studies that never ran, with figures chosen by the test."""

import functools
import json

import numpy as np
import pandas as pd

from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import Correctness
from ocrgen.study.plan import plan
from ocrgen.study.results import COLUMNS, build
from ocrgen.study.statistics import DISTANCES, correlations


def table(values, metric="accuracy", n=100, kind="reader"):
    """A table of one metric from {arm: {seed: value}}."""
    rows = [[kind, arm, n, seed, 0, n, n, metric, v] for arm, by_seed in values.items() for seed, v in by_seed.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def checkpoints(score, arms=("cvae", "cgan"), seeds=4, epochs=5):
    """A table of scored epochs; `score(arm, seed, epoch, accuracy)` gives the distances of a rising accuracy."""
    rows = []
    for a, arm in enumerate(arms):
        for seed in range(seeds):
            for epoch in range(1, epochs + 1):
                accuracy = 0.3 + 0.1 * epoch + 0.02 * seed + 0.01 * a
                figures = score(arm, seed, epoch, accuracy) | {"accuracy": accuracy}
                rows += [["epoch", arm, 0, seed, epoch, 9, 9, metric, v] for metric, v in figures.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def falling(arm, seed, epoch, accuracy):
    return {d: i - accuracy for i, d in enumerate(DISTANCES)}


ranked = functools.cache(lambda: correlations(checkpoints(falling)))


def made(config, facts, **rest):
    """Results of a table that no task has written; `rest` as in `Results`."""
    told = {"confusions": {}, "failures": [], "done": 0, "total": 0} | rest
    return build(config, facts, told.pop("correct", Correctness()), **told)


def results(seeds=3, spread=0.1, generators=("cvae", "cgan"), **gains):
    """Results in which every arm reads 0.5 and what `gains` adds by the part of its name; seeds differ by `spread`."""
    config = StudyConfig(n=[100], generators=list(generators), seeds=seeds)
    parts = []
    for metric in ("accuracy", "corrupted", "attacked"):
        values = {
            arm.name: {s: 0.5 + s * spread + sum(g for k, g in gains.items() if k in arm.name) for s in range(seeds)}
            for arm in config.arms
        }
        parts.append(table(values, metric))
    return made(config, pd.concat([*parts, checkpoints(falling)]))


def read(seeds=8, images=2000, accuracy=0.9, noise=0.01, luck=0.0, n=100, config=None, **gains):
    """Results whose readers' images are kept one by one: each is read right by chance, as often as its arm reads.

    gains: by the part of an arm's name. noise: standard deviation of a reader's accuracy over the seeds. luck: share of
    the images that all seeds of an arm agree on, so that they err together.
    """
    config = config or StudyConfig(n=[n], generators=["cvae", "cgan"], seeds=seeds, n_robustness=0)
    rng, correct, rows = np.random.default_rng(0), Correctness(), []
    for size in config.sizes():
        for arm in config.arms:
            same = rng.random(images)
            drawn = np.where(rng.random((seeds, images)) < luck, same, rng.random((seeds, images)))
            level = accuracy + sum(g for k, g in gains.items() if k in arm.name) + rng.normal(0, noise, (seeds, 1))
            key = (arm.name, size, "accuracy")
            correct.counts[key], correct.of[key] = (drawn < level).astype(np.uint16), 1
            of_arm = {arm.name: dict(enumerate(correct.counts[key].mean(1)))}
            rows.append(table(of_arm, n=size))
    return made(config, pd.concat(rows), correct=correct, n_test=images, done=1, total=1)


def keep(store, protocol="fair", dataset="mnist", seeds=3, state="done", gain=0.1):
    """A finished study as it is shipped: a table and what else pages need."""
    config = StudyConfig(dataset=dataset, protocol=protocol, seeds=seeds, n=[500], generators=["cvae"])
    settings = config.model_dump()
    run = store.create("study", settings, "study")
    values = {arm.name: {} for arm in config.arms}
    for seed in range(seeds):
        for arm in values:
            values[arm][seed] = 0.5 + seed / 100 + gain * ("cvae" in arm)
    facts = pd.concat([table(values, m, n=500) for m in ("accuracy", "corrupted")])
    facts.to_parquet(run.path / "table.parquet")
    told = {"confusions": {}, "misread": {}, "failures": [], "done": 9, "total": 10 - (state == "done")}
    (run.path / "results.json").write_text(json.dumps(told))
    (run.path / "correct.npz").write_bytes(Correctness().to_npz())
    run.update(state=state)
    return run


def kept(store, results):
    """A run that holds the given results as a shipped study does."""
    run = store.create("study", results.config.model_dump(), "study")
    results.table.to_parquet(run.path / "table.parquet")
    total = results.config.seeds if not results.config.until_decided else len(plan(results.config))
    told = {"confusions": {}, "misread": {}, "failures": [], "done": 1, "total": total, "n_test": results.n_test}
    (run.path / "results.json").write_text(json.dumps(told))
    (run.path / "correct.npz").write_bytes(results.correct.to_npz())
    run.update(state="cancelled")
    return run
