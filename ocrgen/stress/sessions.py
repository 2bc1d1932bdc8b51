"""Many viewers at once, each with a session of its own, and what they do: look at a page and click its choosers."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from ocrgen.stress.client import NoAnswer, Viewer
from ocrgen.stress.responses import Chooser, PageRun


@dataclass(frozen=True)
class Look:
    """One run of a page that a viewer asked for: by what, and what came. `lost`: why no answer came, else empty."""

    what: str
    answer: PageRun
    lost: str = ""


@contextlib.asynccontextmanager
async def open_sessions(url: str, count: int) -> AsyncIterator[list[Viewer]]:
    """`count` sessions, open at the same time. NoAnswer if the dashboard does not take them."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Viewer(url)) for _ in range(count)]


def clicks(choosers: list[Chooser], start: int = 0) -> list[tuple[Chooser, str]]:
    """Every option of every chooser in turn, the default last: so the page ends each round as it began.

    `start` shifts the order of the others, so that a crowd does not click the same at once.
    """
    turns = []
    for chooser in choosers:
        others = [option for option in chooser.options if option != chooser.default]
        first = start % len(others) if others else 0
        turns += [(chooser, option) for option in [*others[first:], *others[:first], chooser.default] if option]
    return turns


async def walk(
    viewer: Viewer,
    page: str,
    reruns: int | None,
    start: int = 0,
    pause: float = 0.0,
    seen: Callable[[], None] = lambda: None,
) -> list[Look]:
    """Visit a page, then click through its choosers `reruns` times (None: each option once); no button is pressed.

    pause: seconds before each click, drawn anew from half to one and a half of it. seen: called after each run.
    A page without choosers is run again as it stands. Ends early where the dashboard gives no answer.
    """
    visits: list[Look] = []
    try:
        await asyncio.sleep(pause * random.random())
        visits.append(Look("visit", await viewer.visit(page)))
        seen()
        turns = clicks(visits[0].answer.choosers, start)
        for i in range(len(turns) if reruns is None else reruns):
            await asyncio.sleep(pause * (0.5 + random.random()))
            if turns:
                chooser, option = turns[i % len(turns)]
                visits.append(Look(f"{chooser.label}: {option}", await viewer.choose(chooser, option)))
            else:
                visits.append(Look("rerun", await viewer.rerun()))
            seen()
    except NoAnswer as fault:
        visits.append(Look("nothing", PageRun(), str(fault)))
    return visits
