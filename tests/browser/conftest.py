"""A real server and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ocrgen.runs.store import PACKAGE

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

# Upper bounds, not expectations: two cores, a training on one of them, and a server that first imports torch.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def find_chromium() -> str | None:
    """The path of Chromium or Chrome, where one is installed in the usual places."""
    return next((p for name in CHROMIUM if (p := shutil.which(name))), MAC if Path(MAC).exists() else None)


class Server:
    """The dashboard as `make run` starts it, on a free port, over its own runs."""

    def __init__(self, runs):
        self.runs = runs
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        environment = {**os.environ, "OCRGEN_RUNS": str(self.runs)}
        self.process = subprocess.Popen(
            command, cwd=PACKAGE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the dashboard did not start")

    def stop(self) -> str:
        """End it; returns what it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[0]


@pytest.fixture
def serve(tmp_path):
    """Start a dashboard over the runs of a folder; all are stopped at the end, and none has printed a traceback."""
    servers = []

    def start(runs) -> Server:
        servers.append(Server(runs))
        return servers[-1]

    yield start
    for server in servers:
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
    """Open pages of given width and colour scheme; none may ask anything of the outside."""
    contexts, outside = [], []

    def open_page(width: int = 1280, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
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


def settle(page: Page) -> None:
    """Wait until the page is connected and its script has run."""
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
