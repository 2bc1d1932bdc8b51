"""The verb that opens the dashboard: `app`."""

import os
import sys
from pathlib import Path

from ocrgen.cli.common import parse
from ocrgen.utils.memory import ONE_ARENA
from ocrgen.utils.places import HOME


def app(args: list[str]) -> int:
    """Open the dashboard in the browser: app [--port 8501]"""
    from pydantic import Field

    from ocrgen.utils.settings import Settings

    class AppFlags(Settings):
        """Open the dashboard on this machine; it ends with Ctrl+C, and what it has started goes on."""

        port: int = Field(default=8501, ge=1, le=65535, description="where it listens, on 127.0.0.1 only")

    port = parse(AppFlags, "app", args).port
    for name in ("OCRGEN_RUNS", "OCRGEN_DATA", "OCRGEN_CHECKPOINTS"):  # as seen from the folder it was called in
        if value := os.environ.get(name):
            os.environ[name] = str(Path(value).expanduser().resolve())
    os.chdir(HOME)  # where Streamlit looks for its settings and the theme
    command = [sys.executable, "-m", "streamlit", "run", str(HOME / "app.py"), "--server.port", str(port)]
    os.execve(sys.executable, command, ONE_ARENA | os.environ)
