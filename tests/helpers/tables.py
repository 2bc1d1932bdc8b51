"""Tables and results of studies that never ran, with figures chosen by the test."""

import functools
import json

import pandas as pd

from ocrgen.study import Results
from ocrgen.study.config import StudyConfig
from ocrgen.study.results import COLUMNS
from ocrgen.study.statistics import DISTANCES, correlations, paired, summarise


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


def results(seeds=3, **gains):
    """Results in which every arm reads 0.5 and what `gains` adds by the part of its name."""
    config = StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=seeds)
    parts = []
    for metric in ("accuracy", "corrupted", "attacked"):
        values = {
            arm.name: {s: 0.5 + s / 10 + sum(g for part, g in gains.items() if part in arm.name) for s in range(seeds)}
            for arm in arms(config.generators)
        }
        parts.append(table(values, metric))
    facts = pd.concat([*parts, checkpoints(falling)])
    return Results(config, facts, summarise(facts), paired(facts), ranked(), {}, [], 0, 0)


def keep(store, protocol="fair", dataset="mnist", seeds=3, state="done", gain=0.1):
    """A finished study as it is shipped: a table and what else pages need."""
    settings = StudyConfig(dataset=dataset, protocol=protocol, seeds=seeds, n=[500]).model_dump()
    run = store.create("study", settings, "study")
    values = {"real": {}, "real+aug": {}, "real+aug+cvae": {}, "real+aug+cvae-filtered": {}}
    for seed in range(seeds):
        for arm in values:
            values[arm][seed] = 0.5 + seed / 100 + gain * ("cvae" in arm)
    facts = pd.concat([table(values, m, n=500) for m in ("accuracy", "corrupted")])
    facts.to_parquet(run.path / "table.parquet")
    told = {"confusions": {}, "misread": {}, "failures": [], "done": 9, "total": 10 - (state == "done")}
    (run.path / "results.json").write_text(json.dumps(told))
    run.update(state=state)
    return run
