"""Generate labelled characters from a run's weights, and save them with their provenance."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ocrgen import __version__
from ocrgen.datasets.alphabet import folder_names
from ocrgen.datasets.base import Characters
from ocrgen.generators.base import MAX_SAMPLES, GenerativeModel
from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.imaging.render import to_png
from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.progress import ProgressCallback, no_progress

FORMATS = (".npz", ".zip")


def draw(
    model: GenerativeModel, per_class: int, seed: int, name: str = "synthetic", show: ProgressCallback = no_progress
) -> Characters:
    """`per_class` images of each class, the classes in turn, named `name`.

    Repeatable: a larger sample of the same seed begins with the smaller one. UserError if there are more than 100,000.
    """
    k = len(model.classes)
    if not 1 <= per_class <= MAX_SAMPLES // k:
        raise UserError(f"Samples per class must be 1 to {MAX_SAMPLES // k:,}, not {per_class:,}.")
    return _draw(model, torch.arange(k).repeat(per_class), seed, name, show)


def _draw(model: GenerativeModel, labels: torch.Tensor, seed: int, name: str, show: ProgressCallback) -> Characters:
    images = model.sample(labels, torch.Generator().manual_seed(seed), show)
    return Characters(images.numpy(), labels.numpy(), model.classes, name)


def draw_total(model: GenerativeModel, n: int, seed: int, name: str = "synthetic") -> Characters:
    """`n` images, the classes in turn, so that their numbers differ by one at most: the first `n` of `draw`.

    UserError unless 1 <= n <= 100,000.
    """
    if not 1 <= n <= MAX_SAMPLES:
        raise UserError(f"The number of samples must be 1 to {MAX_SAMPLES:,}, not {n:,}.")
    return _draw(model, torch.arange(n) % len(model.classes), seed, name, no_progress)


def interpolate(model: GenerativeModel, label: int, start: int, end: int, steps: int) -> np.ndarray:
    """Images uint8 (steps, 28, 28) of one class between the latent codes of the seeds `start` and `end`.

    Spherical interpolation (slerp, Shoemake 1985): sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, where w is the
    angle between the codes a and b. The middle of the straight line would be shorter than the codes seen in training.
    """
    seeds = [torch.Generator().manual_seed(seed) for seed in (start, end)]
    ends = torch.cat([model.noise(1, seed) for seed in seeds])
    with torch.inference_mode():
        a, b = model.codes(ends, torch.full((2,), label))
    angle = torch.acos(torch.clamp(a @ b / (a.norm() * b.norm()), -1, 1))
    t = torch.linspace(0, 1, steps)[:, None]
    if angle < 1e-3:
        codes = torch.lerp(a, b, t)
    else:
        codes = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return model.decode(codes, torch.full((steps,), label)).numpy()


def provenance(run: Run, epoch: int | None, per_class: int, seed: int) -> dict:
    """How a set of samples was made, enough to make it again: JSON values."""
    metadata = read_metadata(run.weights(epoch))
    command = f"python -m ocrgen sample {run.name} --epoch {metadata['epoch']} --per-class {per_class} --seed {seed}"
    return made_now(per_class, seed) | {"command": command, "run": run.name, "generator": metadata}


def made_now(per_class: int, seed: int) -> dict:
    """The part of a provenance that every set of samples has: JSON values."""
    return {
        "made by": f"ocrgen {__version__}",
        "made at": datetime.now(UTC).isoformat(timespec="seconds"),
        "per class": per_class,
        "seed": seed,
        "note": "Synthetic characters: no image here was written by a hand.",
    }


def to_npz(characters: Characters, provenance: dict) -> bytes:
    """Arrays `images` uint8 (N, 28, 28), `labels` int64 (N,), `classes` (K,), their texts, and `provenance`, JSON."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"images": characters.images, "labels": characters.labels}
    arrays |= {"classes": np.array(characters.classes), "provenance": json.dumps(provenance, indent=1)}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def to_zip(characters: Characters, provenance: dict) -> bytes:
    """One folder per class, a PNG per image, and `provenance.json`, which lists the classes and their folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        names = folder_names(characters.classes)
        about = provenance | {"classes": dict(zip(names, characters.classes, strict=True))}
        archive.writestr("provenance.json", json.dumps(about, indent=1, ensure_ascii=False))
        for i, (image, label) in enumerate(zip(characters.images, characters.labels, strict=True)):
            archive.writestr(f"{names[label]}/{i:06d}.png", to_png(image))
    return buffer.getvalue()


def save_samples(
    run: Run, per_class: int, seed: int, out: Path, epoch: int | None = None, show: ProgressCallback = no_progress
) -> Characters:
    """The verb `sample`: generate from a run's weights into an .npz or .zip. UserError if it cannot be written."""
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"{out}: the file's name must end in {' or '.join(FORMATS)}.")
    characters = draw(load_generator(run.weights(epoch)), per_class, seed, run.name, show)
    pack = to_npz if out.suffix.lower() == ".npz" else to_zip
    try:
        write_atomically(out, pack(characters, provenance(run, epoch, per_class, seed)))
    except OSError as fault:
        raise UserError(f"{out} cannot be written: {fault.strerror}.") from fault
    return characters
