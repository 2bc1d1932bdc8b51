"""The lock file holds every package that is pinned, at the version that is pinned, and what these bring with them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements-lock.txt"


def pins(file: str) -> dict[str, set[str]]:
    """Package -> versions in a requirements file; the lock has two where one does not fit every version of Python."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if pin := re.match(r"([\w.-]+)(?:\[\w+\])?==(\S+)", line):
            found.setdefault(re.sub(r"[-_.]+", "-", pin[1]).lower(), set()).add(pin[2])
    return found


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-cluster.txt", "requirements-dev.txt"])
def test_what_is_pinned_is_locked_at_that_version(file):
    direct, locked = pins(file), pins(LOCK)
    assert direct and {name: locked.get(name) for name in direct} == direct


def test_the_lock_holds_what_nobody_asked_for():
    direct = {name for file in ROOT.glob("requirements*.txt") if file.name != LOCK for name in pins(file.name)}
    assert {"starlette", "sympy", "markupsafe"} <= set(pins(LOCK)) - direct


def test_both_installers_take_the_lock():
    assert (ROOT / "Makefile").read_text().count("-c $(LOCK) -r $<") == 2
