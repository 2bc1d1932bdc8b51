"""The command line, as a shell calls it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from ocrgen.__main__ import VERBS, main
from ocrgen.datasets import load_data
from ocrgen.generators.sampling import save_samples
from ocrgen.runs.store import RunStore
from ocrgen.utils.places import HOME
from tests.helpers.letters import in_folders, unpacked


def ocrgen(*args: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **variables}
    command = [sys.executable, "-m", "ocrgen", *args]
    return subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, timeout=120)


def test_help_names_every_verb(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {verb} +\w", shown, re.M) for verb in VERBS)
    assert main([]) == 0


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert f"python -m ocrgen {verb}" in shown and len(shown.splitlines()) > 6


@pytest.mark.parametrize(
    ("model", "preset"), [("cvae", "fast"), ("cvae", "paper"), ("cgan", "fast"), ("cgan", "paper"), ("flow", "fast")]
)
def test_train_help_shows_every_setting_with_the_presets_values(model, preset, capsys):
    from ocrgen.generators import generators
    from ocrgen.generators.config import TrainConfig

    with pytest.raises(SystemExit):
        main(["train", model, "--preset", preset, "--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    config = generators()[model].presets[preset]
    for name in [*TrainConfig.model_fields, *type(config).model_fields, "dataset", "preset", "run_name"]:
        assert f"--{name.replace('_', '-')} " in shown
    assert f"--batch INT images per training step (default: {config.batch})" in shown


@pytest.mark.slow
def test_train_sample_and_runs_from_a_shell(tmp_path):
    done = ocrgen("train", "cvae", "--dataset", "digits", "--epochs", "2", "--seed", "3", "--run-name", "my first",
                  "--latent", "6")  # fmt: skip
    assert done.returncode == 0, done.stderr
    name = done.stdout.splitlines()[-1]

    listed = ocrgen("runs", "--json")
    (row,) = json.loads(listed.stdout)
    assert row["run"] == name and row["state"] == "done" and row["verb"] == "train"
    assert row["step"] == row["total"] > 0 and row["label"] == "my first"
    assert row["settings"]["config"]["latent"] == 6 and row["settings"]["train"]["seed"] == 3
    assert name in ocrgen("runs").stdout

    out = tmp_path / "s.npz"
    sampled = ocrgen("sample", "my first", "--per-class", "7", "--seed", "5", "--out", str(out))
    assert sampled.returncode == 0, sampled.stderr
    with np.load(out) as content:
        assert content["images"].shape == (70, 28, 28) and content["images"].dtype == np.uint8
        assert np.bincount(content["labels"]).tolist() == [7] * 10
        about = json.loads(str(content["provenance"]))
    assert about["run"] == name and about["seed"] == 5 and about["generator"]["config"]["latent"] == 6

    earlier = ocrgen("sample", name, "--per-digit=7", "--seed", "5", "--out", str(tmp_path / "t.npz"))
    assert earlier.returncode == 0 and "70 images, 7 a digit" in earlier.stdout, earlier.stderr
    with np.load(out) as content, np.load(tmp_path / "t.npz") as same:
        assert np.array_equal(content["images"], same["images"])

    again = ocrgen("resume", name)
    assert again.returncode == 2 and "nothing to resume" in again.stderr


@pytest.mark.slow
def test_interrupted_training_resumes_from_a_shell():
    command = [sys.executable, "-m", "ocrgen", "train", "cvae", "--epochs", "300"]
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    store = RunStore(shipped=None)
    until = time.monotonic() + 60
    while not (store.list() and store.list()[0].read_status().epoch):
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=10)
    assert process.returncode == 130 and "resume" in error and "Traceback" not in error
    assert out.splitlines()[-1] == store.list()[0].name
    assert store.list()[0].state == "cancelled"


@pytest.mark.parametrize("form", [".npz", ".zip"])
def test_samples_come_back_as_a_data_set(trained, tmp_path, form):
    out = tmp_path / f"samples{form}"
    drawn = save_samples(trained.list()[0], 12, 1, out)
    splits = load_data(str(out))
    assert splits.train.classes == drawn.classes == tuple("0123456789")
    back = {image.tobytes() for part in splits for image in part.images}
    assert back == {image.tobytes() for image in drawn.images}
    if form == ".zip":
        with zipfile.ZipFile(out) as archive:
            assert archive.testzip() is None
            assert {n.split("/")[0] for n in archive.namelist()} == {*"0123456789", "provenance.json"}
            assert json.loads(archive.read("provenance.json"))["per class"] == 12


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["fly"], "no verb 'fly'"),
        (["resume", "nobody"], "no run 'nobody'"),
        (["sample", "nobody", "--out", "x.zip"], "no run 'nobody'"),
        (["train", "cvae", "--preset", "slow"], "no preset 'slow'"),
        (["train", "cvae", "--epochs", "501"], "epochs"),
        (["train", "cgan", "--batch", "0"], "batch"),
        (["data", "nothing"], "no data set"),
        (["data", "digits", "--download"], "no data set that can be downloaded"),
    ],
)
def test_mistakes_end_in_one_clear_line(args, message, capsys):
    try:
        code = main(args)
    except SystemExit as end:  # the flags' own parser
        code = end.code
    assert code == 2
    printed = capsys.readouterr()
    assert message in printed.err and "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("per_class", "name", "message"),
    [
        (0, "a.zip", "1 to"),
        (10_001, "a.zip", "1 to"),
        (1, "a.tar", "must end in"),
        (1, "no/such/a.zip", "cannot be written"),
    ],
)
def test_sample_says_what_is_wrong(use_trained, tmp_path, capsys, per_class, name, message):
    run = use_trained.list()[0].name
    assert main(["sample", run, "--per-class", str(per_class), "--out", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


def test_unknown_data_leave_a_failed_run_and_a_message(capsys):
    assert main(["train", "cvae", "--dataset", "/no/such/folder"]) == 2
    printed = capsys.readouterr()
    assert "no data set" in printed.err
    (run,) = RunStore(shipped=None).list()
    assert printed.out.splitlines()[-1] == run.name and run.state == "failed"


@pytest.mark.slow
def test_letters_are_trained_sampled_and_read_again_from_a_shell(tmp_path, capsys):
    own = unpacked(tmp_path / "letters", in_folders(("A", "a", "B", "/"), 12, 40))
    assert main(["train", "cvae", "--dataset", str(own), "--epochs", "60", "--run-name", "abc"]) == 0
    for name in ("s.npz", "s.zip"):
        assert main(["sample", "abc", "--per-class", "4", "--out", str(tmp_path / name)]) == 0
        assert "16 images, 4 a character, in " in capsys.readouterr().out
        assert main(["data", str(tmp_path / name)]) == 0
        shown = capsys.readouterr().out
        assert "4 classes: / A B a" in shown and re.search(r"^train +8 images .* 2 to 2 a class$", shown, re.M)
    run = RunStore(shipped=None).get("abc")
    assert run.request.classes == ["/", "A", "B", "a"]


def test_data_lists_what_is_at_hand(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    assert main(["data"]) == 0
    shown = capsys.readouterr().out
    assert "At hand." in shown and "--download" in shown
    assert re.search("^arabic-letters: 28 letters$", shown, re.M) and "digits: digits 0 to 9" in shown
    assert main(["data", "digits"]) == 0
    assert "1,317 images" in capsys.readouterr().out
    assert main(["data", "mnist"]) == 2
