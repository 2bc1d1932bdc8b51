"""Score the epochs of a run, and keep the scores beside the run's weights."""

import json
import time
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw_total
from ocrgen.metrics.compare import SEED
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.reference import find_reference
from ocrgen.metrics.scores import costs, score, trust
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import parse, write_atomically
from ocrgen.utils.settings import Settings
from ocrgen.utils.threads import limit_threads


class ScoreConfig(Settings):
    """One scoring job, as it stands in `run.json`."""

    run: str = Field(description="the run whose samples are scored")
    epochs: list[int] = Field(default=[], description="its epochs; all of them if empty")
    extractor: Literal["digitnet", "inception"] = Field(default="digitnet", description="the features to compare")
    n: int = Field(default=10_000, ge=20, le=MAX_SAMPLES, description="generated images to score")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads; 1 leaves room for the dashboard")
    weights: str = Field(default="", description="weights file of the extractor; its usual place if empty")


def read_scores(run: Run, extractor: str = "digitnet") -> list[dict]:
    """The scores of a run's epochs, ascending; damaged files are skipped, since scoring again replaces them."""
    rows = []
    for file in sorted((run.path / "scores" / extractor).glob("epoch-*.json")):
        try:
            row = parse(file.read_bytes())
            if isinstance(row.get("epoch"), int):
                if "per_digit" in row:  # its name in earlier versions
                    row["per_class"] = row.pop("per_digit")
                rows.append(row)
        except (OSError, ValueError, AttributeError):
            continue
    return sorted(rows, key=lambda row: row["epoch"])


def score_epochs(
    run: Run, config: ScoreConfig, stop: Callable[[], bool], show: Callable[[int, int], None]
) -> list[dict]:
    """Score a run's epochs: a row each, written as soon as it is computed.

    An epoch is not scored again if its row has the same n and extractor. UserError if there are no weights; Cancelled
    at the next epoch after `stop()`.
    """
    epochs = config.epochs or run.epochs()
    if not epochs:
        run.weights()  # raises UserError
    limit_threads(config.threads)
    extractor = load_extractor(config.extractor, config.weights or None)
    scored = {r["epoch"]: r for r in read_scores(run, config.extractor)}
    reference, cost, rows = None, None, []
    for i, epoch in enumerate(epochs):
        show(i, len(epochs))
        old = scored.get(epoch)
        if old and old.get("n") == config.n and old.get("extractor") == extractor.identifier:
            rows.append(old)
            continue
        if stop():
            raise Cancelled
        file = run.weights(epoch)
        reference = reference or find_reference(run.request.dataset, extractor)
        characters = draw_total(load_generator(file), config.n, SEED, run.name)
        row = {"run": run.name, "epoch": epoch} | score(characters, reference, extractor)
        row |= trust(reference)
        row["cost"] = cost = cost or costs(characters.images, reference, extractor)
        if not run.shipped:
            folder = run.path / "scores" / config.extractor
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / f"epoch-{epoch:03d}.json", json.dumps(row, indent=1))
        rows.append(row)
    show(len(epochs), len(epochs))
    return rows


def run_scoring(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `score` as a job: the scores are written into the folder of the run that is scored."""
    config = ScoreConfig.model_validate(run.request.settings)
    begun = time.monotonic()

    def report(step: int, total: int) -> None:
        run.update(step=step, total=total, seconds=time.monotonic() - begun)
        show(step, total)

    score_epochs(RunStore(run.path.parent).get(config.run), config, stop, report)
