"""Small real studies: created, carried out, and what their folders and logs hold."""

from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import plan
from ocrgen.study.runner import run_study
from ocrgen.study.worker import state_of

SMALL_STUDY = {
    "dataset": "digits",
    "seeds": 2,
    "n": [60],
    "generators": ["cvae"],
    "epochs": 2,
    "min_epoch_images": 1280,
    "samples": 200,
    "steps": 10,
    "full_steps": 12,
    "readers_per_task": 2,
    "confidence": 0.0,
    "n_saliency": 4,
    "n_robustness": 10,
}
N = 60
TINY = {
    "dataset": "digits",
    "seeds": 1,
    "n": [N],
    "generators": ["cvae"],
    "epochs": 1,
    "min_epoch_images": 1280,
    "samples": 100,
    "steps": 10,
    "full_steps": 20,
    "readers_per_task": 2,
    "n_saliency": 10,
    "n_robustness": 20,
    "confidence": 0,
}


def create(store: RunStore, **changes) -> Run:
    config = StudyConfig(**TINY | changes)
    return store.create("study", config.model_dump(), "study-digits")


def execute(run: Run, store: RunStore) -> str:
    return jobs.execute(run, store, lambda run, stop: run_study(run, stop, lambda step, total: None))


def log_of(run: Run, word: str) -> list[tuple[int, str]]:
    """Process and cell of each line of a run's log that says `word` of a cell: begins, or ended."""
    file = run.path / "log.txt"
    lines = [line.split() for line in (file.read_text().splitlines() if file.exists() else [])]
    return [(int(x[1].rsplit("/")[-1]), x[3]) for x in lines if len(x) == 4 and x[2] == word]


def files(run: Run) -> dict[str, tuple[bytes, int]]:
    """Cells that are done, with their files' content and time."""
    keys = [c.key for c in plan(StudyConfig.model_validate(run.request.settings)) if state_of(run, c.key) == "done"]
    paths = [run.path / "cells" / f"{key}.json" for key in keys]
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}
