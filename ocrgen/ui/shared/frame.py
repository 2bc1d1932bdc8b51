"""What stands around every page: settings, navigation, the jobs that run, the title."""

from contextvars import ContextVar
from pathlib import Path

import streamlit as st

from ocrgen.ui.shared import address, queue
from ocrgen.ui.shared.cache import warm
from ocrgen.utils.places import HOME

# Streamlit writes white on the primary colour, which is too pale for that where it suits dark pages, and links in
# captions are too pale. On a phone all pages stand behind a button that says nothing. Headings side by side are as high
# as the longest, so that what stands below them begins at one height. A canvas has its height (CANVAS of the page
# Saliency) before it comes, so that nothing moves under the pen. Popovers and dialogs stand outside the app's element,
# which alone is told the colour scheme.
STYLE = """<style>
[data-tag], [data-tag] *, [data-testid^="stBaseButton-primary"] * { color: light-dark(#FFFFFF, #0B0E13) !important; }
[data-testid="stPopoverBody"], [data-testid="stDialog"] { color-scheme: light dark; }
[data-testid="stCaptionContainer"]:has(a) { opacity: 0.9; }
[data-testid="stExpandSidebarButton"]::after { content: "Pages"; margin-left: 0.3rem; font-size: 0.9rem; }
.stMainBlockContainer { padding-top: 4.5rem; }
.aligned-heading { min-height: 3.9rem; }
[class*="st-key-saliency_canvas"] { min-height: 280px; }
@media (min-width: 640px) and (max-width: 1250px) { .aligned-heading { min-height: 5.8rem; } }
</style>"""


_in_frame = ContextVar("_in_frame", default=False)


def run() -> None:
    """The dashboard: its frame, and in it the page that is asked for."""
    page = _frame()
    token = _in_frame.set(True)
    try:
        address.arrive(page.title)
        page.run()
        address.leave()
    finally:
        _in_frame.reset(token)


def _frame():
    """Draw the frame; returns the page that is asked for."""
    # An emoji, and set before the navigation: other page icons would be fetched from outside.
    st.set_page_config(page_title="ocrgen", page_icon=queue.ICON, layout="wide")
    st.session_state["frame_seen"] = True
    st.html(STYLE)
    pages = sorted((HOME / "pages").glob("[0-9]*.py"))
    page = st.navigation([st.Page(Path("pages") / p.name) for p in pages], position="top")
    if page.title != "Overview":  # which stands before all is imported, and then does the same
        warm()
    queue.show(page.title)
    return page


def page_title(title: str, about: str) -> None:
    """The first line of every page, in its frame.

    Where the first visit to a fresh server goes straight to a page, Streamlit takes `pages/` for its older kind of
    multipage app and leaves `app.py` out, until it meets `st.navigation`: draw the frame, which has it, and run again.
    AppTest is of the older kind at every run: there the frame is drawn here, since another run would lose the click
    that is being tested.
    """
    if not _in_frame.get():
        fresh = "frame_seen" not in st.session_state
        _frame()
        address.arrive(title, gathered=False)
        if fresh:
            st.rerun()
    st.title(title)
    st.caption(about)
