"""Jobs: one process for each run that is submitted, waits for a slot, works and can be stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run, RunError, now
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import explain, lock, remove_partial_files, require_free_space
from ocrgen.utils.places import HOME

QUEUE_LIMIT = 20
PATIENCE = 1.5  # seconds from the signal to a checkpoint
LOCK_VARIABLE = "OCRGEN_LOCK_DESCRIPTOR"


class Cancelled(BaseException):
    """The run was asked to stop. A BaseException, so that no handler of errors catches it."""


class Stop:
    """Whether the run was asked to stop, by signal or by its stop file. Until `graceful` is set, a signal ends it."""

    def __init__(self, run: Run):
        self.run = run
        self.graceful = False
        self.signalled = False
        self.interrupted = False
        self.ended = False
        self.last_check = 0.0

    def __call__(self) -> bool:
        """Cheap enough for every training step: the file system is asked at most five times a second."""
        if not self.signalled and (t := time.monotonic()) - self.last_check > 0.2:
            self.last_check = t
            self.signalled = self.run.stop_file.exists()
        return self.signalled

    def on_signal(self, *_: object) -> None:
        """The handler of SIGTERM and SIGINT."""
        self.signalled = True
        if not self.graceful:
            self.interrupt()
        # A step, or the end of an epoch, may take longer than users wait: then the last checkpoint must do.
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def on_alarm(self, *_: object) -> None:
        """The handler of SIGALRM: time is up, unless the work has ended by itself."""
        if not self.ended:
            self.interrupt()

    def interrupt(self) -> NoReturn:
        """End the work wherever it is, which may be in the middle of an import."""
        self.interrupted = True
        raise Cancelled


def slots() -> int:
    """How many jobs may run at once (OCRGEN_SLOTS, default 1): more would slow each other down."""
    try:
        return max(1, min(64, int(os.environ.get("OCRGEN_SLOTS", "1"))))
    except ValueError:
        raise UserError(f"OCRGEN_SLOTS must be a whole number, not {os.environ['OCRGEN_SLOTS']!r}.") from None


def queue(store: RunStore) -> list[Run]:
    """The queued runs, the next one first."""
    return in_turn((run, run.read_status()) for run in store.own())


def in_turn(statuses: Iterable[tuple[Run, RunStatus]]) -> list[Run]:
    """Of runs and how they stand the queued ones, the next one first."""
    waiting = [(status.queued or "", run.name, run) for run, status in statuses if status.state == "queued"]
    return [run for *_, run in sorted(waiting, key=lambda w: w[:2])]


def _enqueue(run: Run, store: RunStore) -> int:
    """Lock the run and put it at the end of the queue; returns the lock's descriptor. UserError if impossible."""
    if run.shipped:
        raise RunError(f"{run.name} is shipped with the lab and read-only.")
    state = run.state
    if state == "damaged":
        raise RunError(run.read_status().error)
    if state == "done":
        raise RunError(f"{run.name} is done: there is nothing to resume.")
    descriptor = None
    try:
        require_free_space(run.path)
        if len(queue(store)) >= QUEUE_LIMIT:
            raise RunError(f"The queue is full ({QUEUE_LIMIT} jobs wait). Wait, or cancel some, then start again.")
        descriptor = lock(run.path / "lock", wait=1.0)
        if descriptor is None:
            raise RunError(f"{run.name} is already at work.")
        run.stop_file.unlink(missing_ok=True)
        run.update(state="queued", queued=now(), error=None, pid=None, finished=None)
        return descriptor
    except OSError as fault:
        if descriptor is not None:
            os.close(descriptor)
        raise RunError(explain(fault, run.path) or f"{run.name} cannot be written: {fault.strerror}.") from fault


def submit(run: Run, store: RunStore) -> None:
    """Start or resume a run in a new process, which outlives this one. UserError if it cannot be queued."""
    descriptor = _enqueue(run, store)
    try:
        environment = os.environ | {LOCK_VARIABLE: str(descriptor), "OCRGEN_RUNS": str(store.root)}
        with (run.path / "log.txt").open("ab") as log:
            # The child inherits the lock: there is no moment in which the run looks dead.
            process = subprocess.Popen(
                [sys.executable, "-m", "ocrgen", "resume", run.name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=HOME,
                env=environment,
                pass_fds=[descriptor],
                start_new_session=True,
            )
    finally:
        os.close(descriptor)
    # From here on only the child writes the status. Without the wait it would stay a zombie once it ends.
    threading.Thread(target=process.wait, daemon=True).start()


def start(store: RunStore, verb: str, settings: dict, about: str, label: str = "") -> Run:
    """Create a run and submit it; if it cannot be queued, the run is deleted again."""
    run = store.create(verb, settings, about, label)
    try:
        submit(run, store)
    except BaseException:
        store.delete(run)
        raise
    return run


@contextlib.contextmanager
def _slot(run: Run, store: RunStore, stop: Stop) -> Iterator[None]:
    """Wait for this run's turn and hold one of the machine's slots: OS locks, which end with their process."""
    folder = store.root / ".slots"
    folder.mkdir(exist_ok=True)
    told = False
    while True:
        if stop():
            raise Cancelled
        waiting = queue(store)
        if not waiting or waiting[0].name == run.name:
            for i in range(slots()):
                descriptor = lock(folder / str(i))
                if descriptor is not None:
                    try:
                        yield
                    finally:
                        os.close(descriptor)
                    return
        if not told and sys.stderr.isatty():
            print("Waiting: another job is at work (OCRGEN_SLOTS allows more).", file=sys.stderr)
            told = True
        time.sleep(0.25)


def execute(run: Run, store: RunStore, work: Callable[[Run, Stop], None]) -> str:
    """Do a run's work in this process: lock, queue, signals, status. Returns the state that it ended in.

    An exception is written to the run's status before it is raised again.
    """
    inherited = os.environ.pop(LOCK_VARIABLE, None)
    descriptor = int(inherited) if inherited else _enqueue(run, store)
    os.set_inheritable(descriptor, False)
    stop = Stop(run)
    handlers = {signal.SIGTERM: stop.on_signal, signal.SIGINT: stop.on_signal, signal.SIGALRM: stop.on_alarm}
    before = {s: signal.signal(s, handler) for s, handler in handlers.items()}
    try:
        remove_partial_files(run.path)
        run.update(pid=os.getpid(), host=socket.gethostname())
        with _slot(run, store, stop):
            run.update(state="running", started=now())
            work(run, stop)
            stop.ended = True
        run.update(state="done", finished=now())
        return "done"
    except (Cancelled, KeyboardInterrupt):
        stop.ended = True
        run.end("cancelled")
        return "cancelled"
    except Exception as fault:
        # Code that was interrupted, such as an import, may raise an error of its own in the place of Cancelled.
        if not stop.interrupted:
            _fail(run, fault)
        traceback.print_exc()
        run.end("cancelled")
        return "cancelled"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for s, handler in before.items():
            signal.signal(s, handler)
        with contextlib.suppress(OSError):
            run.stop_file.unlink(missing_ok=True)
        os.close(descriptor)


def _fail(run: Run, fault: Exception) -> NoReturn:
    error = str(fault)
    if not isinstance(fault, UserError):
        told = explain(fault, run.path) if isinstance(fault, OSError) else None
        if not told:
            traceback.print_exc()
        error = told or f"{type(fault).__name__}: {fault} (the whole trace is in {run.path / 'log.txt'})"
    run.end("failed", error)
    raise UserError(error) if isinstance(fault, OSError) else fault
