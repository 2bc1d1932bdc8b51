"""A study on a real Dask cluster: a scheduler and two workers on this machine, one of which is killed at a cell."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ocrgen.__main__ import main
from ocrgen.runs.store import RunStore
from ocrgen.study import read_results
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import plan
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import HOME
from tests.helpers.browser import free_port
from tests.helpers.processes import processes_of, wait_for
from tests.helpers.studies import create, execute, files, log_of


def start(module: str, *args: str) -> subprocess.Popen:
    """As in docs/cluster.md, but for the ports."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *args, "--host", "127.0.0.1", "--no-dashboard"]
    return subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def answers(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The scheduler's address, and scheduler and two workers as processes; none of them outlives the tests."""
    address = f"tcp://127.0.0.1:{(port := free_port())}"
    folder = str(tmp_path_factory.mktemp("dask"))
    options = ["--nthreads", "1", "--no-nanny", "--local-directory", folder]
    processes = [start("dask_scheduler", "--port", str(port))]
    processes += [start("dask_worker", address, *options) for _ in range(2)]

    try:
        wait_for(lambda: answers(port))
        yield address, processes
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_a_killed_workers_cell_goes_to_another_and_every_cell_is_done_once(cluster, store, monkeypatch):
    address, (_, *workers) = cluster
    monkeypatch.setenv("OCRGEN_SCHEDULER", address)
    run = create(store, full_steps=150)
    killed = []

    def kill():
        """Kill the worker whose process is at the first cell that begins."""
        pid, key = wait_for(lambda: log_of(run, "begins"))[0]
        worker = parent(pid)
        os.kill(worker, signal.SIGKILL)
        killed.extend([pid, key, worker])

    killer = in_thread(kill)
    assert execute(run, store) == "done"
    killer.join()
    pid, key, worker = killed
    assert [w.poll() for w in workers if w.pid == worker] == [-signal.SIGKILL]

    keys = sorted(cell.key for cell in plan(StudyConfig.model_validate(run.request.settings)))
    ended, begun = log_of(run, "ended"), log_of(run, "begins")
    assert sorted(k for _, k in ended) == keys  # each of them, and each once
    assert sorted(k for _, k in begun) == sorted([*keys, key])  # what the killed worker was at, twice
    assert pid not in {p for p, _ in ended} and len({p for p, k in begun if k == key}) == 2
    assert os.getpid() not in {p for p, _ in begun}  # the work was the workers'
    found = read_results(run)
    assert found.done == found.total == len(keys) and not found.failures
    assert run.read_status().step == run.read_status().total == len(keys)


def test_a_cell_whose_process_dies_fails_and_spares_the_worker(cluster, store, monkeypatch):
    address, _ = cluster
    monkeypatch.setenv("OCRGEN_SCHEDULER", address)
    run = create(store)
    maker = "generator-cvae-n60-s0"
    cells = plan(StudyConfig.model_validate(run.request.settings))
    fed = {cell.key for cell in cells if maker in cell.needs}
    fed |= {cell.key for cell in cells if fed & set(cell.needs)}
    (run.path / "cells").mkdir()
    for cell in cells:  # what is not asked about here stands already
        if cell.key not in (maker, *fed):
            about = {"key": cell.key, "kind": cell.kind, "arm": cell.arm.name, "n_real": cell.n, "seed": cell.seed}
            content = json.dumps(about | {"confusion": np.zeros((10, 10), int).tolist(), "misread": [[], []]})
            (run.path / "cells" / f"{cell.key}.json").write_text(content)
    killer = in_thread(lambda: os.kill(wait_for(lambda: log_of(run, "begins"))[0][0], signal.SIGKILL))
    with pytest.raises(
        UserError, match=f"{1 + len(fed)} of {len(cells)} tasks failed; the first: {maker}: .* died .exit status -9"
    ):
        execute(run, store)
    killer.join()
    faults = {f["key"]: f["error"] for f in read_results(run).failures}
    assert faults.keys() == {maker, *fed}
    assert all("it needs " in faults[key] and "which failed" in faults[key] for key in fed)
    assert log_of(run, "ended") == []


def test_a_cancel_reaches_the_workers(cluster, store, monkeypatch):
    address, _ = cluster
    monkeypatch.setenv("OCRGEN_SCHEDULER", address)
    run = create(store, full_steps=1_000_000)

    def cancel():
        wait_for(lambda: log_of(run, "begins"))
        run.cancel()

    canceller = in_thread(cancel)
    assert execute(run, store) == "cancelled"
    canceller.join()
    wait_for(lambda: not processes_of(run))
    assert run.state == "cancelled" and not files(run) and not run.stop_file.exists()


def test_a_study_says_that_it_waits_for_workers(store, monkeypatch, tmp_path):
    scheduler = start("dask_scheduler", "--port", str(port := free_port()))
    workers, folder = [], str(tmp_path)
    try:
        wait_for(lambda: answers(port))
        monkeypatch.setenv("OCRGEN_SCHEDULER", address := f"tcp://127.0.0.1:{port}")
        run, heard = create(store, full_steps=1_000_000), []

        def watch():
            heard.append(wait_for(lambda: run.read_status().note))
            workers.append(start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", folder))
            wait_for(lambda: log_of(run, "begins"))
            wait_for(lambda: not run.read_status().note)
            run.cancel()

        watcher = in_thread(watch)
        assert execute(run, store) == "cancelled"
        watcher.join()
        assert len(heard) == 1 and "has no workers" in heard[0]
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("garbage", "missing port"),
        ("tcp://", "missing port"),
        ("http://127.0.0.1:8786", "unknown address scheme"),
        ("tls://127.0.0.1:8786", "TLS"),
        ("nobody", "Timed out"),
    ],
)
def test_without_a_scheduler_one_line_says_so(address, why, monkeypatch, capsys):
    address = f"tcp://127.0.0.1:{free_port()}" if address == "nobody" else address
    monkeypatch.setenv("OCRGEN_SCHEDULER", address)
    assert main(["study", "--dataset", "digits", "--n", "60"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ocrgen: No Dask scheduler answers at {address} (") and why in line
    assert line.endswith("start one, or unset OCRGEN_SCHEDULER.")
    (run,) = RunStore(shipped=None).list()
    assert run.state == "failed" and run.read_status().error in line


def test_without_dask_one_line_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_SCHEDULER", "tcp://127.0.0.1:8786")
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    assert main(["study", "--dataset", "digits", "--n", "60"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs Dask: `pip install -r requirements-cluster.txt`" in line


def test_a_lost_scheduler_fails_the_study_and_nothing_is_left_behind(cluster, store, monkeypatch, tmp_path):
    """The last test, since it ends the cluster. A worker's process ends with it, however it ends."""
    address, (scheduler, *workers) = cluster
    monkeypatch.setenv("OCRGEN_SCHEDULER", address)
    run = create(store, full_steps=1_000_000)

    def kill():
        wait_for(lambda: log_of(run, "begins"))
        scheduler.kill()

    killer = in_thread(kill)
    with pytest.raises(UserError, match="was lost: resuming goes on"):
        execute(run, store)
    killer.join()
    assert run.state == "failed" and not files(run) and not read_results(run).failures
    for worker in workers:  # they would leave by themselves, after giving their cells half a minute
        worker.kill()
    ours = str(tmp_path.parent).encode()  # all stores of this module lie under it

    def left():
        files = Path("/proc").glob("[0-9]*/cmdline")
        return [words for words in map(read, files) if b"cluster-worker" in words and ours in words]

    wait_for(lambda: not left())


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended
        return b""
