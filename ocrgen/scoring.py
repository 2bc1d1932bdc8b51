"""Score the epochs of a run, or any two sets of digits, and keep the scores beside the run's weights."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from ocrgen import Problem
from ocrgen.datasets import Digits, load_digits, sources
from ocrgen.files import parse, write_atomically
from ocrgen.jobs import Cancelled, Stop
from ocrgen.metrics.features import TAPS, FeatureExtractor, load_extractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.measures.manifold import manifold
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.reference import find_reference, save_reference
from ocrgen.metrics.scores import Reference, costs, metric_name, score, statistics
from ocrgen.models.base import MAX_SAMPLES, Settings
from ocrgen.processor import limit_threads
from ocrgen.sampling import draw
from ocrgen.store import Run, RunStore
from ocrgen.weights import load_generator

SEED = 1


class ScoreConfig(Settings):
    """One scoring job, as it stands in `run.json`."""

    run: str = Field(description="the run whose samples are scored")
    epochs: list[int] = Field(default=[], description="its epochs; all of them if empty")
    extractor: Literal["digitnet", "inception"] = Field("digitnet", description="the features to compare")
    n: int = Field(10_000, ge=20, le=MAX_SAMPLES, description="generated images to score")
    threads: int = Field(1, ge=1, le=64, description="CPU threads; 1 leaves room for the dashboard")
    weights: str = Field("", description="weights file of the extractor; its usual place if empty")


def read_scores(run: Run, extractor: str = "digitnet") -> list[dict]:
    """The scores of a run's epochs, ascending; damaged files are left out, since scoring again mends them."""
    rows = []
    for file in sorted((run.path / "scores" / extractor).glob("epoch-*.json")):
        try:
            row = parse(file.read_bytes())
            if isinstance(row.get("epoch"), int):
                rows.append(row)
        except (OSError, ValueError, AttributeError):
            continue
    return sorted(rows, key=lambda row: row["epoch"])


def score_epochs(
    run: Run, config: ScoreConfig, stop: Callable[[], bool], show: Callable[[int, int], None]
) -> list[dict]:
    """Score a run's epochs; each is written when it ends, and one that has been scored alike is not scored again."""
    wanted = config.epochs or run.epochs()
    if not wanted:
        run.weights()  # raises, saying that there are none
    limit_threads(config.threads)
    extractor = load_extractor(config.extractor, config.weights or None)
    about = f"{extractor.name}/{extractor.hash}"
    known = {r["epoch"]: r for r in read_scores(run, config.extractor)}
    reference, cost, rows = None, None, []
    for i, epoch in enumerate(wanted):
        show(i, len(wanted))
        old = known.get(epoch)
        if old and old.get("n") == config.n and old.get("extractor") == about:
            rows.append(old)
            continue
        if stop():
            raise Cancelled
        file = run.weights(epoch)
        reference = reference or find_reference(run.request["settings"]["dataset"], extractor)
        digits = draw(load_generator(file), -(-config.n // 10), SEED, run.name)[: config.n]
        row = {"run": run.name, "epoch": epoch} | score(digits, reference, extractor)
        row["cost"] = cost = cost or costs(digits.images, reference, extractor)
        if not run.shipped:
            folder = run.path / "scores" / config.extractor
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / f"epoch-{epoch:03d}.json", json.dumps(row, indent=1))
        rows.append(row)
    show(len(wanted), len(wanted))
    return rows


def work(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `score` as a job: the scores go into the folder of the run that is scored."""
    config = ScoreConfig.model_validate(run.request["settings"])

    def told(step: int, total: int) -> None:
        run.update(step=step, total=total)
        show(step, total)

    score_epochs(RunStore(run.path.parent).get(config.run), config, stop, told)


def make_reference(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `reference`: the statistics of a data set, written into the run's own folder."""
    dataset = run.request["settings"]["dataset"]
    save_reference(Reference.of(load_digits(dataset), load_extractor()), run.path)


def _side(name: str) -> Digits:
    """One side of `distance`: the training images of a data set, or all images at a path."""
    if name in sources():
        return load_digits(name).train
    from ocrgen.datasets import own

    if not Path(name).expanduser().exists():
        load_digits(name)  # raises, listing what there is
    return own.read(Path(name).expanduser())


def distance(a: str, b: str, extractor: FeatureExtractor) -> dict:
    """LFID and FID between two sets of digits: each a data set's name (its training images) or a path to images.

    Keys: a, b, lfid_64, lfid_192, lfid_768, fid_2048; precision, recall, density and coverage of a by b's measure,
    spread_a and spread_b within a class, since LFID alone is blind to a collapse; n_a, n_b, extractor, seconds.
    Problem if a side has fewer than six images.
    """
    begun = time.perf_counter()
    left, right = _side(a), _side(b)
    if min(len(left), len(right)) < 6:
        raise Problem("A distance needs at least six images on either side.")
    sides = []
    for digits in (left, right):
        mixed = digits[np.random.default_rng(SEED).permutation(len(digits))]
        sides.append(statistics(mixed.images, mixed.labels, extractor, TAPS, digits.fingerprint))
    (ours, _, few), (theirs, _, real) = sides
    values = {metric_name(d): frechet_distance(ours[d], theirs[d]) for d in TAPS}
    values |= manifold(real, few)
    values |= {f"spread_{s}": within_class_spread(d.images, d.labels) for s, d in (("a", left), ("b", right))}
    counts = {"n_a": len(left), "n_b": len(right), "extractor": f"{extractor.name}/{extractor.hash}"}
    return {"a": a, "b": b} | values | counts | {"seconds": time.perf_counter() - begun}
