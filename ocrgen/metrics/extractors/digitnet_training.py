"""Train digitnet, the feature extractor, on two scripts at once; the weights are shipped."""

import io
import json

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import save
from torch import Tensor, nn

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.imaging.augmentation import affine
from ocrgen.metrics.extractors.digitnet import FILE, VERSION, DigitNet
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.files import write_atomically
from ocrgen.utils.progress import ProgressCallback
from ocrgen.utils.settings import Settings
from ocrgen.utils.threads import configure_threads

SCRIPTS = ("mnist", "arabic")  # labels 0 to 9, then 10 to 19
K = len(DIGITS)  # classes of each


class DigitNetConfig(Settings):
    """Settings of the verb `digitnet`."""

    epochs: int = Field(14, ge=1, le=200, description="passes over the 110,000 training images of both scripts")
    batch: int = Field(256, ge=8, le=4096, description="images per step")
    lr: float = Field(4e-3, gt=0, le=1, description="highest learning rate of AdamW; warm-up, then cosine to zero")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of weights, order and augmentation")
    threads: int = Field(1, ge=1, le=64, description="CPU threads")


def load_scripts(part: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 1, 28, 28) and labels int64 (N,), 0 to 19; part: "train", "validation" or "test"."""
    digits = [getattr(load_data(script), part) for script in SCRIPTS]
    images = np.concatenate([d.images for d in digits])
    labels = np.concatenate([d.labels + K * i for i, d in enumerate(digits)])
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)


@torch.inference_mode()
def accuracy(net: DigitNet, part: str) -> dict[str, dict[str, float]]:
    """Accuracy by script, among all `20 classes`, and with the `script known`, among its ten.

    The first is lower, since some digits look the same in both scripts (0 and the Arabic five, 1 and 1, 9 and 9).
    """
    images, labels = load_scripts(part)
    net.eval()
    logits = torch.cat([net(x.float().div(255)) for x in images.split(500)])
    accuracies = {}
    for i, script in enumerate(SCRIPTS):
        script_logits, truth = logits[labels // K == i], labels[labels // K == i]
        among_ten = script_logits[:, K * i : K * i + K].argmax(1) + K * i
        accuracies[script] = {
            "20 classes": (script_logits.argmax(1) == truth).double().mean().item(),
            "script known": (among_ten == truth).double().mean().item(),
        }
    return accuracies


def mixed_loss(logits: Tensor, labels: Tensor, n_original: int) -> Tensor:
    """Mean cross-entropy of logits (B, 20), labels int64 (B,), with label smoothing.

    The first `n_original` images are classified among all 20 classes, the others, which are augmented, among the ten of
    their script: look-alikes of the two scripts differ only in position and softness, which augmentation changes.
    """
    script_logits = logits.view(-1, len(SCRIPTS), K)[torch.arange(len(labels), device=labels.device), labels // K]
    loss = nn.CrossEntropyLoss(label_smoothing=0.05, reduction="sum")
    original = loss(logits[:n_original], labels[:n_original])
    augmented = loss(script_logits[n_original:], labels[n_original:] % K)
    return (original + augmented) / len(labels)


def run_digitnet_training(run: Run, stop: Stop, show: ProgressCallback) -> None:
    """The verb `digitnet`: train on both scripts, resuming after the last epoch, and test the final weights once."""
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
        loss = torch.tensor(torch.nan)
        net.train()
        for i, index in enumerate(torch.randperm(len(images))[: steps * config.batch].split(config.batch)):
            x = images[index].float().div_(255)
            # First digits, then scripts: the share of original images rises from 25 to 85 %.
            n_original = int(len(x) * (0.25 + 0.6 * (epoch * steps + i) / total))
            x = torch.cat([x[:n_original], affine(x[n_original:])])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                logits = net(x)
            loss = mixed_loss(logits.float(), labels[index], n_original)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if i % 20 == 0:
                show(epoch * steps + i, total)
                run.update(step=epoch * steps + i, total=total, epoch=epoch, epochs=config.epochs)
                if stop():
                    raise Cancelled
        row = {"epoch": epoch + 1, "loss": loss.item(), "validation": accuracy(net.cpu(), "validation")}
        with (run.path / "log.txt").open("a") as log:
            log.write(json.dumps(row) + "\n")
        net.to(device)
        checkpoint = {n: s.state_dict() for n, s in state.items()}
        checkpoint |= {"rng": torch.get_rng_state(), "epoch": epoch + 1}
        torch.save(checkpoint, buffer := io.BytesIO())
        write_atomically(file, buffer.getvalue())
    net.cpu().half().float()  # test the weights as they are shipped, rounded to float16
    scores = accuracy(net, "test")
    tensors = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in net.state_dict().items()}
    test_accuracy = {script: accuracies["20 classes"] for script, accuracies in scores.items()}
    metadata = {"name": VERSION, "settings": config.model_dump(), "test accuracy": test_accuracy}
    run.folder("weights")
    write_atomically(run.path / "weights" / FILE, save(tensors, {"ocrgen": json.dumps(metadata)}))
    run.amend(test_accuracy=scores)
    file.unlink(missing_ok=True)
