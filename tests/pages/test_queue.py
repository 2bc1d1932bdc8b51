"""The jobs that run and wait, as every page shows them."""

import os

import pytest
import streamlit as st

from ocrgen.utils.files import lock
from tests.helpers.pages import open_page
from tests.helpers.runs import request


@pytest.fixture
def two(store):
    """A run that seems to be at work, in this process, and one that waits."""
    st.cache_resource.clear()
    run, other = store.create("train", request(), "first"), store.create("train", request(), "second")
    held = [lock(r.path / "lock") for r in (run, other)]
    run.update(state="running", step=5, total=20, seconds=10.0)
    other.update(state="queued", queued="2026-01-01T00:00:00.000+00:00")
    yield run, other
    for descriptor in held:
        os.close(descriptor)


def test_what_runs_and_what_waits_can_be_cancelled_from_any_page(two):
    run, other = two
    app = open_page("3_Gallery.py")
    assert "25% · 30 s left" in " ".join(m.value for m in app.markdown)
    assert f"queue_cancel_{run.name}" in {b.key for b in app.button}
    app.button(key=f"queue_cancel_{other.name}").click().run()
    assert other.stop_file.exists() and not run.stop_file.exists()


def test_the_end_of_a_job_is_told_once(two):
    run, other = two
    app = open_page("5_FID_and_LFID.py")
    run.update(state="done", step=20)
    other.update(state="failed", error="Stopped in a test.")
    st.cache_resource.clear()  # which keeps what it has read for a second
    app.run()
    told = [t.value for t in app.toast]
    assert len(told) == 2 and any(t.endswith("is done.") for t in told) and any("has failed" in t for t in told)
    assert not app.run().toast
