"""InceptionV3's features are pytorch-fid's, with random weights of the same names; its file's faults are named."""

import copy
import hashlib
import socket
import threading
import time

import numpy as np
import pytest
import torch
from pytorch_fid import inception as fid
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate
from torchvision.models import inception_v3

from ocrgen.metrics.extractors import inception, load_extractor
from ocrgen.metrics.extractors.base import TAPS
from ocrgen.metrics.extractors.inception import InceptionExtractor
from ocrgen.utils.errors import UserError

pytestmark = pytest.mark.slow

NAME = "pt_inception-2015-12-05-6726825d.pth"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Random weights, normalised so that activations neither die out nor blow up on their way through."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        net = inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)
        net(interpolate(torch.rand(3, 3, 20, 20), size=(299, 299), mode="bilinear") * 2 - 1)
        return net.state_dict()


@pytest.fixture(scope="module")
def extractor(state) -> InceptionExtractor:
    return InceptionExtractor.from_state_dict(state, precision="fp32")


@pytest.fixture
def images(small) -> np.ndarray:
    return small.test.images[:3]


def test_features_are_those_of_pytorch_fid(extractor, state, images, monkeypatch):
    monkeypatch.setattr(fid, "load_state_dict_from_url", lambda *_, **__: state)
    theirs = fid.InceptionV3([fid.InceptionV3.BLOCK_INDEX_BY_DIM[d] for d in TAPS]).eval()
    with torch.inference_mode():
        blocks = theirs(torch.from_numpy(images).unsqueeze(1).repeat(1, 3, 1, 1) / 255)
    found = extractor.features(images)
    for d, truth in zip(TAPS, (adaptive_avg_pool2d(h, (1, 1)).flatten(1).numpy() for h in blocks), strict=True):
        assert found[d].shape == (3, d) and found[d].dtype == np.float32
        assert truth.std(axis=0).max() > 0.01 * np.abs(truth).mean()  # the images are told apart at all
        assert np.abs(found[d] - truth).max() < 1e-5 * np.abs(truth).max()


@pytest.mark.parametrize("taps", [(64,), (192,), (768,), (192, 64), TAPS])
def test_no_block_runs_that_need_not(extractor, images, taps):
    ran, everything = [], extractor.features(images[:2], TAPS)
    hooks = [b.register_forward_hook(lambda *_, d=d: ran.append(d)) for d, b in zip(TAPS, extractor.net, strict=True)]
    found = extractor.features(images[:2], taps)
    for hook in hooks:
        hook.remove()
    assert ran == [d for d in TAPS if d <= max(taps)]
    assert set(found) == set(taps) and all((found[d] == everything[d]).all() for d in taps)


def test_the_hash_is_of_the_weights(extractor, state):
    other = state | {"Mixed_7c.branch1x1.bn.bias": state["Mixed_7c.branch1x1.bn.bias"] + 1}
    assert InceptionExtractor.from_state_dict(state).hash == extractor.hash and len(extractor.hash) == 16
    assert InceptionExtractor.from_state_dict(other).hash != extractor.hash


def test_building_leaves_no_traces(state):
    download, rng = fid.load_state_dict_from_url, torch.get_rng_state()
    InceptionExtractor.from_state_dict(state)
    with pytest.raises(UserError, match="no weights of FID's InceptionV3"):
        InceptionExtractor.from_state_dict({k: v for k, v in state.items() if not k.startswith("Mixed_5b")})
    assert fid.load_state_dict_from_url is download
    assert (torch.get_rng_state() == rng).all()


@pytest.mark.parametrize("change", ["none", "distances", "mixed"])
def test_networks_agree_if_their_distances_do_and_their_features_mix(extractor, monkeypatch, change):
    monkeypatch.setattr(inception, "CHECKED", 3)
    other = copy.deepcopy(extractor.net)
    if change == "distances":
        other[1][0].conv.weight.mul_(1.01)
    elif change == "mixed":  # changes no distance, unless the other set comes from the true network
        other[3].register_forward_hook(lambda _, __, h: h + 1)
    assert inception.agree(extractor.net, other) == (change == "none")


@pytest.mark.parametrize("case", ["bf16 auto agree", "bf16 auto differ", "bf16 fp32 unasked", "fp32 auto unasked"])
def test_bf16_is_used_where_it_agrees(state, extractor, images, monkeypatch, case):
    processor, wanted, verdict = case.split()
    asked = []
    monkeypatch.setattr(inception, "agree", lambda exact, fast: asked.append(1) or verdict == "agree")
    monkeypatch.setattr(inception, "pick_dtype", lambda _: torch.bfloat16 if processor == "bf16" else torch.float32)
    auto = InceptionExtractor.from_state_dict(state, wanted)
    assert not asked  # before features are wanted
    found, exact = auto.features(images, (192,))[192], extractor.features(images, (192,))[192]
    assert auto.precision == ("bf16" if verdict == "agree" else "fp32") and len(asked) == (verdict != "unasked")
    assert found.dtype == np.float32 and np.abs(found - exact).max() < 0.02 * exact.max()
    assert (found == exact).all() == (verdict != "agree")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where torch hub would keep the file; empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints" / NAME


def trust(content: bytes, monkeypatch) -> bytes:
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(content).hexdigest())
    return content


def fails(weights=None, *words) -> None:
    """Loading fails within seconds, and says what is at fault, the address, the option, and what works without."""
    began = time.monotonic()
    with pytest.raises(UserError) as caught:
        InceptionExtractor.load(weights)
    assert time.monotonic() - began < 10
    for word in (*words, NAME, "--weights FILE", "digitnet works offline"):
        assert word in str(caught.value)


@pytest.mark.parametrize("given", [True, False])
def test_a_missing_or_damaged_file_is_named(tmp_path, cache, monkeypatch, given):
    for missing in (tmp_path / "missing.pth", tmp_path):
        fails(str(missing), str(missing))
    file = tmp_path / "mine.pth" if given else cache
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"whole, but not the one")
    fails(str(file) if given else None, str(file), "not 6726825d")
    trust(b"weights", monkeypatch)
    for harm in (b"weight", b"weigh!s", b"weightss", b""):
        file.write_bytes(harm)
        fails(str(file) if given else None, str(file), "SHA-256")


@pytest.mark.parametrize("host", ["127.0.0.1:9", "weights.invalid"])
def test_without_a_network(cache, monkeypatch, host):
    monkeypatch.setattr(inception, "URL", f"http://{host}/{NAME}")
    fails(None, str(cache))
    assert not cache.parent.exists()


ANSWERS = {
    "timed out": b"",
    "404": b"HTTP/1.1 404 Not Found\r\n\r\n",
    "IncompleteRead": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut",
    "SHA-256": b"HTTP/1.1 200 OK\r\n\r\n<html>Please log in</html>",
}


@pytest.mark.parametrize("says", ANSWERS)
def test_a_bad_answer_leaves_nothing(cache, monkeypatch, says):
    def speak():
        with server.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(ANSWERS[says])
            if says == "timed out":
                connection.recv(1)  # until the other side gives up

    monkeypatch.setattr(inception, "TIMEOUT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(inception, "URL", f"http://127.0.0.1:{server.getsockname()[1]}/{NAME}")
        (thread := threading.Thread(target=speak, daemon=True)).start()
        fails(None, says)
        thread.join(10)
    assert not cache.exists()


def test_a_download_is_kept_and_serves_again(state, extractor, images, cache, tmp_path, monkeypatch):
    torch.save(state, source := tmp_path / NAME)
    content = trust(source.read_bytes(), monkeypatch)
    monkeypatch.setattr(inception, "URL", source.as_uri())
    assert load_extractor("inception").hash == inception.SHA256[:16]
    assert cache.read_bytes() == content and [f.name for f in cache.parent.iterdir()] == [NAME]
    source.unlink()
    for file in (None, str(cache)):
        again = InceptionExtractor.load(file, precision="fp32")
        assert (again.features(images, (64,))[64] == extractor.features(images, (64,))[64]).all()


def test_a_cache_that_cannot_be_written(tmp_path, cache, monkeypatch):
    (tmp_path / NAME).write_bytes(trust(b"weights", monkeypatch))
    monkeypatch.setattr(inception, "URL", (tmp_path / NAME).as_uri())
    (tmp_path / "torch").write_text("no folder")
    with pytest.raises(UserError, match="TORCH_HOME"):
        InceptionExtractor.load()
