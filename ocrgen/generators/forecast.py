"""How long a training will take: from how fast earlier ones with the same settings were on this machine."""

import socket
from collections.abc import Iterable
from itertools import islice
from statistics import median

from ocrgen.generators.config import TrainRequest
from ocrgen.runs.run import Run

LATEST = 3  # trainings whose speed counts
FEWEST = 100  # steps after which it does
_COMPUTING = ("device", "precision", "threads", "monitor")  # what the speed depends on, of the training loop's settings


def seconds_per_step(request: TrainRequest, runs: Iterable[Run]) -> float | None:
    """Seconds that a step of this training will take, all that is done at an epoch's end included; None if not known.

    runs: earlier ones, the oldest first. Those of the same generator and settings on this machine tell.
    """
    speeds = filter(None, (_speed(request, run) for run in reversed(list(runs))))
    return median(found) if (found := list(islice(speeds, LATEST))) else None


def _speed(request: TrainRequest, run: Run) -> float | None:
    status = run.read_status()
    if status.state == "damaged" or status.host != socket.gethostname() or status.step < FEWEST or not status.seconds:
        return None
    settings = run.request.settings
    if settings.get("model") != request.model or settings.get("config") != request.config.model_dump(mode="json"):
        return None
    train, same = settings.get("train", {}), request.train.model_dump(mode="json")
    return status.seconds / status.step if all(train.get(k) == same[k] for k in _COMPUTING) else None
