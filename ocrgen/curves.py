"""The curves of a run as TensorBoard event files: written by the training, read by pages as one tidy table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a writer, which every training has, must not wait a second for pandas
    import pandas as pd


class CurveWriter:
    """Scalars and images of one run. Opened with `step`, it takes back what a killed process logged after that step."""

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
        """Write out what is buffered."""
        self.writer.close()


class CurveReader:
    """Reads a run's event files, each byte once; `table()` is cheap when nothing is new."""

    def __init__(self, folder: Path):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        keep_all = {"scalars": 0, "images": 1, "tensors": 1, "histograms": 1, "compressedHistograms": 1, "audio": 1}
        self.accumulator = EventAccumulator(str(folder), size_guidance=keep_all)

    def table(self) -> pd.DataFrame:
        """Columns `tag`, `step`, `value`; finite values only, in order of step. Empty where nothing was logged."""
        import pandas as pd

        self.accumulator.Reload()
        rows = [
            (tag, event.step, event.value)
            for tag in self.accumulator.Tags()["scalars"]
            for event in self.accumulator.Scalars(tag)
            if math.isfinite(event.value)
        ]
        table = pd.DataFrame(rows, columns=["tag", "step", "value"])
        # A step logged twice (a resume at the very step) counts as logged last.
        return table.drop_duplicates(["tag", "step"], keep="last")
