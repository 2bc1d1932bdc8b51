"""What `checkpoints/` holds, made again from the data: recipes, worked off in order, slimmed and summed."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw
from ocrgen.generators.scoring import read_scores
from ocrgen.metrics.compare import SEED
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.reference import find_reference
from ocrgen.metrics.scores import score
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study.plan import StudyConfig, plan
from ocrgen.study.statistics import DISTANCES
from ocrgen.study.worker import state_of
from ocrgen.utils.checksums import write_sums
from ocrgen.utils.errors import UserError
from ocrgen.utils.threads import limit_threads
from ocrgen.zoo.cards import card
from ocrgen.zoo.recipes import Recipe, recipes

POLL = 1.0  # seconds between two looks at the runs
TOLERANCE = 0.01  # half precision may move a score by this share
# What pages show of a run, by its verb; all else (logs, single cells, states to resume from) stays behind.
KEPT = {
    "digitnet": ["weights/*"],
    "reference": ["*.npz", "reference.json"],
    "train": ["weights/*", "samples/*.png", "scores/*/*.json", "events.*"],
    "reader": ["weights/*", "report.json"],
    "study": ["table.parquet", "results.json", "misread.npz"],
    "benchmark": ["benchmark.json"],
}
UNFINISHED = ".unfinished"
PASSING = ("pid", "host", "left", "queued", "error", "updated", "note")  # facts of a status that mean nothing later


def make(
    out: Path, only: list[str], workers: int, show: Callable[[int, int], None], tell: Callable[[str], None]
) -> None:
    """Work off the recipes, as many at once as there are workers, and put what is shipped of each into `out`.

    What stands there already, with the same settings, is kept; what was killed on the way resumes. `only`: names to
    make, with all that they need; all if empty. UserError if a recipe fails: it is named, the others have gone on.
    """
    known = {r.name: r for r in recipes()}
    if unknown := set(only) - known.keys():
        raise UserError(f"There is no recipe {sorted(unknown)[0]!r}: choose from {', '.join(known)}.")
    wanted = [r for r in known.values() if not only or r.name in _closed(only, known)]
    out.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "OCRGEN_SLOTS": str(workers),
        "OCRGEN_CHECKPOINTS": str(out.resolve()),
    }  # measured by what is made there
    store = RunStore(RunStore().root / ".checkpoints", shipped=None)
    ready = {r.name for r in wanted if _stands(out, r)}
    failed: dict[str, str] = {}
    tried: set[str] = set()
    for recipe in wanted:
        if recipe.name not in ready and not (store.root / recipe.name).exists():
            _take_up(store, recipe, out)
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
    write_sums(out)
    if failed:
        raise UserError("Not made: " + "; ".join(f"{name} ({why})" for name, why in failed.items()))


def _closed(only: list[str], known: dict[str, Recipe]) -> set[str]:
    """Names with all that they need, and the scores of trainings."""
    names = set(only)
    while more := {n for name in names for n in known[name].needs} - names:
        names |= more
    return names | {f"score-{n}" for n in only if f"score-{n}" in known}


def _stands(out: Path, recipe: Recipe) -> bool:
    """Whether a recipe's run is in the shipped folder, made with the same settings."""
    if recipe.verb == "score":
        run = Run(out / recipe.settings["run"])
        return run.state == "done" and len(read_scores(run)) >= len(run.epochs()) > 0
    run = Run(out / recipe.name)
    if run.state != "done":
        return False
    then = _settings(run)
    # A setting that has come since was at its default then.
    return all(then.get(k, v) == v for k, v in recipe.settings.items())


def _settings(run: Run) -> dict:
    """A run's settings by their present names, whichever version wrote them."""
    settings = run.request.settings
    return StudyConfig.present_names(settings) if run.request.verb == "study" else settings


def _advance(store: RunStore, recipe: Recipe, workers: int, tried: set[str]) -> tuple[str, Run]:
    """Start or resume a recipe's run, once, if there is room; its state ("" while it has none to tell), and the run."""
    run = Run(store.root / recipe.name)
    if not run.path.exists():
        fresh = store.create(recipe.verb, recipe.settings, recipe.name)
        run = Run(fresh.path.rename(run.path))
    state = run.state
    alive = [r for r in store.list() if r.alive]
    if state in ("cancelled", "died", "failed") and recipe.name not in tried:
        if len(alive) < workers:
            tried.add(recipe.name)
            jobs.submit(run, store)
        return "", run
    return ("failed" if state in ("cancelled", "died", "damaged") else state), run


def keep_unfinished(run: Run, out: Path) -> int:
    """Put the seeds of a study that are complete into `out/.unfinished`, out of sight; `make` goes on from them.

    Only whole seeds: a cell may need the weights that others of its seed have left. Returns how many there are.
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


def _take_up(store: RunStore, recipe: Recipe, out: Path) -> None:
    """Begin a recipe's run with what `keep_unfinished` has left of it, where that was made with the same settings."""
    left = Run(out / UNFINISHED / recipe.name)
    if left.state == "cancelled" and _settings(left) == recipe.settings:
        store.root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(left.path, store.root / recipe.name)


def pack(run: Run, out: Path) -> None:
    """Copy what pages show of a finished run into `out`, weights of generators in half precision where that is safe."""
    verb, settings = run.request.verb, run.request.settings
    if verb == "score":
        scored = Run(run.path.parent / run.request.scored_run)
        pack(scored, out)
        return
    target, unborn = out / run.name, out / f".new-{run.name}"
    shutil.rmtree(unborn, ignore_errors=True)
    for pattern in KEPT[verb]:
        for file in run.path.glob(pattern):
            place = unborn / file.relative_to(run.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    unborn.mkdir(exist_ok=True)
    request = run.read_json("run.json") | {"label": ""}
    if verb == "train":
        if settings["preset"] != "fast":
            _last_only(unborn)
        request["half_precision"] = _halve(Run(unborn), run)
    status = {k: v for k, v in run.read_json("status.json").items() if k not in PASSING}
    (unborn / "run.json").write_text(json.dumps(request, indent=1))
    (unborn / "status.json").write_text(json.dumps(status, indent=1))
    shutil.rmtree(target, ignore_errors=True)
    unborn.rename(target)
    if words := card(Run(target, shipped=True)):
        (target / "README.md").write_text(words)
    write_sums(out, rebuilt=run.name)


def _last_only(folder: Path) -> None:
    """Keep the weights of the last epoch alone."""
    for file in sorted((folder / "weights").glob("epoch-*"))[:-1]:
        file.unlink()


def _halve(copy: Run, run: Run) -> dict:
    """Halve the copy's weights where its scores bear it; the greatest relative change of a distance, and the choice."""
    files = sorted((copy.path / "weights").glob("epoch-*.safetensors"))
    for file in files:
        with safe_open(file, "pt") as content:
            about = content.metadata()
            tensors = {k: content.get_tensor(k) for k in content.keys()}  # noqa: SIM118
        save_file({k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}, file, about)
    change = max(_changes(copy, run), default=0.0)
    if change > TOLERANCE:
        for file in files:
            shutil.copyfile(run.path / "weights" / file.name, file)
    return {"greatest change of a score": round(change, 5), "kept": change <= TOLERANCE}


def _changes(copy: Run, run: Run) -> Iterator[float]:
    """How much each distance of the last epoch's samples moves with the weights' precision, as a share of it."""
    limit_threads(1)
    extractor = load_extractor()
    reference = find_reference(run.request.dataset, extractor)
    rows = []
    for each in (run, copy):
        file = each.path / "weights" / f"epoch-{run.epochs()[-1]:03d}.safetensors"
        rows.append(score(draw(load_generator(file), 1000, SEED), reference, extractor, copies=False))
    for name in DISTANCES:
        yield abs(math.log(rows[1][name] / rows[0][name]))
