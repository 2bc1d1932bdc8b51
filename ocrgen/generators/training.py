"""The training loop of all generators: resumable to the bit, fast on small images, and logged as it runs."""

import io
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ocrgen.datasets import Characters, Splits, load_data
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.checkpoint import save_weights
from ocrgen.generators.config import TrainConfig, TrainRequest, length_of
from ocrgen.generators.monitor import Monitor, MonitorConfig
from ocrgen.generators.reference_grid import GRID_ROWS, save_reference_grid
from ocrgen.generators.untrained import make_run
from ocrgen.imaging.render import tile, to_png
from ocrgen.metrics.extractors import load_extractor
from ocrgen.runs.events import CurveWriter
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.threads import configure_threads

LOSS_LIMIT = 1e7  # a larger loss counts as divergence
SAVE_INTERVAL = 30.0  # seconds between two checkpoints within an epoch
VALIDATION_LIMIT = 2000  # images of the held-out losses


class Trainer:
    """The state of one training; `fit` runs it, once."""

    def __init__(self, model: GenerativeModel, data: Splits, config: TrainConfig, run: Run):
        self.config, self.run = config, run
        self.device = pick_device(config.device)
        self.dtype = pick_dtype(self.device, config.precision)
        self.model = model.to(self.device).start_training()
        length = length_of(data.train, model.config.batch, config.epochs)
        self.batch, self.steps_per_epoch, self.epochs = length
        self.total = length.steps
        self.train = _to_tensors(data.train, self.device)
        self.validation = _to_tensors(data.validation[:VALIDATION_LIMIT], self.device)
        train = data.train
        self.source = {"name": train.name, "train": len(train), "fingerprint": train.fingerprint}
        self.step = 0
        self.seconds = 0.0  # of training, interruptions not included
        self.pending: list[dict[str, Tensor]] = []  # losses of the steps since the last log
        self.monitor = self.make_monitor(data.train)
        self.last_log = (0, 0.0)  # step and seconds, to compute the speed from
        grid = torch.Generator().manual_seed(config.seed)
        self.grid_labels = torch.arange(len(model.classes)).repeat(GRID_ROWS)
        self.grid_noise = model.noise(len(self.grid_labels), grid)

    def make_monitor(self, train: Characters) -> Monitor | None:
        """The LFID monitor; None if it is off, or if its network cannot be read, which is noted in the status."""
        if not self.config.monitor:
            return None
        try:
            config = self.config
            monitor = MonitorConfig(config.monitor, config.watch, config.patience, config.min_gain)
            return Monitor(train, load_extractor(), config.seed, monitor)
        except UserError as fault:
            self.run.update(note=f"LFID is not watched: {fault}")
            return None

    def score_epoch(self, epoch: int, curves: CurveWriter) -> None:
        """Score this epoch's samples if a score is due, and note the best epoch in the status."""
        trained = self.step * self.batch
        if self.monitor and (self.monitor.due(trained) or epoch == self.epochs):
            scores = self.monitor.score(self.model, epoch, trained)
            curves.add({f"{n}/samples": v for n, v in scores.items()}, self.step)
            self.run.update(**self.monitor.status())

    def stop_early(self) -> bool:
        """Whether to stop for lack of progress, with the reason noted in the status."""
        if self.monitor and (reason := self.monitor.stop_reason()):
            self.run.update(stopped=reason)
            return True
        return False

    def epoch_order(self, epoch: int) -> Tensor:
        """A random permutation of the n image indices, int64 (n,), which depends on seed and epoch only."""
        seeds = np.random.SeedSequence([self.config.seed, epoch]).generate_state(1)
        order = torch.randperm(len(self.train[1]), generator=torch.Generator().manual_seed(int(seeds[0])))
        return order.to(self.device)

    def train_step(self, index: Tensor) -> None:
        """One training step on the images at `index` int64 (B,), scaled to [0, 1]."""
        images, labels = (t.index_select(0, index) for t in self.train)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            self.pending.append(self.model.training_step(images.float().div_(255), labels))
        self.step += 1

    def log(self, curves: CurveWriter) -> None:
        """Log the mean losses since the last log, read in one transfer. UserError if a loss has diverged."""
        if not self.pending:
            return
        names = list(self.pending[0])
        values = torch.stack([torch.stack([p[n].float() for n in names]) for p in self.pending]).cpu()
        bad = ~(values.isfinite() & (values.abs() < LOSS_LIMIT)).all(1)
        if bad.any():
            first = int(bad.nonzero()[0])
            step = self.step - len(self.pending) + first + 1
            losses = ", ".join(f"{n} = {v:.3g}" for n, v in zip(names, values[first].tolist(), strict=True))
            raise UserError(
                f"The training broke down at step {step:,} ({losses}). Try a smaller learning rate, or precision fp32."
            )
        self.pending.clear()
        means = dict(zip(names, values.mean(0).tolist(), strict=True))
        step, seconds = self.last_log
        if self.seconds > seconds:
            means["speed/images per second"] = (self.step - step) * self.batch / (self.seconds - seconds)
        self.last_log = (self.step, self.seconds)
        tags = {(n if "/" in n else f"{n}/train"): v for n, v in means.items()}
        curves.add(tags | {"progress/seconds": self.seconds}, self.step)
        facts = {"step": self.step, "total": self.total, "seconds": self.seconds}
        self.run.update(**facts, epoch=self.step // self.steps_per_epoch, speed=means.get("speed/images per second"))

    @torch.no_grad()
    def end_epoch(self, epoch: int, curves: CurveWriter) -> None:
        """Log held-out losses, and write the weights and a grid of samples, on the same noise in every epoch."""
        images, labels = self.validation
        self.model.eval()
        bf16 = self.dtype is torch.bfloat16
        with torch.random.fork_rng(), torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            torch.manual_seed(self.config.seed)
            losses = self.model.evaluate(images.float().div_(255), labels)
        curves.add({(n if "/" in n else f"{n}/validation"): float(v) for n, v in losses.items()}, self.step)
        samples = self.model.decode(self.grid_noise, self.grid_labels, noise=True).numpy()
        grid = tile(samples, columns=len(self.model.classes))
        curves.add_image("samples", grid, self.step)
        write_atomically(self.run.folder("samples") / f"epoch-{epoch:03d}.png", to_png(grid))
        about = self.run.request.settings | {"epoch": epoch, "step": self.step, "data": self.source}
        about |= {"classes": self.model.classes}
        save_weights(self.model, about, self.run.folder("weights") / f"epoch-{epoch:03d}.safetensors")
        self.model.train()

    def prune(self) -> None:
        """Delete the weights of the oldest epochs beyond the number to keep, never the best or the last."""
        kept = self.run.epochs()
        if self.config.keep and len(kept) > self.config.keep:
            pinned = {self.run.best_epoch(), kept[-1]}
            for epoch in [e for e in kept if e not in pinned][: len(kept) - self.config.keep]:
                self.run.weights(epoch).unlink()

    def save(self) -> None:
        """Write `resume.pt`, from which a later process continues to the same weights."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.training_state(),
            "rng": torch.get_rng_state(),
            "monitor": self.monitor.state() if self.monitor else None,
            "cuda_rng": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self.run.path / "resume.pt", buffer.getvalue())

    def restore(self) -> None:
        """Restore `resume.pt`, if there is one. UserError if it is damaged."""
        file = self.run.path / "resume.pt"
        if not file.exists():
            return
        try:
            # Tensors and plain values only: a pickle that would run code is refused.
            state = torch.load(file, map_location="cpu", weights_only=True)
            self.model.load_training_state(state["model"])
            torch.set_rng_state(state["rng"])
            if state["cuda_rng"] is not None:
                torch.cuda.set_rng_state(state["cuda_rng"])
            self.step, self.seconds = int(state["step"]), float(state["seconds"])
            if self.monitor and state["monitor"]:
                self.monitor.restore(state["monitor"])
        except Exception as fault:
            raise UserError(
                f"{self.run.name}: resume.pt is damaged ({type(fault).__name__}); delete that file to start afresh."
            ) from fault
        self.last_log = (self.step, self.seconds)

    def fit(self, stop: Callable[[], bool], show: Callable[[int, int], None]) -> None:
        """Train to the end, calling show(step, total).

        At the next step after `stop()`, everything is saved and Cancelled raised.
        """
        torch.manual_seed(self.config.seed)
        self.restore()
        curves = CurveWriter(self.run.path, self.step)
        self.run.update(step=self.step, total=self.total, per_epoch=self.steps_per_epoch, epochs=self.epochs)
        saved = time.monotonic()
        try:
            while self.step < self.total and not self.stop_early():
                epoch, first = divmod(self.step, self.steps_per_epoch)
                order = self.epoch_order(epoch)
                for i in range(first, self.steps_per_epoch):
                    begun = time.perf_counter()
                    self.train_step(order[i * self.batch : (i + 1) * self.batch])
                    last = i + 1 == self.steps_per_epoch
                    if self.step % self.config.log_every == 0 or last:
                        self.seconds += time.perf_counter() - begun
                        self.log(curves)
                        show(self.step, self.total)
                        begun = time.perf_counter()
                    if last:
                        self.end_epoch(epoch + 1, curves)
                        self.score_epoch(epoch + 1, curves)
                        self.prune()
                    self.seconds += time.perf_counter() - begun
                    stopped = stop()
                    if stopped or last or time.monotonic() - saved > SAVE_INTERVAL:
                        self.log(curves)
                        self.save()
                        saved = time.monotonic()
                    if stopped and self.step < self.total:
                        raise Cancelled
        finally:
            curves.close()


def _to_tensors(characters: Characters, device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(characters.images).unsqueeze(1).to(device), torch.from_numpy(characters.labels).to(device)


def run_training(run: Run, stop: Stop, show: Callable[[int, int], None] = lambda step, total: None) -> None:
    """The verb `train`: train as the run's request says, or resume, and write everything into its folder.

    UserError if the data have changed since the run began.
    """
    request = TrainRequest.model_validate(run.request.settings)
    configure_threads(request.train.threads)
    data = load_data(request.dataset)
    facts = data.facts()
    if (run.request.data or facts) != facts:
        raise UserError(f"{request.dataset} is not what it was when {run.name} began: start a new run on it.")
    torch.manual_seed(request.train.seed)
    model = generators()[request.model](request.config, data.train.classes)
    if not model.trains:
        return make_run(model, data, request, run)
    trainer = Trainer(model, data, request.train, run)
    run.amend(data=facts, classes=data.train.classes)
    run.amend(device=str(trainer.device), precision=str(trainer.dtype).removeprefix("torch."))
    save_reference_grid(data.train, run)
    stop.graceful = True
    trainer.fit(stop, show)
    (run.path / "resume.pt").unlink(missing_ok=True)
