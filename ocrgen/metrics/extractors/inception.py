"""FID's InceptionV3 with the four taps of pytorch-fid; its weights have to be supplied or downloaded."""

import copy
import hashlib
import io
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from pytorch_fid import inception as fid
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.inception import BasicConv2d

from ocrgen.datasets import load_data
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor, read_taps
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.utils.device import pick_dtype
from ocrgen.utils.errors import UserError

URL = fid.FID_WEIGHTS_URL
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"  # the file's name has the first eight
TIMEOUT = 10.0  # seconds without data
TOLERANCE = 0.005  # largest relative error of a distance in bfloat16
CHECKED = 64  # images on which `agree` measures it
_ADVICE = f"get {URL} where there is a network, and give it as `--weights FILE`. The extractor digitnet works offline."
_build_lock = threading.Lock()


class InceptionExtractor(FeatureExtractor):
    """Features as in pytorch-fid 0.3.0: images resized to 299 x 299 (bilinear), three equal channels, global average.

    They agree with pytorch-fid's to 1e-5. precision: "auto" uses bfloat16 where the processor supports it and `agree`
    confirms that distances stay the same, a check of some seconds before the first features; "fp32" never does.
    """

    name = "inception"
    batch = 16  # eight images of 299 x 299 pixels take 90 MB of activations

    def __init__(self, net: nn.ModuleList, digest: str, precision: Literal["auto", "fp32"] = "auto"):
        self._fp32_net, self.hash, self._precision = net, digest, precision

    @classmethod
    def load(cls, weights: str | None = None, precision: Literal["auto", "fp32"] = "auto") -> Self:
        """With the weights in the file `weights`, else in torch hub's cache, to which they are downloaded (95 MB).

        UserError, which says what to do, if the file cannot be read or downloaded, or has another SHA-256.
        """
        file = Path(weights).expanduser() if weights else Path(torch.hub.get_dir()) / "checkpoints" / Path(URL).name
        if not weights and not file.exists():
            fetch(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror}). To have the weights, {_ADVICE}") from error
        _require_checksum(content, str(file), "Delete it and try again, or")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return cls(build_network(state), SHA256[:16], precision)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor], precision: Literal["auto", "fp32"] = "auto") -> Self:
        """With weights named as in torchvision's InceptionV3 with 1,008 classes; `hash` covers names and values."""
        digest = hashlib.sha256()
        for key in sorted(state):
            digest.update(key.encode() + state[key].contiguous().numpy().tobytes())
        return cls(build_network(state), digest.hexdigest()[:16], precision)

    @cached_property
    def net(self) -> nn.ModuleList:
        if self._precision == "fp32" or pick_dtype(torch.device("cpu")) is not torch.bfloat16:
            return self._fp32_net
        fast = copy.deepcopy(self._fp32_net).bfloat16()
        return fast if agree(self._fp32_net, fast) else self._fp32_net

    @property
    def precision(self) -> str:
        """The arithmetic in use, "bf16" or "fp32"; runs the check if it has not been run yet."""
        return "bf16" if next(self.net.parameters()).dtype is torch.bfloat16 else "fp32"

    def __call__(self, images: Tensor, taps: Sequence[int] = TAPS) -> dict[int, Tensor]:
        """Features float32 (B, d) by tap d, of images uint8 (B, 28, 28)."""
        return compute_features(self.net, images, taps)


def build_network(state: Mapping[str, Tensor]) -> nn.ModuleList:
    """pytorch-fid's four blocks with these weights, with batch normalisation fused into the convolutions.

    UserError if the weights are those of another network.
    """
    # pytorch-fid's own code is used, so that the network is the one behind published numbers. It can only be built with
    # downloaded weights, so its download function is replaced meanwhile, in one thread at a time. It also draws initial
    # weights, which must not advance our random numbers.
    with _build_lock, torch.random.fork_rng(devices=[]):
        download = fid.load_state_dict_from_url
        fid.load_state_dict_from_url = lambda *_, **__: state
        try:
            blocks = fid.InceptionV3(range(len(TAPS))).eval().blocks
        except (RuntimeError, TypeError) as error:
            raise UserError(f"These are no weights of FID's InceptionV3 ({str(error).splitlines()[0]}).") from error
        finally:
            fid.load_state_dict_from_url = download
    last = blocks[-1]
    assert isinstance(last, nn.Sequential)
    blocks[-1] = last[:-1]  # without its global average pooling, which `read_taps` applies to every tap
    for module in blocks.modules():
        if isinstance(module, BasicConv2d):
            module.conv = fuse_conv_bn_eval(module.conv, module.bn)
            module.add_module("bn", nn.Identity())
    return blocks.to(memory_format=torch.channels_last)


@torch.inference_mode()
def compute_features(net: nn.ModuleList, images: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
    """Features float32 (B, d) by tap d, of images uint8 (B, 28, 28), computed in the dtype of the weights."""
    x = F.interpolate(images.unsqueeze(1).float() / 255, size=(299, 299), mode="bilinear", align_corners=False)
    h = (2 * x - 1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    return read_taps(h.to(next(net.parameters()).dtype), net, taps)


def agree(exact: nn.ModuleList, fast: nn.ModuleList) -> bool:
    """Whether distances computed with `fast` are within TOLERANCE of those computed with `exact`, at every tap.

    They are measured between bundled digits and the same digits with faint noise, a small distance without sampling
    error; also with one network for each of the two sets, since stored statistics may come from either.
    """
    digits = load_data("digits").train.subset(CHECKED, 0).images
    noise = np.random.default_rng(0).normal(0, 16, digits.shape)
    sets = (digits, np.clip(digits + noise, 0, 255).astype(np.uint8))
    stats = {}
    for precision, net in {"exact": exact, "fast": fast}.items():
        for i, images in enumerate(sets):
            batches = torch.from_numpy(images).split(InceptionExtractor.batch)
            features = [compute_features(net, batch, TAPS) for batch in batches]
            for d in TAPS:
                stats[precision, i, d] = GaussianStats.of(torch.cat([f[d] for f in features]).numpy())
    for d in TAPS:
        expected = frechet_distance(stats["exact", 0, d], stats["exact", 1, d])
        for a, b in (("fast", "fast"), ("fast", "exact"), ("exact", "fast")):
            if abs(frechet_distance(stats[a, 0, d], stats[b, 1, d]) - expected) > TOLERANCE * expected:
                return False
    return True


def fetch(file: Path) -> None:
    """Download the weights to `file` and verify their SHA-256. UserError, and no file written, if that fails."""
    try:
        with urllib.request.urlopen(URL, timeout=TIMEOUT) as response:
            content = response.read()
    except (OSError, HTTPException) as error:
        raise UserError(
            f"InceptionV3's weights are not in {file} and cannot be fetched ({error}): {_ADVICE}"
        ) from error
    _require_checksum(content, URL, "A network that answers for another may be in between:")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # In a temporary folder, since two processes may download at once; the last step is a rename.
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            (part := Path(folder) / "part").write_bytes(content)
            part.replace(file)
    except OSError as error:
        raise UserError(
            f"{file}: cannot be written ({error.strerror}); set TORCH_HOME to a writable folder."
        ) from error


def _require_checksum(content: bytes, where: str, advice: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise UserError(
            f"{where}: damaged, or not FID's InceptionV3: its SHA-256 is {digest[:8]}..., not {SHA256[:8]}... "
            f"{advice} {_ADVICE}"
        )
