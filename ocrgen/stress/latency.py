"""Latency of every page of the dashboard's real server for one viewer and for many, its CPU time and memory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ocrgen.benchmark.results import make_row
from ocrgen.stress.server import Server
from ocrgen.stress.sessions import Visit, click_through, open_sessions

PAUSE = 5.0  # seconds between a person's clicks
METHOD = (
    "From a question to the end of its run, as a viewer on the same machine sees it: waiting for others included. A "
    "run is a visit to a page or a click on one of its choosers; pages are warm. CPU is the server's, for each run."
)


@dataclass(frozen=True)
class Pace:
    """How many viewers there are, how often each clicks on a page, and the seconds between clicks."""

    viewers: int
    reruns: int
    pause: float = 0.0

    @property
    def words(self) -> str:
        """In words."""
        if self.viewers == 1:
            return "one viewer"
        return f"{self.viewers} viewers, " + (f"a click every {self.pause:g} s" if self.pause else "without a pause")


def measure(viewers: int, reruns: int, show: Callable[[int, int], None], pause: float = PAUSE) -> list[dict]:
    """Rows for every page: one viewer, `viewers` who click without a pause, and as many at a person's pace; memory.

    The dashboard shows what OCRGEN_RUNS and OCRGEN_CHECKPOINTS hold, and changes none of it. UserError if it cannot be
    started. show(step, total): called after each run.
    """
    paces = [Pace(1, reruns)]
    if viewers > 1:
        paces += [Pace(viewers, reruns), Pace(viewers, max(1, reruns // 2), pause)]
    with Server() as server:
        return asyncio.run(_measure(server, paces, show))


async def _measure(server: Server, paces: list[Pace], show: Callable[[int, int], None]) -> list[dict]:
    rows = _memory(server, 0, "started, no viewer yet")
    async with open_sessions(server.url, 1) as (first,):
        await first.visit()
        titles = dict(first.pages)
        for page in titles:
            await click_through(first, page, None)
    rows += _memory(server, 0, "warm, viewers gone")
    step, total = 0, sum(len(titles) * p.viewers * (1 + p.reruns) for p in paces)

    def count_run() -> None:
        nonlocal step
        step += 1
        show(step, total)

    for pace in paces:
        async with open_sessions(server.url, pace.viewers) as viewers:
            for page, title in titles.items():
                before = server.cpu()
                sessions = (
                    click_through(v, page, pace.reruns, i, pace.pause, count_run) for i, v in enumerate(viewers)
                )
                visits = [visit for session in await asyncio.gather(*sessions) for visit in session]
                after = server.cpu()
                cpu = None if before is None or after is None else (after - before) / len(visits)
                rows += rows_of(title, pace, visits, cpu)
            rows += _memory(server, pace.viewers, f"{pace.words}, all there")
    if "Traceback" in (output := server.output()):
        rows.append(make_row(bench="app", subject="server", unit="tracebacks", value=output.count("Traceback"),
                             threads=1, note=output[output.index("Traceback"):][-300:]))  # fmt: skip
    return rows


def rows_of(title: str, pace: Pace, visits: list[Visit], cpu: float | None) -> list[dict]:
    """Rows of one page at a pace, p50 and p95, with the server's CPU ms for each run; notes begin with any fault."""
    answered = [visit for visit in visits if not visit.lost]
    faults = [fault for visit in visits for fault in (*visit.answer.faults, *filter(None, [visit.lost]))]
    notes = [f"{len(faults)} errors, the first: {faults[0]}"] if faults else []
    by_action: dict[str, list[float]] = {}
    for visit in answered:
        by_action.setdefault(visit.action, []).append(1e3 * visit.answer.seconds)
    if by_action:
        slowest = max(by_action, key=lambda action: np.median(by_action[action]))
        notes.append(f"slowest: {slowest}, {np.median(by_action[slowest]):.0f} ms")
    times = [ms for group in by_action.values() for ms in group]
    about = {
        "bench": "app",
        "subject": f"{title}, {pace.words}",
        "size": pace.viewers,
        "threads": 1,
        "note": "; ".join(notes),
    }
    figures = {"n": len(times), "cpu_value": None if cpu is None else 1e3 * cpu}
    at = {q: float(np.percentile(times, q)) if times else None for q in (50, 95)}
    return [make_row(**about, **figures, unit=f"ms p{q}", value=value) for q, value in at.items()]


def _memory(server: Server, viewers: int, note: str) -> list[dict]:
    about = {"bench": "app", "unit": "MB", "size": viewers, "threads": 1, "note": note}
    return [make_row(**about, subject=f"memory, {name}", value=mb) for name, mb in server.memory().items()]
