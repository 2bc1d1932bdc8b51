"""Many viewers at once, each with a session of its own, who open pages and click through their choosers."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from ocrgen.stress.client import NoAnswer, Viewer
from ocrgen.stress.responses import Chooser, PageRun


@dataclass(frozen=True)
class Visit:
    """One run of a page for a viewer.

    action: what caused it. answer: what the page sent. lost: why no answer came, else empty.
    """

    action: str
    answer: PageRun
    lost: str = ""


@contextlib.asynccontextmanager
async def open_sessions(url: str, count: int) -> AsyncIterator[list[Viewer]]:
    """`count` sessions, open at the same time. NoAnswer if the dashboard refuses one."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Viewer(url)) for _ in range(count)]


def clicks(choosers: list[Chooser], start: int = 0) -> list[tuple[Chooser, str]]:
    """Every option of every chooser in turn, the default last, so that each round ends as it began.

    start: shifts the order of the others, so that not all sessions click the same at once.
    """
    turns = []
    for chooser in choosers:
        others = [option for option in chooser.options if option != chooser.default]
        first = start % len(others) if others else 0
        turns += [(chooser, option) for option in [*others[first:], *others[:first], chooser.default] if option]
    return turns


async def click_through(
    viewer: Viewer,
    page: str,
    reruns: int | None,
    start: int = 0,
    pause: float = 0.0,
    on_run: Callable[[], None] = lambda: None,
) -> list[Visit]:
    """Visit a page, then click through its choosers `reruns` times (None: each option once); no button is pressed.

    pause: mean seconds before each click, uniform from half to one and a half of it. on_run: called after each run.
    A page without choosers is run again as it stands. Ends early if the dashboard does not answer.
    """
    visits: list[Visit] = []
    try:
        await asyncio.sleep(pause * random.random())
        visits.append(Visit("visit", await viewer.visit(page)))
        on_run()
        turns = clicks(visits[0].answer.choosers, start)
        for i in range(len(turns) if reruns is None else reruns):
            await asyncio.sleep(pause * (0.5 + random.random()))
            if turns:
                chooser, option = turns[i % len(turns)]
                visits.append(Visit(f"{chooser.label}: {option}", await viewer.choose(chooser, option)))
            else:
                visits.append(Visit("rerun", await viewer.rerun()))
            on_run()
    except NoAnswer as fault:
        visits.append(Visit("nothing", PageRun(), str(fault)))
    return visits
