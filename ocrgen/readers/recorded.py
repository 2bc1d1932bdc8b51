"""Train a reader on a GPU: everything lies there, and a step is recorded once and replayed, as a CUDA graph.

The networks are so small that a GPU otherwise waits for Python, which launches some 150 kernels a step: 5 ms instead of
less than one.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ocrgen.readers.network import Reader
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.optim import FusedAdam

WARM_UP = 3  # steps before the recording, which the libraries need to choose their algorithms; they count
LOOKS = 50  # steps between two looks at whether to stop

Source = tuple[Tensor, Tensor, Iterator[Tensor]]  # images uint8 (N, 1, 28, 28), labels (N,), batches of indices (k,)


class DeviceStep:
    """A training step that needs nothing from the CPU: all steps' indices, learning rates and losses are on the device.

    sources: real images first. n_real: of the first images in a batch, which `augment(images, generator)` changes.
    """

    def __init__(
        self,
        reader: Reader,
        optimiser: FusedAdam,
        sources: Sequence[Source],
        n_real: int,
        rates: list[float],
        seed: int,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None,
        bf16: bool,
    ):
        self.reader, self.optimiser, self.n_real, self.augment, self.bf16 = reader, optimiser, n_real, augment, bf16
        device = self.device = next(reader.parameters()).device
        self.images, self.labels = [s[0].to(device) for s in sources], [s[1].to(device) for s in sources]
        self.index = [torch.stack([next(order) for _ in rates]).to(device) for *_, order in sources]
        self.rates = torch.tensor(rates, dtype=torch.float32, device=device)
        self.losses = torch.zeros(len(rates), device=device)
        self.at = torch.zeros(1, dtype=torch.int64, device=device)  # the number of the step
        self.generator = torch.Generator(device).manual_seed(seed)

    def __call__(self) -> None:
        """The next step."""
        rows = [index.index_select(0, self.at)[0] for index in self.index]
        images = torch.cat([t.index_select(0, row) for t, row in zip(self.images, rows, strict=True)]).float().div_(255)
        labels = torch.cat([t.index_select(0, row) for t, row in zip(self.labels, rows, strict=True)])
        if self.augment and self.n_real:
            images = torch.cat([self.augment(images[: self.n_real], self.generator), images[self.n_real :]])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16, cache_enabled=False):
            loss = F.cross_entropy(self.reader(images).float(), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.lr = self.rates.index_select(0, self.at)[0]
        self.optimiser.step()
        self.losses.index_copy_(0, self.at, loss.detach().view(1))
        self.at += 1

    def run(self, stop: Callable[[], bool], show: Callable[[int], None]) -> list[Tensor]:
        """All steps, on a GPU by replaying one; returns their losses. Cancelled soon after `stop()`."""
        stream = torch.cuda.Stream() if self.device.type == "cuda" else None
        step: Callable[[], None] = self
        with torch.cuda.stream(stream):
            for i in range(len(self.losses)):
                if stream and i == WARM_UP:
                    step = self.recording(stream)
                step()
                show(i + 1)
                if i % LOOKS == 0 and stop():
                    raise Cancelled
        if stream:
            stream.synchronize()
        return list(self.losses)

    def recording(self, stream: torch.cuda.Stream) -> Callable[[], None]:
        """The step as a CUDA graph: a function that replays it. Recording alone changes nothing."""
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        with torch.cuda.graph(graph, stream=stream):
            self()
        return graph.replay
