"""The curves of a run as TensorBoard event files: written by the training, read by pages as one tidy table."""

from __future__ import annotations

import math
import threading
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a writer, which every training has, must not wait a second for pandas
    import pandas as pd


class CurveWriter:
    """Writes scalars and images of one run. Opened at `step`, it discards what a killed process logged after it."""

    def __init__(self, folder: Path, step: int):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(folder, purge_step=step + 1 if step else None)

    def add(self, values: dict[str, float], step: int) -> None:
        """Log scalars by tag (`group/line`) and make them visible to readers at once."""
        for tag, value in values.items():
            self.writer.add_scalar(tag, value, step)
        self.writer.flush()

    def add_image(self, tag: str, image, step: int) -> None:
        """Log a grey image, uint8 (H, W)."""
        self.writer.add_image(tag, image, step, dataformats="HW")

    def close(self) -> None:
        """Flush and close the event file."""
        self.writer.close()


class CurveReader:
    """Reads a run's event files, each byte once; `table()` is cheap, and the same, while nothing is new.

    Plain arrays hold what was read: TensorBoard's own accumulator keeps an object for each point, for the garbage
    collector to visit again and again.
    """

    def __init__(self, folder: Path):
        from tensorboard.backend.event_processing.directory_watcher import DirectoryWatcher
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
        from tensorboard.backend.event_processing.io_wrapper import IsSummaryEventsFile

        self._events = DirectoryWatcher(str(folder), LegacyEventFileLoader, IsSummaryEventsFile)
        self._lock = threading.Lock()
        self._curves: dict[str, tuple[array, array]] = {}  # tag -> steps, values
        self._table: pd.DataFrame | None = None

    def table(self) -> pd.DataFrame:
        """Columns `tag`, `step`, `value`; finite values only, in order of step. Empty where nothing was logged."""
        with self._lock:
            for event in self._events.Load():
                self._take(event)
            if self._table is None:
                self._table = self._draw_up()
            return self._table

    def _take(self, event) -> None:
        if event.HasField("session_log") and event.session_log.status == event.session_log.START:
            # Of a resume: what a killed process has logged from this step on is out of date.
            for steps, values in self._curves.values():
                kept = bisect_left(steps, event.step)
                del steps[kept:], values[kept:]
            self._table = None
        for value in event.summary.value:
            if value.HasField("simple_value") and math.isfinite(value.simple_value):
                steps, values = self._curves.setdefault(value.tag, (array("q"), array("d")))
                steps.append(event.step)
                values.append(value.simple_value)
                self._table = None

    def _draw_up(self) -> pd.DataFrame:
        import pandas as pd

        curves = [pd.DataFrame({"tag": t, "step": list(s), "value": list(v)}) for t, (s, v) in self._curves.items()]
        table = pd.concat(curves or [pd.DataFrame(columns=["tag", "step", "value"])], ignore_index=True)
        # Of a step that was logged twice (a resume at that very step), the last value counts.
        return table.drop_duplicates(["tag", "step"], keep="last")
