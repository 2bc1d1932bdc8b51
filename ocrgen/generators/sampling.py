"""Generate labelled digits from a run's weights, and save them with their provenance."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from ocrgen import __version__
from ocrgen.datasets.base import CLASSES, Digits
from ocrgen.generators.base import MAX_SAMPLES, GenerativeModel
from ocrgen.generators.checkpoint import load_generator, read_metadata
from ocrgen.imaging.render import to_png
from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.progress import ProgressCallback, no_progress

FORMATS = (".npz", ".zip")


def draw(
    model: GenerativeModel, per_digit: int, seed: int, name: str = "synthetic", show: ProgressCallback = no_progress
) -> Digits:
    """`per_digit` images of each digit, labels 0 to 9 in turn, named `name`.

    Repeatable: a larger sample of the same seed begins with the smaller one. UserError if there are more than 100,000.
    """
    if not 1 <= per_digit <= MAX_SAMPLES // CLASSES:
        raise UserError(f"Samples per digit must be 1 to {MAX_SAMPLES // CLASSES:,}, not {per_digit:,}.")
    labels = torch.arange(CLASSES).repeat(per_digit)
    images = model.sample(labels, torch.Generator().manual_seed(seed), show)
    return Digits(images.numpy(), labels.numpy(), name)


def interpolate(model: GenerativeModel, digit: int, start: int, end: int, steps: int) -> np.ndarray:
    """Images uint8 (steps, 28, 28) of one digit between the latent codes of the seeds `start` and `end`.

    Spherical interpolation (slerp, Shoemake 1985): sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, where w is the
    angle between the codes a and b. The middle of the straight line would be shorter than the codes seen in training.
    """
    seeds = [torch.Generator().manual_seed(seed) for seed in (start, end)]
    ends = torch.cat([model.noise(1, seed) for seed in seeds])
    with torch.inference_mode():
        a, b = model.codes(ends, torch.full((2,), digit))
    angle = torch.acos(torch.clamp(a @ b / (a.norm() * b.norm()), -1, 1))
    t = torch.linspace(0, 1, steps)[:, None]
    if angle < 1e-3:
        codes = torch.lerp(a, b, t)
    else:
        codes = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    return model.decode(codes, torch.full((steps,), digit)).numpy()


def provenance(run: Run, epoch: int | None, per_digit: int, seed: int) -> dict:
    """How a set of samples was made, enough to make it again: JSON values."""
    metadata = read_metadata(run.weights(epoch))
    command = f"python -m ocrgen sample {run.name} --epoch {metadata['epoch']} --per-digit {per_digit} --seed {seed}"
    return {
        "made by": f"ocrgen {__version__}",
        "made at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "run": run.name,
        "generator": metadata,
        "per digit": per_digit,
        "seed": seed,
        "note": "Synthetic digits: no image here was written by a hand.",
    }


def to_npz(digits: Digits, provenance: dict) -> bytes:
    """Arrays `images` uint8 (N, 28, 28), `labels` int64 (N,) and `provenance`, a JSON string."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=digits.images, labels=digits.labels, provenance=json.dumps(provenance, indent=1))
    return buffer.getvalue()


def to_zip(digits: Digits, provenance: dict) -> bytes:
    """One folder per digit, a PNG per image, and `provenance.json`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("provenance.json", json.dumps(provenance, indent=1))
        for i, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            archive.writestr(f"{label}/{i:06d}.png", to_png(image))
    return buffer.getvalue()


def save_samples(
    run: Run, per_digit: int, seed: int, out: Path, epoch: int | None = None, show: ProgressCallback = no_progress
) -> Digits:
    """The verb `sample`: generate from a run's weights into an .npz or .zip. UserError if it cannot be written."""
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"{out}: the file's name must end in {' or '.join(FORMATS)}.")
    digits = draw(load_generator(run.weights(epoch)), per_digit, seed, run.name, show)
    pack = to_npz if out.suffix.lower() == ".npz" else to_zip
    try:
        write_atomically(out, pack(digits, provenance(run, epoch, per_digit, seed)))
    except OSError as fault:
        raise UserError(f"{out} cannot be written: {fault.strerror}.") from fault
    return digits
