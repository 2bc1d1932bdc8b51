"""The dashboard's server, and a page of Chromium that has come to rest."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

from ocrgen.utils.places import HOME

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find_chromium() -> str | None:
    """The path of Chromium or Chrome, where one is installed in the usual places."""
    return next((p for name in CHROMIUM if (p := shutil.which(name))), MAC if Path(MAC).exists() else None)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_up(url: str, seconds: float = 60) -> None:
    """Wait until a dashboard answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the dashboard did not start")


class Server:
    """The dashboard as `make run` starts it, on a free port, over its own runs; `checkpoints`: what is shipped."""

    def __init__(self, runs: Path, checkpoints: Path | None = None):
        self.variables = {"OCRGEN_RUNS": str(runs)}
        if checkpoints:
            self.variables["OCRGEN_CHECKPOINTS"] = str(checkpoints)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "ocrgen", "app", "--port", str(self.port)]
        environment = os.environ | self.variables
        self.process = subprocess.Popen(
            command, cwd=HOME, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_until_up(self.url)

    def stop(self) -> str:
        """End it; returns what it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[0]


def settle(page: Page) -> None:
    """Wait until the page is connected and its script has run."""
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
