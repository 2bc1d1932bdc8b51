"""The only training loop for generators: exact under resumption, quick on small images, and open to be watched."""

import io
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ocrgen.datasets import Digits, Splits, load_digits
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.checkpoint import save_weights
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.monitor import Monitor, Rule
from ocrgen.generators.reference_grid import GRID_ROWS, save_reference_grid
from ocrgen.imaging.render import tile, to_png
from ocrgen.metrics.extractors import load_extractor
from ocrgen.runs.events import CurveWriter
from ocrgen.runs.jobs import Cancelled, Stop
from ocrgen.runs.run import Run
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.threads import configure_threads

EXPLODED = 1e7
FEWEST_STEPS = 600
SAVE_SECONDS = 30.0
VALIDATION_LIMIT = 2000


class Trainer:
    """The state of one training and the steps that change it. `fit` is its whole life; it is not used twice."""

    def __init__(self, model: GenerativeModel, data: Splits, config: TrainConfig, run: Run):
        self.config, self.run = config, run
        self.device = pick_device(config.device)
        self.dtype = pick_dtype(self.device, config.precision)
        self.model = model.to(self.device).start_training()
        self.batch = min(model.config.batch, len(data.train))
        self.per_epoch = len(data.train) // self.batch
        self.epochs = config.epochs or min(60, max(10, -(-FEWEST_STEPS // self.per_epoch)))
        self.total = self.per_epoch * self.epochs
        self.train = _tensors(data.train, self.device)
        self.validation = _tensors(data.validation[:VALIDATION_LIMIT], self.device)
        self.source = {"name": data.train.name, "train": len(data.train), "fingerprint": data.train.fingerprint}
        self.step = 0
        self.seconds = 0.0  # at work, pauses left out
        self.pending: list[dict[str, Tensor]] = []
        self.monitor = self.make_monitor(data.train)
        self.timed = (0, 0.0)  # step and seconds at the last reading of the speed
        grid = torch.Generator().manual_seed(config.seed)
        self.grid_labels = torch.arange(10).repeat(GRID_ROWS)
        self.grid_noise = model.noise(len(self.grid_labels), grid)

    def make_monitor(self, train: Digits) -> Monitor | None:
        """The LFID monitor; None where it is off, or where its network cannot be read: the run's status says so."""
        if not self.config.monitor:
            return None
        try:
            config = self.config
            rule = Rule(config.monitor, config.watch, config.patience, config.min_gain)
            return Monitor(train, load_extractor(), config.seed, rule)
        except UserError as fault:
            self.run.update(note=f"LFID is not watched: {fault}")
            return None

    def watch(self, epoch: int, curves: CurveWriter) -> None:
        """Score this epoch's samples if it is time; the epoch that scores best is noted for whoever samples."""
        if self.monitor and (self.monitor.due(seen := self.step * self.batch) or epoch == self.epochs):
            scores = self.monitor.score(self.model, epoch, seen)
            curves.add({f"{n}/samples": v for n, v in scores.items()}, self.step)
            self.run.update(**self.monitor.facts())

    def enough(self) -> bool:
        """Whether patience is at its end; the run's status then says why it stopped."""
        if self.monitor and (why := self.monitor.enough()):
            self.run.update(stopped=why)
            return True
        return False

    def order(self, epoch: int) -> Tensor:
        """The shuffled images of an epoch, which depend on seed and epoch alone."""
        seeds = np.random.SeedSequence([self.config.seed, epoch]).generate_state(1)
        return torch.randperm(len(self.train[1]), generator=torch.Generator().manual_seed(int(seeds[0])))

    def do_step(self, index: Tensor) -> None:
        """One batch: scale it once, here, and let the model learn from it."""
        images, labels = (t.index_select(0, index) for t in self.train)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            self.pending.append(self.model.training_step(images.float().div_(255), labels))
        self.step += 1

    def log(self, curves: CurveWriter) -> None:
        """Read the losses since the last time, in one transfer; a UserError with the step if one is not finite."""
        if not self.pending:
            return
        names = list(self.pending[0])
        values = torch.stack([torch.stack([p[n].float() for n in names]) for p in self.pending]).cpu()
        bad = ~(values.isfinite() & (values.abs() < EXPLODED)).all(1)
        if bad.any():
            at = self.step - len(self.pending) + int(bad.nonzero()[0]) + 1
            worst = dict(zip(names, values[int(bad.nonzero()[0])].tolist(), strict=True))
            raise UserError(
                f"The training broke down at step {at:,} ({', '.join(f'{n} = {v:.3g}' for n, v in worst.items())}). "
                "Try a smaller learning rate, or precision fp32."
            )
        self.pending.clear()
        means = dict(zip(names, values.mean(0).tolist(), strict=True))
        step, seconds = self.timed
        if self.seconds > seconds:
            means["speed/images per second"] = (self.step - step) * self.batch / (self.seconds - seconds)
        self.timed = (self.step, self.seconds)
        tags = {(n if "/" in n else f"{n}/train"): v for n, v in means.items()}
        curves.add(tags | {"progress/seconds": self.seconds}, self.step)
        self.run.update(
            step=self.step,
            total=self.total,
            seconds=self.seconds,
            epoch=self.step // self.per_epoch,
            speed=means.get("speed/images per second"),
        )

    @torch.no_grad()
    def end_epoch(self, epoch: int, curves: CurveWriter) -> None:
        """What an epoch leaves: held-out losses, weights, and samples on noise that never changes."""
        images, labels = self.validation
        self.model.eval()
        bf16 = self.dtype is torch.bfloat16
        with torch.random.fork_rng(), torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            torch.manual_seed(self.config.seed)
            losses = self.model.evaluate(images.float().div_(255), labels)
        curves.add({(n if "/" in n else f"{n}/validation"): float(v) for n, v in losses.items()}, self.step)
        grid = tile(self.model.decode(self.grid_noise, self.grid_labels, noise=True).numpy(), columns=10)
        curves.add_image("samples", grid, self.step)
        write_atomically(self.run.folder("samples") / f"epoch-{epoch:03d}.png", to_png(grid))
        about = self.run.request.settings | {"epoch": epoch, "step": self.step, "data": self.source}
        save_weights(self.model, about, self.run.folder("weights") / f"epoch-{epoch:03d}.safetensors")
        self.model.train()

    def prune(self) -> None:
        """Remove the weights of the oldest epochs beyond those to keep; the best and the last one always stay."""
        kept = self.run.epochs()
        if self.config.keep and len(kept) > self.config.keep:
            pinned = {self.run.best_epoch(), kept[-1]}
            for epoch in [e for e in kept if e not in pinned][: len(kept) - self.config.keep]:
                self.run.weights(epoch).unlink()

    def save(self) -> None:
        """Write `resume.pt`: with it a later process ends with the same weights as if nothing had happened."""
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
        """Take up `resume.pt` where there is one; a UserError names the file if it is damaged."""
        file = self.run.path / "resume.pt"
        if not file.exists():
            return
        try:
            # Tensors and plain values only: a pickle that wants to run code is refused.
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
        self.timed = (self.step, self.seconds)

    def fit(self, stop: Stop, show: Callable[[int, int], None]) -> None:
        """Train to the end, or to the next step after `stop()`; then Cancelled is raised, all of it on disk."""
        torch.manual_seed(self.config.seed)
        self.restore()
        curves = CurveWriter(self.run.path, self.step)
        self.run.update(step=self.step, total=self.total, per_epoch=self.per_epoch, epochs=self.epochs)
        saved = time.monotonic()
        try:
            while self.step < self.total and not self.enough():
                epoch, first = divmod(self.step, self.per_epoch)
                order = self.order(epoch)
                for i in range(first, self.per_epoch):
                    begun = time.perf_counter()
                    self.do_step(order[i * self.batch : (i + 1) * self.batch])
                    last = i + 1 == self.per_epoch
                    if self.step % self.config.log_every == 0 or last:
                        self.seconds += time.perf_counter() - begun
                        self.log(curves)
                        show(self.step, self.total)
                        begun = time.perf_counter()
                    if last:
                        self.end_epoch(epoch + 1, curves)
                        self.watch(epoch + 1, curves)
                        self.prune()
                    self.seconds += time.perf_counter() - begun
                    stopped = stop()
                    if stopped or last or time.monotonic() - saved > SAVE_SECONDS:
                        self.log(curves)
                        self.save()
                        saved = time.monotonic()
                    if stopped and self.step < self.total:
                        raise Cancelled
        finally:
            curves.close()


def _tensors(digits: Digits, device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(digits.images).unsqueeze(1).to(device), torch.from_numpy(digits.labels).to(device)


def run_training(run: Run, stop: Stop, show: Callable[[int, int], None] = lambda step, total: None) -> None:
    """The verb `train` on a run: everything from its request, everything into its folder."""
    request = TrainRequest.model_validate(run.request.settings)
    configure_threads(request.train.threads)
    data = load_digits(request.dataset)
    before = run.request.data
    facts = data.facts()
    if before and before != facts:
        raise UserError(f"{request.dataset} is not what it was when {run.name} began: start a new run on it.")
    torch.manual_seed(request.train.seed)
    model = generators()[request.model](request.config)
    trainer = Trainer(model, data, request.train, run)
    run.amend(data=facts, device=str(trainer.device), precision=str(trainer.dtype).removeprefix("torch."))
    save_reference_grid(data.train, run)
    stop.graceful = True
    trainer.fit(stop, show)
    (run.path / "resume.pt").unlink(missing_ok=True)
