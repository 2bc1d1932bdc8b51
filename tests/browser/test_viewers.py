"""Viewers without a browser: real sessions on the real dashboard, and on a page that fails."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocrgen.benchmark.machine import machine
from ocrgen.cli.benchmark import keep
from ocrgen.stress.client import NoAnswer, Viewer
from ocrgen.stress.latency import Pace, rows_of
from ocrgen.stress.responses import Chooser, PageRun
from ocrgen.stress.server import Server
from ocrgen.stress.sessions import Visit, click_through, clicks, open_sessions
from ocrgen.utils.errors import UserError
from tests.helpers.runs import request

FAULTY = """
import time

import streamlit as st

view = st.segmented_control("View", ["good", "bad", "slow"], default="good", required=True)


@st.fragment
def part():
    st.pills("Inside", ["a", "b"], default="a", required=True)
    st.text("x" * 20_000)


@st.fragment(run_every=0.2)
def clock():
    st.caption("tick")


part()
clock()
st.query_params["run"] = view
if view == "bad":
    raise ValueError("as it should")
if view == "slow":
    time.sleep(3)
"""


def run(coroutine):
    """In a thread of its own: in this one Playwright's loop may be at work."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def test_two_viewers_on_the_dashboard(store):
    store.create("train", request("cvae"), "cvae-digits")

    async def go(url: str) -> None:
        async with open_sessions(url, 2) as viewers:
            for visits in await asyncio.gather(
                *(click_through(viewer, "Train", 1, i) for i, viewer in enumerate(viewers))
            ):
                assert [visit.lost for visit in visits] == [""] * 2 and visits[1].action.startswith("Generator: ")
                assert all(visit.answer.elements["multiselect"] for visit in visits)
            pages = viewers[0].pages
            assert list(pages)[:2] == ["", "Train"] and pages["FID_and_LFID"] == "FID and LFID"
            train, gallery = await asyncio.gather(
                viewers[0].visit("Train", "run=../../etc/passwd&run=%00%ff&view=<script>"),
                viewers[1].visit("Gallery", f"run={store.list()[0].name}"),
            )
            assert any(told.startswith("warning: The link names a run that is not here") for told in train.alerts)
            assert gallery.elements["button"] == 1 and 0 < gallery.seconds < 60
            assert [viewer.faults for viewer in viewers] == [[], []]
            here = machine(1) | {"method": "as viewers see it"}
            run = keep(
                rows_of("Train", Pace(2, 1, 1.5), visits, 0.1) + rows_of("Gallery", Pace(1, 1), visits, 0.1), here, True
            )
            runtime = await viewers[1].visit("Runtime", f"run={run.name}")
            busy = [told for told in runtime.alerts if "The machine is busy" in told]  # as it may be while tests run
            assert runtime.elements["plotly_chart"] == 1 and runtime.alerts == busy and not runtime.faults
            missing = await viewers[0].visit("Nothing")
            assert missing.faults == ["there is no page 'Nothing'"] == viewers[0].faults

    with Server() as server:
        run(go(server.url))
        assert "Traceback" not in server.output()
        assert server.memory()["RSS"] > 50 and (server.cpu() is None or server.cpu() > 0.5)


def test_faults_fragments_and_timers(tmp_path):
    async def go(url: str) -> list:
        async with Viewer(url) as viewer:
            good = await viewer.visit()
            view, inside = good.choosers
            assert (view.options, view.default, view.fragment) == (("good", "bad", "slow"), "good", "")
            await viewer.stay(1.0)
            assert viewer.runs >= 2 and viewer.query == "run=good"  # the timer's runs
            again = await viewer.rerun()
            assert again.elements["text"] == 1 and good.size > 20_000 > 10_000 > again.size  # it came by reference
            part = await viewer.choose(inside, "b")
            assert part.choosers == [inside] and part.elements["text"] == 1  # the fragment alone
            bad = await viewer.choose(view, "bad")
            assert len(bad.faults) == 1 and bad.faults[0].startswith("ValueError")
            viewer.patience = 1.0
            with pytest.raises(NoAnswer, match="did not end in 1 s"):
                await viewer.choose(view, "slow")
            viewer.patience = 60.0
            assert not (await viewer.choose(view, "good")).faults
            return await click_through(viewer, "", 1)

    script = tmp_path / "faulty.py"
    script.write_text(FAULTY)
    with Server(script) as server:
        looks = run(go(server.url))
    rows = rows_of("A page", Pace(1, 2), [*looks, Visit("nothing", PageRun(), "gone")], 0.01)
    assert {row["subject"] for row in rows} == {"A page, one viewer"}
    assert [row["unit"] for row in rows] == ["ms p50", "ms p95"] and rows[0]["cpu_value"] == 10
    assert rows[0]["note"].startswith("2 errors, the first: ValueError") and rows[0]["n"] == 2
    with pytest.raises(NoAnswer, match="There is no dashboard"):
        run(Viewer(server.url).__aenter__())
    with pytest.raises(UserError, match="did not start"), Server(tmp_path / "missing.py"):
        pass


def test_clicks_end_where_they_began():
    choosers = [Chooser("1", "View", ("a", "b", "c"), "a", ""), Chooser("2", "Digit", ("0", "1"), "", "")]
    assert [option for _, option in clicks(choosers)] == ["b", "c", "a", "0", "1"]
    assert [option for _, option in clicks(choosers, 1)] == ["c", "b", "a", "1", "0"]
    assert clicks([Chooser("3", "Alone", ("a",), "a", "")], 7)[0][1] == "a" and clicks([]) == []
