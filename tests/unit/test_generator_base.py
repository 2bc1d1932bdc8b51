"""What a generator may say otherwise than the base class: how wide its noise is, how it paints, how it is loaded."""

import torch
from torch import Tensor, nn

from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.checkpoint import load_generator, save_weights
from ocrgen.generators.sampling import draw, interpolate


class Shades(nn.Module):
    """Each image is the first of its numbers times a shade for each class; no weights, only a buffer."""

    def __init__(self, n_classes: int):
        super().__init__()
        self.register_buffer("shade", torch.zeros(n_classes))

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, 3), (B,) -> pixels (B, 1, 28, 28) in [0, 1], which need no sigmoid."""
        return (codes[:, 0].abs().clamp_max(1) * self.shade[labels])[:, None, None, None].expand(-1, 1, 28, 28)


class Plain(GenerativeModel[ModelConfig, Shades]):
    """Three numbers of noise an image, pixels without a sigmoid, and a file whose tensor has another shape."""

    name, title = "plain", "Plain"

    def __init__(self, config: ModelConfig, classes: tuple[str, ...]):
        super().__init__(config, classes)
        self.noise_size = 3
        self.decoder = Shades(len(classes))
        self.build_ema(decay=0)

    def paint(self, output: Tensor) -> Tensor:
        return output

    def load_sampler(self, tensors: dict[str, Tensor]) -> None:
        self.sampler.shade = tensors["shade"].flatten()


def test_noise_painting_and_loading_are_the_models_own(monkeypatch, tmp_path):
    monkeypatch.setitem(generators(), "plain", Plain)
    model = Plain(ModelConfig(), ("a", "b"))
    model.sampler.shade = torch.tensor([[0.25, 1.0]])
    file = tmp_path / "run" / "weights" / "epoch-001.safetensors"
    file.parent.mkdir(parents=True)
    about = {"model": "plain", "config": model.config.model_dump(), "classes": model.classes}
    save_weights(model, about, file)
    loaded = load_generator(file)
    assert loaded.device == torch.device("cpu") and not loaded.training
    noise = loaded.noise(200, torch.Generator().manual_seed(4))
    assert noise.shape == (200, 3)
    drawn = draw(loaded, 100, 4)
    shades = (noise[:, 0].abs().clamp_max(1) * torch.tensor([0.25, 1.0]).repeat(100) * 255).round()
    assert torch.equal(torch.from_numpy(drawn.images[:, 5, 9]).float(), shades)
    walk = interpolate(loaded, 1, 1, 2, 5)
    ends = [loaded.sample(torch.tensor([1]), torch.Generator().manual_seed(s))[0].numpy() for s in (1, 2)]
    assert (walk[0] == ends[0]).all() and (walk[-1] == ends[1]).all()
