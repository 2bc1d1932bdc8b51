"""Build `checkpoints/` from the data: run the recipes, and pack what each run ships, with checksums."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ocrgen.generators.scoring import read_scores
from ocrgen.readers.runs import add_doubt
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import plan
from ocrgen.study.worker import state_of
from ocrgen.utils.checksums import write_sums
from ocrgen.utils.errors import UserError
from ocrgen.zoo.cards import write_cards
from ocrgen.zoo.halving import halve
from ocrgen.zoo.recipes import LETTERS, Recipe, recipes

POLL = 1.0  # seconds between two looks at the runs' states
# The files of a run that pages show, by its verb; all others (logs, single tasks, states to resume from) are left out.
KEPT = {
    "digitnet": ["weights/*"],
    "reference": ["*.npz", "reference.json"],
    "train": ["weights/*", "samples/*.png", "scores/*/*.json", "events.*"],
    "reader": ["weights/*", "report.json"],
    "study": ["table.parquet", "correct.npz", "results.json", "misread.npz"],
    "benchmark": ["benchmark.json"],
}
UNFINISHED = ".unfinished"
TRANSIENT = ("pid", "host", "left", "queued", "error", "updated", "note")  # of a status: meaningless later


def make(
    out: Path, only: list[str], workers: int, show: Callable[[int, int], None], tell: Callable[[str], None]
) -> None:
    """Run the recipes, `workers` at a time, and pack each finished run into the folder `out`.

    Runs that are there already, with the same settings, are kept; interrupted ones resume. only: names of recipes to
    make, with all that they need; all if empty. show: called with the runs made and their total. tell: called with a
    line of text for each run made. UserError if a name is unknown, or recipes fail; those that need no failed one are
    made all the same.
    """
    known = {r.name: r for r in recipes()}
    if unknown := set(only) - known.keys():
        raise UserError(f"There is no recipe {sorted(unknown)[0]!r}: choose from {', '.join(known)}.")
    wanted = [r for r in known.values() if not only or r.name in _with_needs(only, known)]
    out.mkdir(parents=True, exist_ok=True)
    # Distances are measured with the network and the reference made in `out`, not with the shipped ones.
    os.environ |= {"OCRGEN_SLOTS": str(workers), "OCRGEN_CHECKPOINTS": str(out.resolve())}
    store = RunStore(RunStore().root / ".checkpoints", shipped=None)
    ready = {r.name for r in wanted if _is_made(out, r)}
    failed: dict[str, str] = {}
    tried: set[str] = set()
    for recipe in wanted:
        # Readers that an earlier version shipped are kept, but for what they lack.
        if recipe.name in ready and recipe.verb == "reader" and add_doubt(Run(out / recipe.name)):
            write_sums(out, rebuilt=recipe.name)
            tell(f"{recipe.name} can doubt now")
        if recipe.name not in ready and not (store.root / recipe.name).exists():
            _restore(store, recipe, out)
    while len(ready) + len(failed) < len(wanted):
        show(len(ready), len(wanted))
        for recipe in [r for r in wanted if r.name not in ready and r.name not in failed]:
            if broken := [n for n in recipe.needs if n in failed]:
                failed[recipe.name] = f"it needs {broken[0]}"
            elif all(n in ready for n in recipe.needs):
                state, run = _advance(store, recipe, workers, tried)
                if state == "done":
                    pack(run, out)
                    shutil.rmtree(out / UNFINISHED / recipe.name, ignore_errors=True)
                    ready.add(recipe.name)
                    tell(f"{recipe.name} is made")
                elif state == "failed":
                    failed[recipe.name] = run.read_status().error or "it died"
        time.sleep(POLL)
    show(len(ready), len(wanted))
    write_cards(out)
    write_sums(out)
    if failed:
        raise UserError("Not made: " + "; ".join(f"{name} ({why})" for name, why in failed.items()))


def _with_needs(only: list[str], known: dict[str, Recipe]) -> set[str]:
    """The names, all that they need, directly or not, and the scores of the trainings named."""
    names = set(only)
    while more := {n for name in names for n in known[name].needs} - names:
        names |= more
    return names | {f"score-{n}" for n in only if f"score-{n}" in known}


def _is_made(out: Path, recipe: Recipe) -> bool:
    """Whether a recipe's finished run lies in `out`, made with the same settings."""
    if recipe.verb == "score":
        run = Run(out / recipe.settings["run"])
        return run.state == "done" and len(read_scores(run)) >= len(run.epochs()) > 0
    run = Run(out / recipe.name)
    if run.state != "done":
        return False
    return _unchanged(_settings(run), recipe.settings)


def _unchanged(made, wanted) -> bool:
    """Whether settings are as wanted; one that was added since the run was made is absent, and counts as unchanged."""
    if isinstance(made, dict) and isinstance(wanted, dict):
        return all(_unchanged(made.get(k, v), v) for k, v in wanted.items())
    return made == wanted


def _settings(run: Run) -> dict:
    """A run's settings under their present names, whichever version wrote them."""
    settings = run.request.settings
    return StudyConfig.present_names(settings) if run.request.verb == "study" else settings


def _advance(store: RunStore, recipe: Recipe, workers: int, tried: set[str]) -> tuple[str, Run]:
    """Start or resume a recipe's run, at most once, if fewer than `workers` are running.

    tried: names of recipes started so far, added to here. Returns the run's state, "" if it is still to start, and the
    run.
    """
    run = Run(store.root / recipe.name)
    if not run.path.exists():
        created = store.create(recipe.verb, recipe.settings, recipe.name)
        run = Run(created.path.rename(run.path))
    state = run.state
    alive = [r for r in store.list() if r.alive]
    if state in ("cancelled", "died", "failed") and recipe.name not in tried:
        if len(alive) < workers:
            tried.add(recipe.name)
            jobs.submit(run, store)
        return "", run
    return ("failed" if state in ("cancelled", "died", "damaged") else state), run


def keep_unfinished(run: Run, out: Path) -> int:
    """Copy the results of a study's complete seeds to `out/.unfinished`, for `make` to go on from.

    Only of complete seeds, since a task may need networks, which are not copied, of other tasks of its seed. Pages do
    not list this folder. Returns the number of complete seeds.
    """
    cells = plan(StudyConfig.model_validate(run.request.settings))
    open_seeds = {c.seed for c in cells if state_of(run, c.key) != "done"}
    folder = out / UNFINISHED / run.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cells").mkdir(parents=True)
    for cell in [c for c in cells if c.seed not in open_seeds]:
        shutil.copyfile(run.path / "cells" / f"{cell.key}.json", folder / "cells" / f"{cell.key}.json")
    (folder / "run.json").write_text(json.dumps(run.read_json("run.json") | {"label": ""}, indent=1))
    (folder / "status.json").write_text(json.dumps({"state": "cancelled"}))
    return len({c.seed for c in cells} - open_seeds)


def _restore(store: RunStore, recipe: Recipe, out: Path) -> None:
    """Start a recipe's run from what `keep_unfinished` saved of it, if that was made with the same settings."""
    saved = Run(out / UNFINISHED / recipe.name)
    if saved.state == "cancelled" and _unchanged(_settings(saved), recipe.settings):
        store.root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(saved.path, store.root / recipe.name)


def pack(run: Run, out: Path) -> None:
    """Copy what pages show of a finished run into `out`, with checksums.

    Generators keep their last epoch only, unless they are fast ones of digits; in half precision where their distances
    bear it.
    """
    verb, settings = run.request.verb, run.request.settings
    if verb == "score":
        scored = Run(run.path.parent / run.request.scored_run)
        pack(scored, out)
        return
    target, staging = out / run.name, out / f".new-{run.name}"
    shutil.rmtree(staging, ignore_errors=True)
    for pattern in KEPT[verb]:
        for file in run.path.glob(pattern):
            copy = staging / file.relative_to(run.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    staging.mkdir(exist_ok=True)
    request = run.read_json("run.json") | {"label": "", "number": _number(run, out)}
    if verb == "train":
        if settings["preset"] != "fast" or settings["dataset"] == LETTERS:
            _keep_last_epoch(staging)
        request["half_precision"] = halve(Run(staging), run)
    status = {k: v for k, v in run.read_json("status.json").items() if k not in TRANSIENT}
    (staging / "run.json").write_text(json.dumps(request, indent=1))
    (staging / "status.json").write_text(json.dumps(status, indent=1))
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)
    write_sums(out, rebuilt=run.name)


def _number(run: Run, out: Path) -> int:
    """The number that a run is shipped under: none of its verb has the same, and one that is made anew keeps its own.

    Charts tell the runs of a verb apart by their numbers, and shipped ones are made in several stores.
    """
    others = {r.name: r.number for r in RunStore(out, shipped=None).list(run.request.verb)}
    number, taken = others.pop(run.name, run.number), {*others.values()}
    return number if number not in taken else min({*range(1, len(taken) + 2)} - taken)


def _keep_last_epoch(folder: Path) -> None:
    """Delete the weights of all epochs but the last."""
    for file in sorted((folder / "weights").glob("epoch-*"))[:-1]:
        file.unlink()
