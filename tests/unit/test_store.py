"""Runs as folders: states as they truly are, locks that end with their process, nothing half written."""

import json
import os
import subprocess
import sys

import pytest

from ocrgen.runs.run import RunError
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import is_locked, lock, write_atomically


@pytest.fixture
def run(store):
    return store.create("train", {"dataset": "digits", "model": "cvae"}, "cvae-digits", label="mine")


def test_a_new_run_is_whole_and_has_a_generated_name(store, run):
    assert run.path.parent == store.root
    assert run.name.endswith(run.name[-4:]) and "-cvae-digits-" in run.name
    assert run.request.settings == {"dataset": "digits", "model": "cvae"}
    assert run.request.label == "mine"
    assert run.state == "cancelled"
    assert [p.name for p in store.root.iterdir()] == [run.name]


@pytest.mark.parametrize("hostile", ["../../etc", "a/b", "", "x" * 500, "\0", "CON", "ü €"])
def test_names_are_safe_whatever_the_words(store, hostile):
    run = store.create("nothing", {}, hostile, label=hostile)
    assert run.path.parent == store.root
    assert run.path.is_dir()
    assert len(run.request.label) <= 80


def test_numbers_count_up_and_lists_are_in_order(store, run):
    second = store.create("nothing", {}, "cgan-digits")
    assert [r.number for r in store.list()] == [1, 2]
    assert store.get(second.name).name == second.name


def test_get_by_label_only_if_it_is_one(store, run):
    assert store.get("mine").name == run.name
    store.create("nothing", {}, "other", label="mine")
    with pytest.raises(RunError, match="2 runs are labelled"):
        store.get("mine")
    with pytest.raises(RunError, match="no run 'nobody'"):
        store.get("nobody")


def test_a_lock_ends_with_its_process(run):
    code = (
        "import sys; from pathlib import Path; from ocrgen.utils.files import lock; "
        "lock(Path(sys.argv[1])); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(run.path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert is_locked(run.path / "lock")
    assert lock(run.path / "lock") is None
    run.update(state="running")
    assert run.state == "running"
    holder.kill()
    holder.communicate()
    assert not is_locked(run.path / "lock")
    assert run.state == "died"


@pytest.mark.parametrize("file", ["run.json", "status.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b'{"state": "flying"}', None])
def test_a_damaged_run_is_shown_as_damaged_and_spoils_no_other(store, run, file, content):
    other = store.create("nothing", {}, "whole")
    if content is None:
        (run.path / file).unlink()
    else:
        (run.path / file).write_bytes(content)
    again = RunStore(store.root, shipped=None)
    damaged, whole = again.list()
    assert damaged.state == "damaged"
    assert file in damaged.read_status().error
    assert whole.name == other.name and whole.state == "cancelled"
    assert [r.name for r in again.list("nothing")] == [other.name]


def test_atomic_writing_replaces_as_a_whole(tmp_path):
    file = tmp_path / "x.json"
    write_atomically(file, "one")
    write_atomically(file, b"two")
    assert file.read_text() == "two"
    assert list(tmp_path.iterdir()) == [file]


def test_delete_removes_all_but_never_what_is_at_work_or_shipped(store, run, tmp_path):
    held = lock(run.path / "lock")
    with pytest.raises(RunError, match="at work"):
        store.delete(run)
    os.close(held)
    store.delete(run)
    assert list(store.root.iterdir()) == []

    shipped = RunStore(tmp_path / "elsewhere", shipped=store.root)
    store.create("nothing", {}, "shipped")
    with pytest.raises(RunError, match="shipped"):
        shipped.delete(shipped.list()[0])


def test_epochs_and_weights_by_number(run):
    with pytest.raises(RunError, match="no weights yet"):
        run.weights()
    folder = run.folder("weights")
    for name in ("epoch-002.safetensors", "epoch-010.safetensors", ".epoch-011.safetensors.part", "notes.txt"):
        (folder / name).touch()
    assert run.epochs() == [2, 10]
    assert run.weights().name == "epoch-010.safetensors"
    with pytest.raises(RunError, match="no weights of epoch 3"):
        run.weights(3)


def test_a_root_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="Cannot write"):
        RunStore(tmp_path / "file", shipped=None).create("nothing", {}, "x")


def test_amended_facts_survive_a_new_reader(store, run):
    run.amend(data={"train": {"n": 5}})
    assert json.loads((run.path / "run.json").read_bytes())["data"] == {"train": {"n": 5}}
    assert store.get(run.name).request.data["train"]["n"] == 5


def test_links_in_the_store_do_no_harm(store, tmp_path):
    run = store.create("train", {"dataset": "digits", "model": "cvae"}, "cvae-digits")
    elsewhere = tmp_path / "elsewhere"
    run.path.rename(elsewhere)
    run.path.symlink_to(elsewhere)
    for name, target in (("loop", "loop"), ("dangling", "nowhere"), ("file", str(elsewhere / "run.json"))):
        (store.root / name).symlink_to(target)
    assert [r.name for r in store.list()] == [run.name]
