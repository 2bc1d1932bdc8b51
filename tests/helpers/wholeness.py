"""Train the network that tells whole digits from other parts: `python -m tests.helpers.wholeness`.

Its images are the parts between candidate cuts of drawn words, of training digits only. A part that holds all but 12 %
of one digit's ink, and no more than that of other ink, is whole; one that is 18 % off is not; between, it is left out.
The network that is shipped was trained so on MNIST's and MAHDBase's first 85 % of training digits, with other candidate
cuts than today's; the weights of `lattice` were fitted to words of the remaining MNIST training digits.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from ocrgen.datasets import Characters, load_data
from ocrgen.imaging.components import Component, connected_components, cropped
from ocrgen.imaging.lattice import Lattice
from ocrgen.readers.wholeness import FILE, Wholeness
from tests.helpers.photos.touching import word_of_layers

WHOLE, OTHER = 0.12, 0.18
KINDS = {"single": 0.34, "barely": 0.18, "point": 0.16, "triple": 0.08}
KINDS |= dict.fromkeys(("stretch", "overlap", "ligature"), 0.08)
BATCH, EPOCHS, RATE, MAX_PARTS = 128, 7, 4e-3, 8  # MAX_PARTS: of a word that are not whole


def drawn(rng: np.random.Generator, pool: Characters) -> tuple[str, Lattice, list[np.ndarray]] | None:
    """A word's text, its parts, and each digit's ink as `Lattice.ink`; None where the digits do not touch."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    joins = [kind] if kind != "triple" else [str(join) for join in rng.choice(["barely", "point", "stretch"], 2)]
    ink, text, layers = word_of_layers(rng, pool, [] if kind == "single" else joins, rng.uniform(50, 130))
    level, blur = rng.uniform(0.35, 0.65), rng.uniform(0.1, 1.2)
    soft = cv2.GaussianBlur(ink, (0, 0), blur)
    grain = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 2.5))
    mask = soft + (soft > 0.02) * grain * (rng.uniform(0, 0.2) / grain.std()) > level
    if kind == "single" and rng.random() < 0.2:  # broken, as where the pen has skipped
        (y, x), angle = np.indices(mask.shape), rng.uniform(0, np.pi)
        away = (x - rng.uniform(0.2, 0.8) * mask.shape[1]) * np.cos(angle)
        away += (y - rng.uniform(0.3, 0.8) * mask.shape[0]) * np.sin(angle)
        mask &= np.abs(away) > rng.uniform(0.01, 0.04) * mask.shape[0]
    elif (labels := connected_components(cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8)) > 0)).max() > 1:
        areas = np.bincount(labels[mask])
        if (areas > 0.03 * areas.sum()).sum() > 1:
            return None
        mask &= labels == areas.argmax()
    component = cropped(Component(0, mask.shape[0], 0, mask.shape[1], mask))
    lattice, box = Lattice(component), np.s_[component.top : component.bottom, component.left : component.right]
    size = lattice.ink.shape[::-1]
    layers = [cv2.GaussianBlur(layer, (0, 0), blur)[box] > level for layer in layers]
    return text, lattice, [cv2.resize(x.astype(np.float32), size, interpolation=cv2.INTER_AREA) for x in layers]


def labelled(rng: np.random.Generator, pool: Characters) -> tuple[list[np.ndarray], list[bool]]:
    """Frames of some of a word's parts, and whether each is one whole digit."""
    if (word := drawn(rng, pool)) is None:
        return [], []
    _, lattice, digits = word
    both = sum(digits) - np.maximum.reduce(digits)  # ink of two digits may go to either
    frames, whole = [lattice.whole.frame], [len(digits) == 1]
    others = []
    for (a, b), part in lattice.parts.items():
        inside = lattice.lefts[b] & ~lattice.lefts[a]
        off = min(float((np.abs(lattice.ink * inside - d * lattice.ink) * (1 - both)).sum() / d.sum()) for d in digits)
        if off < WHOLE:
            frames.append(part.frame)
            whole.append(True)
        elif off > OTHER:
            others.append((off, part.frame))
    # Half of them the nearest to a digit.
    others.sort(key=lambda each: each[0])
    chosen = {*range(len(others))[: MAX_PARTS // 2], *rng.permutation(len(others))[: MAX_PARTS // 2].tolist()}
    frames += [others[k][1] for k in chosen]
    return frames, whole + [False] * len(chosen)


def train(parts: Tensor, whole: Tensor) -> Wholeness:
    """The network after training on parts uint8 (N, 2, 32, 32), each whole or not, float (N,)."""
    torch.manual_seed(0)
    network, steps = Wholeness(), EPOCHS * len(parts) // BATCH
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.2)
    for _ in range(steps):
        chosen = torch.randint(len(parts), (BATCH,))
        loss = F.binary_cross_entropy_with_logits(network(parts[chosen].float() / 255), whole[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=5000, help="of MNIST; 0.3 times as many of MAHDBase")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    frames, whole = [], []
    for name, n in (("mnist", args.words), ("arabic", 3 * args.words // 10)):
        pool, rng = load_data(name).train, np.random.default_rng(0)
        for _ in range(n):
            some, are = labelled(rng, pool)
            frames += some
            whole += are
    network = train(torch.from_numpy(np.stack(frames)), torch.tensor(whole, dtype=torch.float32))
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file({name: t.half() if t.is_floating_point() else t for name, t in state.items()}, args.out)


if __name__ == "__main__":
    main()
