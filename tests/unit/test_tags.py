"""Tags of runs, and in what runs differ."""

import pytest

from ocrgen.runs.compare import by_settings, differing
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.runs.tags import MAX_LENGTH, MAX_TAGS, read_tags, write_tags
from tests.helpers.runs import request


def test_tags_are_kept_beside_the_run_and_those_of_shipped_ones_in_the_users_folder(store, tmp_path):
    own = store.create("train", request(), "own")
    (tmp_path / "shipped" / "cvae").mkdir(parents=True)
    shipped = Run(tmp_path / "shipped" / "cvae", shipped=True)
    for run in (own, shipped):
        assert read_tags(run, store) == ()
        write_tags(run, store, ["baseline", "baseline", "  two \n words "])
        assert read_tags(run, store) == ("baseline", "two words")
    assert (own.path / "tags.json").exists() and not list(shipped.path.iterdir())
    assert [run.name for run in RunStore(store.root, shipped=None).list()] == [own.name]


def test_tags_are_few_and_short_text(store):
    run = store.create("train", request(), "own")
    write_tags(run, store, ["<script>\0\x1b[31m", "x" * 500, "", " ", *map(str, range(20))])
    found = read_tags(run, store)
    assert len(found) == MAX_TAGS and found[0] == "<script> [31m" and len(found[1]) == MAX_LENGTH


@pytest.mark.parametrize("content", [b"", b"{ half", b'{"a": 1}', b"[" * 100_000, b"\xff", b"[1, null]"])
def test_damaged_tags_are_none(store, content):
    run = store.create("train", request(), "own")
    (run.path / "tags.json").write_bytes(content)
    assert read_tags(run, store) == ()


def made(store, seed: int = 0, **config) -> Run:
    settings = {"dataset": "digits", "model": "cvae", "preset": "fast"}
    return store.create("train", settings | {"train": {"epochs": 1, "seed": seed}, "config": {"lr": 0.1} | config}, "x")


def test_runs_that_differ_in_the_seed_alone_are_a_group(store):
    one, two, again, other = made(store), made(store, 1), made(store, 1), made(store, 2, lr=0.2)
    assert by_settings([again, two, other, one]) == [[again, one], [other]]
    assert differing([one, two]) == ["seed"] and differing([two, again]) == [] == differing([one])
    assert differing([two, other]) == ["seed", "lr"] and differing([one, made(store, beta=1)]) == []
