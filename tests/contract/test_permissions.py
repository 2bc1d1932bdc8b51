"""A store that may be read but not written, and rights taken away under a job: clear words, nothing lost."""

import os
import shutil
import subprocess
import sys

import pytest

from ocrgen.runs import jobs
from tests.helpers.runs import ended, request, until

# File modes mean nothing to root: as root, the commands run without the two capabilities that see past them.
PLAIN = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []


def command(environment, root, *words):
    """A command of ours on that store, as a user without special rights."""
    environment = environment | {"OCRGEN_RUNS": str(root)}
    return subprocess.Popen(
        [*PLAIN, sys.executable, "-m", "ocrgen", *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.fixture
def modes():
    """Takes the right to write away from a folder and all in it; gives it back in the end."""
    changed = set()

    def change(folder, mode):
        changed.add(folder)
        for path in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
            path.chmod(mode)

    yield change
    for folder in list(changed):
        change(folder, 0o755)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["runs"], "cvae-digits"),
        (["score", "{run}", "--n", "100"], "permission"),
        (["train", "cvae", "--dataset", "digits", "--epochs", "1"], "free it, or set OCRGEN_RUNS"),
    ],
)
def test_a_store_that_may_only_be_read(trained, tmp_path, environment, modes, words, told):
    root = tmp_path / "locked"
    shutil.copytree(trained.root, root)
    run = trained.list("train")[0]
    modes(root, 0o555)
    before = sorted(root.rglob("*"))
    process = command(environment, root, *(w.format(run=run.name) for w in words))
    said, _ = process.communicate(timeout=120)
    assert told in said and "Traceback" not in said, said
    assert process.returncode == (0 if words == ["runs"] else 2), said
    assert sorted(root.rglob("*")) == before


def test_rights_taken_from_a_training_and_given_back(store, environment, modes):
    run = store.create("train", request(train={"epochs": 8}), "cvae-digits")
    process = command(environment, store.root, "resume", run.name)
    until(lambda: len(run.epochs()) > 1, run)
    modes(run.path, 0o555)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 2 and "permission is denied: give yourself the right" in said
    assert "Traceback" not in said
    assert run.state in ("failed", "died")  # the status may have been out of its reach, too
    modes(run.path, 0o755)
    step = run.read_status().step
    jobs.submit(run, store)
    assert ended(run) == "done"
    look = run.read_status()
    assert look.step == look.total > step and run.epochs()[-1] == 8
