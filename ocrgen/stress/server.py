"""The dashboard as a process of its own on a free port of this machine."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from ocrgen.utils.errors import UserError
from ocrgen.utils.memory import ONE_ARENA
from ocrgen.utils.places import HOME

PATIENCE = 90.0  # seconds to start: a first start compiles what it imports


class Server:
    """`with Server() as server`: the dashboard over OCRGEN_RUNS and OCRGEN_CHECKPOINTS, bound to 127.0.0.1.

    `script`: another Streamlit script than the dashboard. UserError if it does not start.
    """

    def __init__(self, script: Path = HOME / "app.py"):
        self.script = script

    def __enter__(self) -> "Server":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = ["--server.address", "127.0.0.1", "--server.port", str(port)]
        command = [sys.executable, "-m", "streamlit", "run", str(self.script), *options]
        # A file: a pipe that nobody reads would stop the server once it is full.
        self._log = tempfile.TemporaryFile("w+")
        environment = os.environ | ONE_ARENA  # as `app` starts it
        self.process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=self._log, stderr=subprocess.STDOUT)
        until = time.monotonic() + PATIENCE
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > until:
                lines = self.output().strip().splitlines()
                self.__exit__()
                raise UserError(f"The dashboard did not start: {lines[-1] if lines else 'it said nothing'}")
            time.sleep(0.1)
        return self

    def __exit__(self, *fault) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def _healthy(self) -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read()
            return True
        return False

    def output(self) -> str:
        """Its output so far."""
        self._log.seek(0)
        return self._log.read()

    def cpu(self) -> float | None:
        """CPU seconds of all its threads since it started, to 10 ms; None where there is no /proc."""
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return None

    def memory(self) -> dict[str, float]:
        """Its memory in MiB: `RSS`, and `PSS` (shared pages divided among their processes) where the system has it."""
        memory = {}
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in ("Rss", "Pss"):
                    memory[name.upper()] = int(rest.split()[0]) / 1024
        if not memory:
            ps = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True)
            memory["RSS"] = int(ps.stdout) / 1024
        return memory
