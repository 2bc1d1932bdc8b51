"""Train one of our feature extractors on several scripts at once; the weights are shipped."""

import io
import json
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import save
from torch import Tensor, nn

from ocrgen.datasets import load_data
from ocrgen.imaging.augmentation import affine
from ocrgen.metrics.extractors.charnet import NETWORKS, CharNet, Network
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.files import write_atomically
from ocrgen.utils.progress import ProgressCallback
from ocrgen.utils.settings import Settings
from ocrgen.utils.threads import configure_threads


class NetworkConfig(Settings):
    """Settings of the verbs `extractor` and `digitnet`."""

    network: Literal["digitnet", "charnet"] = Field(default="digitnet", description="which network to train")
    epochs: int = Field(default=14, ge=1, le=200, description="passes over the training images of all scripts")
    batch: int = Field(default=256, ge=8, le=4096, description="images per step")
    lr: float = Field(
        default=4e-3, gt=0, le=1, description="highest learning rate of AdamW; warm-up, then cosine to zero"
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="seed of weights, order and augmentation")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads")


def load_scripts(network: Network, part: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 1, 28, 28) and labels int64 (N,) among the classes of all scripts, these one after another.

    part: "train", "validation" or "test".
    """
    parts = [getattr(load_data(script), part) for script in network.scripts]
    images = np.concatenate([p.images for p in parts])
    labels = np.concatenate([p.labels + first for p, first in zip(parts, network.offsets, strict=False)])
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)


def balanced(scripts: Tensor) -> Tensor:
    """Indices int64 (M,) of one pass: those of smaller scripts are repeated, up to about the size of the largest.

    scripts: int64 (N,), the script of each image.
    """
    counts = scripts.bincount()
    repeats = (counts.max() / counts).round().long()
    return torch.arange(len(scripts)).repeat_interleave(repeats[scripts])


@torch.inference_mode()
def accuracy(net: CharNet, network: Network, part: str) -> dict[str, dict[str, float]]:
    """Accuracy by script, among all, say, `20 classes`, and with the `script known`, among its own.

    The first is lower, since some characters look the same in two scripts (0 and the Arabic five, 1 and 1, 9 and 9).
    """
    images, labels = load_scripts(network, part)
    net.eval()
    logits = torch.cat([net(x.float().div(255)) for x in images.split(500)])
    offsets, accuracies = network.offsets, {}
    for script, first, end in zip(network.scripts, offsets, offsets[1:], strict=False):
        own = (first <= labels) & (labels < end)
        among_own = logits[own, first:end].argmax(1) + first
        accuracies[script] = {
            f"{offsets[-1]} classes": (logits[own].argmax(1) == labels[own]).double().mean().item(),
            "script known": (among_own == labels[own]).double().mean().item(),
        }
    return accuracies


def mixed_loss(logits: Tensor, labels: Tensor, n_original: int, offsets: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B, K), labels int64 (B,), with label smoothing.

    The first `n_original` images are classified among all classes, the others, which are augmented, among those of
    their script: look-alikes of two scripts differ only in position and softness, which augmentation changes.
    offsets: int64 (S + 1,), the first class of each script, and K.
    """
    loss = nn.CrossEntropyLoss(label_smoothing=0.05, reduction="sum")
    total = loss(logits[:n_original], labels[:n_original])
    logits, labels = logits[n_original:], labels[n_original:]
    script = torch.bucketize(labels, offsets, right=True) - 1
    size = (offsets[1:] - offsets[:-1])[script]
    for k in size.unique():  # scripts of equally many classes at once
        rows = size == k
        first = offsets[script[rows], None]
        own = logits[rows].gather(1, first + torch.arange(int(k), device=logits.device))
        total = total + loss(own, labels[rows] - first[:, 0])
    return total / (n_original + len(labels))


def run_network_training(run: Run, stop: Stop, show: ProgressCallback) -> None:
    """The verb `extractor`: train on all scripts, resuming after the last epoch, and test the final weights once."""
    config = NetworkConfig.model_validate(run.request.settings)
    configure_threads(config.threads)
    device = pick_device()
    network = NETWORKS[config.network]
    images, labels = (t.to(device) for t in load_scripts(network, "train"))
    offsets = torch.tensor(network.offsets, device=device)
    one_pass = balanced(torch.bucketize(labels, offsets, right=True).cpu() - 1)
    torch.manual_seed(config.seed)
    net = CharNet(network.offsets[-1]).to(device)
    steps = len(one_pass) // config.batch
    total = steps * config.epochs
    optimiser = torch.optim.AdamW(net.parameters(), config.lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.lr, total, pct_start=0.15)
    state = {"net": net, "optimiser": optimiser, "schedule": schedule}
    first, file = 0, run.path / "resume.pt"
    if file.exists():
        saved = torch.load(file, weights_only=True)
        for name, item in state.items():
            item.load_state_dict(saved[name])
        torch.set_rng_state(saved["rng"])
        first = int(saved["epoch"])
    bf16 = pick_dtype(device) is torch.bfloat16
    for epoch in range(first, config.epochs):
        loss = torch.tensor(torch.nan)
        net.train()
        order = one_pass[torch.randperm(len(one_pass))]
        for i, index in enumerate(order[: steps * config.batch].split(config.batch)):
            x = images[index].float().div_(255)
            # First characters, then scripts: the share of original images rises from 25 to 85 %.
            n_original = int(len(x) * (0.25 + 0.6 * (epoch * steps + i) / total))
            x = torch.cat([x[:n_original], affine(x[n_original:])])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                logits = net(x)
            loss = mixed_loss(logits.float(), labels[index], n_original, offsets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if i % 20 == 0:
                show(epoch * steps + i, total)
                run.update(step=epoch * steps + i, total=total, epoch=epoch, epochs=config.epochs)
                if stop():
                    raise Cancelled
        row = {"epoch": epoch + 1, "loss": loss.item(), "validation": accuracy(net.cpu(), network, "validation")}
        with (run.path / "log.txt").open("a") as log:
            log.write(json.dumps(row) + "\n")
        net.to(device)
        checkpoint = {n: s.state_dict() for n, s in state.items()}
        checkpoint |= {"rng": torch.get_rng_state(), "epoch": epoch + 1}
        torch.save(checkpoint, buffer := io.BytesIO())
        write_atomically(file, buffer.getvalue())
    net.cpu().half().float()  # test the weights as they are shipped, rounded to float16
    scores = accuracy(net, network, "test")
    tensors = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in net.state_dict().items()}
    test_accuracy = {script: accuracies[f"{network.offsets[-1]} classes"] for script, accuracies in scores.items()}
    metadata = {"name": network.version, "settings": config.model_dump(), "test accuracy": test_accuracy}
    run.folder("weights")
    write_atomically(run.path / "weights" / network.file, save(tensors, {"ocrgen": json.dumps(metadata)}))
    run.amend(test_accuracy=scores)
    file.unlink(missing_ok=True)
