"""Saliency maps of a reader, and measures of their faithfulness, on top of pytorch-grad-cam."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ocrgen.readers.network import Classifier
from ocrgen.utils.errors import UserError

# Name -> class in pytorch-grad-cam, by name since its import takes seconds.
METHODS = {
    "Grad-CAM": "GradCAM",  # Selvaraju et al. 2017
    "Grad-CAM++": "GradCAMPlusPlus",  # Chattopadhay et al. 2018
    "Layer-CAM": "LayerCAM",  # Jiang et al. 2021
    "Eigen-CAM": "EigenCAM",  # Muhammad & Yeasin 2020: first principal component of the activations, whatever the class
    "Score-CAM": "ScoreCAM",  # Wang et al. 2020: without gradients
}
INK = 51  # grey level from which a pixel counts as ink: a fifth of 255
EMPTY = 1e-6  # a map with a smaller maximum is empty
# Hooks and gradients live in the network, so two threads must not use it at once.
_LOCK = threading.Lock()
STEPS = 28  # of a deletion or insertion curve, 28 pixels each
UNTRAINED = 3  # networks with random weights that maps are compared with
FAR = 1_000_003  # seeds of those begin here, beyond the seeds of readers


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """The saliency of one image's pixels for one class.

    heat: float32 (28, 28) in [0, 1], scaled to its own maximum; all zero if there is no evidence for the class.
    probabilities: of the classes, float32 (K,). target: the class that is explained.
    """

    heat: np.ndarray
    probabilities: np.ndarray
    target: int

    @property
    def empty(self) -> bool:
        """Whether there is no evidence for the class, so that no map should be shown."""
        return bool(self.heat.max() < EMPTY)


def explain(
    reader: Classifier,
    images: np.ndarray,
    targets: Sequence[int] | None = None,
    method: str = "Grad-CAM",
    layer: str | None = None,
) -> list[SaliencyMap]:
    """Saliency maps of images uint8 (N, 28, 28).

    targets: the classes to explain (N,), by default the predicted ones. method: a key of METHODS. layer: a key of
    `reader.cam_layers`, by default the reader's `cam_layer`. UserError if one of the three is unknown.
    """
    if method not in METHODS:
        raise UserError(f"There is no method {method!r}: choose from {', '.join(METHODS)}.")
    layers = reader.cam_layers
    if layer is not None and layer not in layers:
        raise UserError(f"There is no layer {layer!r}: choose from {', '.join(layers)}.")
    if not len(images):
        return []
    x = torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float().div_(255)
    with _LOCK:
        reader.eval()
        with torch.no_grad():
            class_probabilities = reader(x).softmax(1)
        predicted = class_probabilities.argmax(1).tolist()
        classes = predicted if targets is None else [int(t) for t in targets]
        k = class_probabilities.shape[1]
        if len(classes) != len(images) or not all(0 <= t < k for t in classes):
            raise UserError(f"Name a class of 0 to {k - 1} for each of the {len(images)} images.")
        heat = _maps(reader, layers[layer] if layer else reader.cam_layer, x, classes, method)
    return [SaliencyMap(h, p, t) for h, p, t in zip(heat, class_probabilities.numpy(), classes, strict=True)]


def _maps(reader: nn.Module, layer: nn.Module, x: Tensor, targets: list[int], method: str) -> np.ndarray:
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    outputs = [ClassifierOutputTarget(t) for t in targets]
    with torch.enable_grad(), getattr(pytorch_grad_cam, METHODS[method])(model=reader, target_layers=[layer]) as cam:
        if method == "Score-CAM":
            cam.batch_size = 64
        heat = np.nan_to_num(np.asarray(cam(input_tensor=x, targets=outputs), np.float32)).clip(0)
    top = heat.max((1, 2), keepdims=True)
    return np.where(top < EMPTY, 0, heat / np.maximum(top, EMPTY)).astype(np.float32)


def on_ink(heat: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Share of the saliency that lies on ink (N,), 0 to 1; NaN for empty maps.

    heat: float (N, 28, 28). images: uint8 (N, 28, 28).
    """
    total = heat.sum((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > EMPTY, (heat * (images >= INK)).sum((1, 2)) / total, np.nan)


def deletion_insertion_auc(
    reader: Classifier, images: np.ndarray, order: np.ndarray, targets: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Areas under the deletion and the insertion curve (Petsiuk et al. 2018), each (N,), 0 to 1.

    The curve is the probability of the target class while pixels are set to black (deletion: smaller is better) or
    restored on black (insertion: larger is better), 28 at a time. images: uint8 (N, 28, 28). order: of the pixels,
    int (N, 784), most salient first. targets: classes (N,).
    """
    return _area(reader, images, order, targets, False), _area(reader, images, order, targets, True)


@torch.inference_mode()
def _area(
    reader: Classifier, images: np.ndarray, order: np.ndarray, targets: Sequence[int], restored: bool
) -> np.ndarray:
    """Area under the curve while pixels are deleted, or restored."""
    reader.eval()
    n = len(images)
    x = torch.from_numpy(images.reshape(n, -1)).float().div(255)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(order.shape[1])[None].repeat(n, 0), 1)
    rank, chosen = torch.from_numpy(rank), torch.as_tensor(list(targets))[:, None]
    curve = []
    for step in range(STEPS + 1):
        gone = step * order.shape[1] // STEPS
        shown = torch.where(rank < gone if restored else rank >= gone, x, 0.0).reshape(n, 1, 28, 28)
        curve.append(torch.cat([reader(b).softmax(1) for b in shown.split(500)]).gather(1, chosen)[:, 0])
    return torch.trapezoid(torch.stack(curve), dx=1 / STEPS, dim=0).numpy()


def pixel_order(heat: np.ndarray, seed: int = 0) -> np.ndarray:
    """Pixels of maps (N, 28, 28), most salient first, int (N, 784); ties, as in empty maps, in random order."""
    rng = np.random.default_rng(seed)
    flat = heat.reshape(len(heat), -1)
    return np.lexsort((rng.random(flat.shape), -flat), axis=1)


def agreement(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson correlation of two maps (N, 28, 28) of each image, (N,), -1 to 1; NaN where one is constant."""
    x, y = (m.reshape(len(m), -1) - m.reshape(len(m), -1).mean(1, keepdims=True) for m in (a, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x * y).sum(1) / np.sqrt((x**2).sum(1) * (y**2).sum(1))


def randomised_copy(reader: Classifier, seed: int = 0) -> Classifier:
    """An untrained copy with random weights, for the sanity check of Adebayo et al. 2018."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return type(reader)(reader.config, reader.classes).eval()


def blurred_input(reader: Classifier, images: np.ndarray) -> np.ndarray:
    """The images themselves at the resolution of the reader's maps, as maps float32 (N, 28, 28) in [0, 1].

    Averaged over the cells of the layer's grid and enlarged as the maps are: what a map shows that knows where ink is,
    and nothing of a network. images: uint8 (N, 28, 28).
    """
    from pytorch_grad_cam.utils.image import scale_cam_image

    grids: list[tuple[int, int]] = []
    x = torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float().div_(255)
    with _LOCK, torch.no_grad():
        reader.eval()
        handle = reader.cam_layer.register_forward_hook(lambda _, __, out: grids.append((out.shape[-2], out.shape[-1])))
        try:
            reader(x[:1])
        finally:
            handle.remove()
    coarse = nn.functional.adaptive_avg_pool2d(x, grids[0])
    return np.asarray(scale_cam_image(scale_cam_image(coarse[:, 0].numpy(), (28, 28))))


def faithfulness(reader: Classifier, images: np.ndarray, seed: int = 0, other: Classifier | None = None) -> dict:
    """Measures of how faithful a reader's Grad-CAM maps are, means over images uint8 (N, 28, 28).

    on_ink: share of the saliency on ink. ink_share: share of the pixels that are ink. deletion, insertion: areas under
    the curves, `*_random` those of a random order, `*_gain` the improvement on it. empty: share of empty maps, which
    on_ink and the correlations leave out. agreement: correlation with the maps of an `other` reader for the same
    classes.

    *_untrained: the same of maps of the same network with random weights, mean of UNTRAINED networks; *_blurred: of the
    `blurred_input`. gain_over_untrained, gain_over_blurred: deletion_gain minus theirs. sanity: correlation with the
    untrained networks' maps (Adebayo et al. 2018); near 0 where maps show what was learned. ink_scale: on_ink where 0
    is the untrained networks' and 1 the blurred input's; absent where these two are the same. seed: the reader's own,
    with which no untrained network is drawn: it would be what that reader has begun as.
    """
    maps = explain(reader, images)
    heat, targets = np.stack([m.heat for m in maps]), [m.target for m in maps]
    blurred = blurred_input(reader, images)
    untrained = [
        np.stack([m.heat for m in explain(randomised_copy(reader, FAR + UNTRAINED * seed + i), images, targets)])
        for i in range(UNTRAINED)
    ]
    areas = deletion_insertion_auc(reader, images, pixel_order(heat, seed), targets)
    chance = deletion_insertion_auc(reader, images, pixel_order(np.zeros_like(heat), seed), targets)

    def gain(others: np.ndarray) -> float:
        return float((chance[0] - _area(reader, images, pixel_order(others, seed), targets, False)).mean())

    measures = {
        "on_ink": _mean_on_ink(heat, images),
        "ink_share": (images >= INK).mean(),
        "deletion": areas[0].mean(),
        "insertion": areas[1].mean(),
        "deletion_random": chance[0].mean(),
        "insertion_random": chance[1].mean(),
        "deletion_gain": (chance[0] - areas[0]).mean(),
        "insertion_gain": (areas[1] - chance[1]).mean(),
        "empty": np.mean([m.empty for m in maps]),
        "sanity": np.mean([_mean_agreement(heat, u) for u in untrained]),
        "deletion_gain_untrained": np.mean([gain(u) for u in untrained]),
        "deletion_gain_blurred": gain(blurred),
        "on_ink_untrained": np.mean([_mean_on_ink(u, images) for u in untrained]),
        "on_ink_blurred": _mean_on_ink(blurred, images),
    }
    for than in ("untrained", "blurred"):
        measures[f"gain_over_{than}"] = measures["deletion_gain"] - measures[f"deletion_gain_{than}"]
    if (span := measures["on_ink_blurred"] - measures["on_ink_untrained"]) > EMPTY:
        measures["ink_scale"] = (measures["on_ink"] - measures["on_ink_untrained"]) / span
    if other is not None:
        other_heat = np.stack([m.heat for m in explain(other, images, targets)])
        measures["agreement"] = _mean_agreement(heat, other_heat)
    return {k: float(v) for k, v in measures.items()}


def _mean_on_ink(heat: np.ndarray, images: np.ndarray) -> float:
    return float(np.nanmean(on_ink(heat, images))) if heat.any() else 0.0


def _mean_agreement(a: np.ndarray, b: np.ndarray) -> float:
    values = agreement(a, b)
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
