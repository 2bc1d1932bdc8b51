"""FID's own InceptionV3, read at the four depths of pytorch-fid; its weights come from outside."""

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

from ocrgen.datasets import load_digits
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor, read_taps
from ocrgen.metrics.frechet import GaussianStats, frechet_distance
from ocrgen.utils.device import pick_dtype
from ocrgen.utils.errors import UserError

URL = fid.FID_WEIGHTS_URL
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"  # the file's name has the first eight
TIMEOUT = 10.0  # seconds without a byte
TOLERANCE = 0.005  # of a distance, for arithmetic that is faster
CHECKED = 64  # images that decide on it
_WAYS = f"get {URL} where there is a network, and give it as `--weights FILE`. The extractor digitnet works offline."
_building = threading.Lock()


class InceptionExtractor(FeatureExtractor):
    """Features as pytorch-fid 0.3.0 computes them: 299 pixels, bilinear; grey as three channels; averaged globally.

    The numbers agree with pytorch-fid's to 1e-5. Where the processor has bfloat16 and `agree` finds no harm in it for
    these weights, "auto" uses it: the first features then take the seconds that the check takes. "fp32" never does.
    """

    name = "inception"
    batch = 16  # 299-pixel images: 90 MB of activations for each eight

    def __init__(self, net: nn.ModuleList, digest: str, precision: Literal["auto", "fp32"] = "auto"):
        self._exact, self.hash, self._wanted = net, digest, precision

    @classmethod
    def load(cls, weights: str | None = None, precision: Literal["auto", "fp32"] = "auto") -> Self:
        """From the file `weights`, else torch hub's cache, else downloaded (95 MB) to there from pytorch-fid's address.

        UserError, saying what to do, if the file is missing or not the one (by SHA-256), or cannot be fetched.
        """
        file = Path(weights).expanduser() if weights else Path(torch.hub.get_dir()) / "checkpoints" / Path(URL).name
        if not weights and not file.exists():
            fetch(file)
        try:
            content = file.read_bytes()
        except OSError as fault:
            raise UserError(f"{file}: cannot be read ({fault.strerror}). To have the weights, {_WAYS}") from fault
        _require_checksum(content, str(file), "Delete it and try again, or")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return cls(network(state), SHA256[:16], precision)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor], precision: Literal["auto", "fp32"] = "auto") -> Self:
        """With weights named as in torchvision's InceptionV3 of 1,008 classes; `hash` is of names and values."""
        digest = hashlib.sha256()
        for key in sorted(state):
            digest.update(key.encode() + state[key].contiguous().numpy().tobytes())
        return cls(network(state), digest.hexdigest()[:16], precision)

    @cached_property
    def _net(self) -> nn.ModuleList:
        if self._wanted == "fp32" or pick_dtype(torch.device("cpu")) is not torch.bfloat16:
            return self._exact
        fast = copy.deepcopy(self._exact).bfloat16()
        return fast if agree(self._exact, fast) else self._exact

    @property
    def precision(self) -> str:
        """Of the arithmetic in use: "bf16" or "fp32"; runs the check if nothing did before."""
        return "bf16" if next(self._net.parameters()).dtype is torch.bfloat16 else "fp32"

    def __call__(self, images: Tensor, taps: Sequence[int] = TAPS) -> dict[int, Tensor]:
        """See FeatureExtractor."""
        return read(self._net, images, taps)


def network(state: Mapping[str, Tensor]) -> nn.ModuleList:
    """pytorch-fid's four blocks with these weights, normalisation folded into the convolutions.

    UserError if the weights are another network's.
    """
    # pytorch-fid builds its network only by downloading weights to it, so its one download is replaced for the moment
    # (one thread at a time); rewriting the network here could drift from the one that published numbers come from.
    # Building also draws initial weights that nobody uses: the fork keeps them out of our seeds.
    with _building, torch.random.fork_rng(devices=[]):
        download = fid.load_state_dict_from_url
        fid.load_state_dict_from_url = lambda *_, **__: state
        try:
            blocks = fid.InceptionV3(range(len(TAPS))).eval().blocks
        except (RuntimeError, TypeError) as fault:
            raise UserError(f"These are no weights of FID's InceptionV3 ({str(fault).splitlines()[0]}).") from fault
        finally:
            fid.load_state_dict_from_url = download
    blocks[-1] = blocks[-1][:-1]  # without its average: `read` takes that of every tap
    for module in blocks.modules():
        if isinstance(module, BasicConv2d):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
    return blocks.to(memory_format=torch.channels_last)


@torch.inference_mode()
def read(net: nn.ModuleList, images: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
    """Features float32 (B, d) by tap of images uint8 (B, 28, 28), in the arithmetic of the network's weights."""
    x = F.interpolate(images.unsqueeze(1).float() / 255, size=(299, 299), mode="bilinear", align_corners=False)
    h = (2 * x - 1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    return read_taps(h.to(next(net.parameters()).dtype), net, taps)


def agree(exact: nn.ModuleList, fast: nn.ModuleList) -> bool:
    """Whether `fast` keeps distances within TOLERANCE of those of `exact`, at every tap.

    Asked of bundled digits against the same with faint noise (a small distance, but not sampling's), with either
    network for either set: statistics from the one must serve beside the other's, as a file of them may.
    """
    digits = load_digits("digits").train.subset(CHECKED, 0).images
    noise = np.random.default_rng(0).normal(0, 16, digits.shape)
    sets = (digits, np.clip(digits + noise, 0, 255).astype(np.uint8))
    stats = {}
    for which, net in {"exact": exact, "fast": fast}.items():
        for i, images in enumerate(sets):
            blocks = [read(net, block, TAPS) for block in torch.from_numpy(images).split(InceptionExtractor.batch)]
            for d in TAPS:
                stats[which, i, d] = GaussianStats.of(torch.cat([b[d] for b in blocks]).numpy())
    for d in TAPS:
        truth = frechet_distance(stats["exact", 0, d], stats["exact", 1, d])
        for a, b in (("fast", "fast"), ("fast", "exact"), ("exact", "fast")):
            if abs(frechet_distance(stats[a, 0, d], stats[b, 1, d]) - truth) > TOLERANCE * truth:
                return False
    return True


def fetch(file: Path) -> None:
    """Download the weights to `file`: whole and checked, or not at all (UserError)."""
    try:
        with urllib.request.urlopen(URL, timeout=TIMEOUT) as answer:
            content = answer.read()
    except (OSError, HTTPException) as fault:
        raise UserError(f"InceptionV3's weights are not in {file} and cannot be fetched ({fault}): {_WAYS}") from fault
    _require_checksum(content, URL, "A network that answers for another may be in between:")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # A folder of its own: two processes may fetch at once, and the last step is a rename.
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            (part := Path(folder) / "part").write_bytes(content)
            part.replace(file)
    except OSError as fault:
        raise UserError(
            f"{file}: cannot be written ({fault.strerror}); set TORCH_HOME to a folder that can."
        ) from fault


def _require_checksum(content: bytes, where: str, advice: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise UserError(
            f"{where}: damaged, or not FID's InceptionV3: its SHA-256 is {digest[:8]}..., not {SHA256[:8]}... "
            f"{advice} {_WAYS}"
        )
