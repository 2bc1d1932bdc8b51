"""A real server and a real Chromium."""

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ocrgen.runs.store import SHIPPED
from tests.helpers.browser import Server, find_chromium

# Upper bounds, not expectations: two cores, a training on one of them, and a server that first imports torch.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def serve(tmp_path):
    """Start a dashboard over the runs of a folder and what is shipped; all end with the test, without a traceback."""
    servers = []

    def start(runs, checkpoints=None) -> Server:
        servers.append(Server(runs, checkpoints))
        return servers[-1]

    yield start
    for server in servers:
        assert "Traceback" not in server.stop()


@pytest.fixture(scope="package")
def lab(trained, tmp_path_factory):
    """A dashboard over two trainings, shared by tests that only look."""
    server = Server(trained.root, tmp_path_factory.getbasetemp() / "nothing")
    yield server
    assert "Traceback" not in server.stop()


@pytest.fixture(scope="package")
def study_lab(studied):
    """A dashboard over two studies and over what is shipped, shared by tests that only look."""
    server = Server(studied.root, SHIPPED)
    yield server
    assert "Traceback" not in server.stop()


# Not for the whole session: its event loop would be in the way of others in this process.
@pytest.fixture(scope="package")
def chromium() -> Browser:
    path = find_chromium()
    if path is None:
        pytest.fail("The browser tests need Chromium: `sudo apt-get install chromium` (or install Google Chrome).")
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium):
    """Open pages of given width and colour scheme, with a touch screen or a mouse; none may ask anything outside."""
    contexts, outside = [], []

    def open_page(width: int = 1280, dark: bool = False, touch: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", accept_downloads=True,
            has_touch=touch,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)

        def note(request) -> None:
            if not request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
                outside.append(request.url)

        page.on("request", note)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
