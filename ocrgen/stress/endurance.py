"""Many viewers while a training runs: does any see an error, does memory grow, does the training slow down?"""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ocrgen import datasets
from ocrgen.generators import generators
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.stress.client import NoAnswer, Viewer
from ocrgen.stress.faults import Outcome, Show, leftovers, own_store, wait
from ocrgen.stress.server import Server
from ocrgen.stress.sessions import Visit, click_through, open_sessions

ALONE = 30.0  # seconds in which the training is timed without viewers
WARM = 0.25  # share of the time after which memory should not grow
PAUSE = 5.0  # seconds between a person's clicks


def viewers(root: Path, count: int, minutes: float, show: Show) -> Outcome:
    """`count` sessions click through all pages for so many minutes while a training runs in a store under `root`.

    Figures: runs of pages, growth of memory after the warm-up, and the training's speed as a share of that alone.
    """
    outcome = Outcome(f"{count} viewers for {minutes:g} minutes beside a training")
    with own_store(root) as store, _training(store) as run, Server() as server:
        asyncio.run(_warm(server))
        before = _speed(run, ALONE)
        visits, memory, during = asyncio.run(_browse(server, run, count, 60 * minutes, show))
        output = server.output()
        outcome.check(run.alive, f"the training is {run.state} before the viewers leave")
    faults = [f for visit in visits for f in (*visit.answer.faults, *filter(None, [visit.lost]))]
    outcome.times = len(visits)
    outcome.wrong += [f"a viewer saw: {fault}" for fault in faults]
    outcome.check("Traceback" not in output, f"the server printed a traceback: {output[-300:]}")
    growth = memory[-1] / memory[0] - 1
    outcome.check(growth <= 0.1, f"memory grew by {growth:.0%} after the warm-up")
    outcome.check(during >= 0.9 * before, f"the training kept {during / before:.0%} of its speed")
    times = [1e3 * visit.answer.seconds for visit in visits if not visit.lost]
    outcome.figures = {
        "memory after warm-up, MB": round(memory[0]),
        "memory at the end, MB": round(memory[-1]),
        "growth": round(growth, 3),
        "training, steps a second alone": round(before, 2),
        "training, share of that speed kept": round(during / before, 3),
    }
    if times:
        outcome.figures |= {f"ms p{q}": round(float(np.percentile(times, q))) for q in (50, 95)}
    return outcome


def dashboards(root: Path, times: int, seed: int) -> Outcome:
    """SIGKILL to the dashboard during a session while a training runs: it starts again, and the training goes on."""
    outcome, rng = Outcome("SIGKILL: dashboard"), random.Random(seed)

    async def view(server: Server) -> None:
        with contextlib.suppress(NoAnswer):
            async with open_sessions(server.url, 1) as (viewer,):
                await viewer.visit("Train")
                asyncio.get_running_loop().call_later(rng.uniform(0, 1), server.process.kill)
                while True:
                    await viewer.rerun()

    with own_store(root) as store:
        with _training(store) as run:
            while outcome.times < times:
                step = run.read_status().step
                with Server() as server:
                    asyncio.run(view(server))
                outcome.times += 1
                outcome.check(wait(lambda step=step: run.read_status().step > step, 60), "the training stands still")
        outcome.check(run.state == "cancelled", f"the training is {run.state}")
        outcome.wrong += [f"left: {x}" for x in leftovers(store.root)]
    return outcome


@contextlib.contextmanager
def _training(store: RunStore) -> Iterator[Run]:
    """A training on one thread that outlasts the sessions; it is cancelled at the end of the block."""
    # On the bundled digits, the preset fast would finish within ten minutes.
    small = bool(datasets.sources()["mnist"].missing(datasets.data_root()))
    dataset, preset = ("digits", "paper") if small else ("mnist", "fast")
    config = generators()["cgan"].presets[preset]
    loop = TrainConfig(epochs=500, keep=3)
    request = TrainRequest(dataset=dataset, model="cgan", preset=preset, train=loop, config=config)
    run = jobs.start(store, "train", request.model_dump(mode="json"), "soak")
    try:
        wait(lambda: run.read_status().step > 0 or not run.alive, 120)
        yield run
    finally:
        run.cancel()
        wait(lambda: not run.alive, 30)


def _speed(run: Run, seconds: float) -> float:
    first, begun = run.read_status().step, time.monotonic()
    time.sleep(seconds)
    wait(lambda: run.read_status().step > first or not run.alive, 60)
    return (run.read_status().step - first) / (time.monotonic() - begun)


async def _warm(server: Server) -> None:
    async with open_sessions(server.url, 1) as (first,):
        await first.visit()
        for page in dict(first.pages):
            await click_through(first, page, None)


async def _browse(
    server: Server, run: Run, count: int, seconds: float, show: Show
) -> tuple[list[Visit], list[float], float]:
    """The visits of all viewers; memory in MB after the warm-up; the training's steps per second meanwhile."""
    begun, first = time.monotonic(), run.read_status().step
    memory: list[float] = []

    async def person(viewer: Viewer, i: int) -> list[Visit]:
        visits = [Visit("visit", await viewer.visit())]
        pages = list(viewer.pages)
        while time.monotonic() - begun < seconds and not visits[-1].lost:
            visits += await click_through(viewer, pages[i % len(pages)], 3, i, PAUSE)
            i += 1
        return visits

    async def watch() -> None:
        while (passed := time.monotonic() - begun) < seconds:
            if passed > WARM * seconds:
                memory.append(server.memory().get("RSS", 0.0))
            show(int(passed), int(seconds))
            await asyncio.sleep(min(5.0, seconds / 20))
        memory.append(server.memory().get("RSS", 0.0))

    async with open_sessions(server.url, count) as people:
        watching = asyncio.create_task(watch())
        by_person = await asyncio.gather(*(person(v, i) for i, v in enumerate(people)))
        await watching
    speed = (run.read_status().step - first) / (time.monotonic() - begun)
    return [visit for visits in by_person for visit in visits], memory, speed
