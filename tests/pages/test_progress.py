"""How a job is followed on a page: at work, cancelled, taken up again, ended."""

import os

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.ui.shared import progress
from ocrgen.utils.files import lock
from tests.helpers.runs import request


def page():
    import streamlit as st

    from ocrgen.ui.shared.cache import store
    from ocrgen.ui.shared.progress import job_progress

    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
    job_progress(
        lambda: store().list("train"),
        lambda status: f"{status.step} of {status.total} steps",
        keys="test_{action}_{run}",
        idle=lambda: st.button("Start"),
    )


@pytest.fixture
def run(store):
    """A run that seems to be at work, in this process."""
    run = store.create("train", request(), "followed")
    held = lock(run.path / "lock")
    run.update(state="running", step=5, total=20, seconds=10.0)
    yield run
    os.close(held)


def test_a_job_at_work_shows_its_time_and_can_be_cancelled(run):
    app = AppTest.from_function(page).run()
    assert not app.exception
    (bar,) = app.get("progress")
    assert bar.value == 25 and bar.proto.text == "5 of 20 steps · 30 s left"
    assert [b.label for b in app.button] == ["Cancel"]
    app.button(key=f"test_cancel_{run.name}").click().run()
    assert run.stop_file.exists()


def test_one_that_has_ended_can_go_on_and_is_told_once(run, monkeypatch):
    submitted = []
    monkeypatch.setattr(jobs, "submit", lambda run, store: submitted.append(run.name))
    run.update(state="cancelled", error="Stopped in a test.")
    app = AppTest.from_function(page).run()
    assert not app.get("progress") and app.error[0].value == "Stopped in a test."
    assert {b.label for b in app.button} == {"Resume", "Start"}
    app.button(key=f"test_resume_{run.name}").click().run()
    assert submitted == [run.name]


def status(**facts) -> RunStatus:
    return RunStatus(state="running", total=20, **facts)


def test_the_time_left_is_what_the_job_says_or_follows_from_its_speed():
    assert progress.time_left(status(step=5, seconds=10.0, left=7.0)) == 7
    assert progress.time_left(status(step=5, seconds=10.0)) == 30
    assert progress.time_left(status(step=0, seconds=1.0)) is None
    assert RunStatus(state="queued").share == 0 and status(step=30).share == 1


def test_the_page_runs_again_when_a_job_ends(run, monkeypatch):
    """The fragment is called by hand: timers do not tick here."""
    looks, reruns, ended = [], [], []
    monkeypatch.setattr(progress.st, "fragment", lambda run_every: lambda look: looks.append(look) or look)
    monkeypatch.setattr(progress.st, "rerun", lambda scope: reruns.append(scope))
    progress.job_progress(lambda: [run], lambda status: "at work", ended=lambda run, status: ended.append(status))
    looks[0]()
    assert not reruns
    run.update(state="done")
    looks[0]()
    assert reruns == ["app"] and [status.state for status in ended] == ["done"]
    progress.job_progress(lambda: [run], lambda status: "at work")
    looks[-1]()
    assert reruns == ["app"], "a page that is drawn after the end does not run again"


def test_the_page_runs_again_where_a_job_ended_while_it_was_being_drawn(run):
    """What stands above the progress was drawn before the end; the page of this session has seen the job at work."""
    app = AppTest.from_function(page).run()
    run.update(state="done")
    app.run()
    assert app.session_state["drawn"] == 3
    app.run()
    assert app.session_state["drawn"] == 4, "it is told once"
