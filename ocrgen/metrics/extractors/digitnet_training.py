"""Train the metric network on both scripts: made once, shipped, and never changed under its name."""

import io
import json
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from safetensors.torch import save
from torch import Tensor

from ocrgen.datasets import load_digits
from ocrgen.imaging.augmentation import affine
from ocrgen.metrics.extractors.digitnet import FILE, VERSION, DigitNet
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.files import write_atomically
from ocrgen.utils.settings import Settings
from ocrgen.utils.threads import configure_threads

SCRIPTS = ("mnist", "arabic")  # labels 0 to 9, then 10 to 19


class DigitNetConfig(Settings):
    """How digitnet is trained: the verb `digitnet`."""

    epochs: int = Field(14, ge=1, le=200, description="passes over the 110,000 training images of both scripts")
    batch: int = Field(256, ge=8, le=4096, description="images per step")
    lr: float = Field(4e-3, gt=0, le=1, description="highest learning rate of AdamW; warm-up, then cosine to zero")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of weights, order and augmentation")
    threads: int = Field(1, ge=1, le=64, description="CPU threads")


def load_scripts(part: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 1, 28, 28) and labels int64 (N,), 0 to 19, of both scripts: "train", "validation" or "test"."""
    digits = [getattr(load_digits(script), part) for script in SCRIPTS]
    images = np.concatenate([d.images for d in digits])
    labels = np.concatenate([d.labels + 10 * i for i, d in enumerate(digits)])
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)


@torch.inference_mode()
def accuracy(net: DigitNet, part: str) -> dict[str, dict[str, float]]:
    """Share of images read right by script: among all `20 classes`, and `script known`, among its ten.

    Some digits of one script look like others of the other (0 and the Arabic five, 1 and 1, 9 and 9).
    """
    images, labels = load_scripts(part)
    net.eval()
    logits = torch.cat([net(x.float().div(255)) for x in images.split(500)])
    found = {}
    for i, script in enumerate(SCRIPTS):
        own, truth = logits[labels // 10 == i], labels[labels // 10 == i]
        known = own[:, 10 * i : 10 * i + 10].argmax(1) + 10 * i
        shares = [(read == truth).double().mean().item() for read in (own.argmax(1), known)]
        found[script] = dict(zip(("20 classes", "script known"), shares, strict=True))
    return found


def loss_of(logits: Tensor, labels: Tensor, whole: int) -> Tensor:
    """Mean cross-entropy of logits (B, 20): the first `whole` images among all classes, the rest among their script's.

    The scripts' look-alikes differ in place and softness alone. Moving an image changes both, so that a moved one can
    teach what digit it is, but not of which script.
    """
    own = logits.view(-1, 2, 10)[torch.arange(len(labels), device=labels.device), labels // 10]
    kept = F.cross_entropy(logits[:whole], labels[:whole], label_smoothing=0.05, reduction="sum")
    moved = F.cross_entropy(own[whole:], labels[whole:] % 10, label_smoothing=0.05, reduction="sum")
    return (kept + moved) / len(labels)


def run_digitnet_training(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `digitnet`: train on both scripts, resumable by epoch; the last weights, tested once, are the result."""
    config = DigitNetConfig.model_validate(run.request.settings)
    configure_threads(config.threads)
    device = pick_device()
    images, labels = (t.to(device) for t in load_scripts("train"))
    torch.manual_seed(config.seed)
    net = DigitNet().to(device)
    steps = len(images) // config.batch
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
        net.train()
        for i, index in enumerate(torch.randperm(len(images))[: steps * config.batch].split(config.batch)):
            x = images[index].float().div_(255)
            # First shapes, then scripts: the share of images that stay as they are rises from a quarter to 85 %.
            whole = int(len(x) * (0.25 + 0.6 * (epoch * steps + i) / total))
            x = torch.cat([x[:whole], affine(x[whole:])])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                logits = net(x)
            loss = loss_of(logits.float(), labels[index], whole)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if i % 20 == 0:
                show(epoch * steps + i, total)
                run.update(step=epoch * steps + i, total=total, epoch=epoch, epochs=config.epochs)
                if stop():
                    raise Cancelled
        told = {"epoch": epoch + 1, "loss": loss.item(), "validation": accuracy(net.cpu(), "validation")}
        with (run.path / "log.txt").open("a") as log:
            log.write(json.dumps(told) + "\n")
        net.to(device)
        told = {n: s.state_dict() for n, s in state.items()} | {"rng": torch.get_rng_state(), "epoch": epoch + 1}
        torch.save(told, buffer := io.BytesIO())
        write_atomically(file, buffer.getvalue())
    net.cpu().half().float()  # what is shipped is what is tested
    scores = accuracy(net, "test")
    tensors = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in net.state_dict().items()}
    read = {script: shares["20 classes"] for script, shares in scores.items()}
    about = {"name": VERSION, "settings": config.model_dump(), "test accuracy": read}
    run.folder("weights")
    write_atomically(run.path / "weights" / FILE, save(tensors, {"ocrgen": json.dumps(about)}))
    run.amend(test_accuracy=scores)
    file.unlink(missing_ok=True)
