"""Make a run of a generator that is not trained: its shapes as weights, and a grid of what it draws."""

import numpy as np
import torch

from ocrgen.datasets import Splits, geometry_for
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.checkpoint import save_weights
from ocrgen.generators.config import TrainRequest
from ocrgen.generators.reference_grid import GRID_ROWS, save_reference_grid
from ocrgen.imaging.geometry import Geometry
from ocrgen.imaging.render import tile, to_png
from ocrgen.runs.run import Run
from ocrgen.utils.files import write_atomically


def untrained_generators() -> dict[str, type[GenerativeModel]]:
    """The generators that draw without having learned from images, by name."""
    return {name: kind for name, kind in generators().items() if not kind.trains}


def ready(
    name: str,
    classes: tuple[str, ...],
    geometry: Geometry | None = None,
    images: np.ndarray | None = None,
    preset: str = "",
    **settings,
) -> GenerativeModel:
    """An untrained generator that draws `classes` in a data set's layout, MNIST's if there is none.

    images: uint8 (N, 28, 28) of the data set, whose look is taken. settings: of `preset`, its default one if "", that
    are to be changed. UserError if it cannot draw a class.
    """
    kind = generators()[name]
    config = kind.presets[preset or kind.default_preset()].model_dump() | settings
    model = kind(kind.Config.model_validate(config), classes)
    return model.prepare(geometry or Geometry(), images).eval()


def make_run(model: GenerativeModel, data: Splits, request: TrainRequest, run: Run) -> None:
    """What the verb `train` does for such a generator: everything of a training's folder but curves."""
    model.prepare(geometry_for(request.dataset, data.train), data.train.images).eval()
    run.amend(data=data.facts(), classes=data.train.classes, n_labelled=0, device="cpu", precision="float32")
    save_reference_grid(data.train, run)
    source = {"name": data.train.name, "train": 0, "fingerprint": data.train.fingerprint}
    about = run.request.settings | {"epoch": 1, "step": 0, "data": source, "classes": model.classes}
    save_weights(model, about, run.folder("weights") / "epoch-001.safetensors")
    labels = torch.arange(len(model.classes)).repeat(GRID_ROWS)
    samples = model.sample(labels, torch.Generator().manual_seed(request.train.seed)).numpy()
    write_atomically(run.folder("samples") / "epoch-001.png", to_png(tile(samples, columns=len(model.classes))))
    run.update(step=1, total=1, per_epoch=1, epochs=1, epoch=1, note="Nothing was trained: no labelled image was used.")
