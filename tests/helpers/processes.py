"""Processes that tests start: waiting for what they do, and who of them still lives."""

import time
from pathlib import Path

from ocrgen.runs.run import Run


def wait_for(condition, seconds=90):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    return found


def processes_of(run: Run) -> list[int]:
    """Living processes that have the run's name on their command line, helpers too; zombies have none."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if run.name.encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:  # it has ended
            continue
    return found
