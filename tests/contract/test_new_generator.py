"""A third generator is one file, and a broken one is told."""

import os
import shutil
import subprocess
import sys

from ocrgen.utils.places import HOME
from tests.helpers.letters import in_folders, unpacked

TINY = '''
"""A linear generator, to show what a new one takes."""

import torch
from pydantic import Field
from torch import nn

from ocrgen.generators.base import GenerativeModel, ModelConfig


class Linear(nn.Module):
    def __init__(self, latent, n_classes):
        super().__init__()
        self.n_classes = n_classes
        self.net = nn.Linear(latent + n_classes, 784)

    def forward(self, codes, labels):
        one_hot = nn.functional.one_hot(labels, self.n_classes).float()
        return self.net(torch.cat([codes, one_hot], 1)).view(-1, 1, 28, 28)


class Tiny(GenerativeModel):
    """The mean of each class, plus noise."""

    name, title = "tiny", "Tiny"

    class Config(ModelConfig):
        latent: int = Field(8, ge=1, le=64, description="dimensions of the latent code")
        sparkle: float = Field(0.5, ge=0, le=1, description="how much it sparkles")

    presets = {"fast": Config()}

    def __init__(self, config, classes):
        super().__init__(config, classes)
        self.noise_size = config.latent
        self.decoder = Linear(config.latent, len(classes))
        self.build_ema(decay=0.99)

    def make_optimisers(self):
        return [torch.optim.Adam(self.decoder.parameters(), 1e-2)]

    def training_step(self, images, labels):
        codes = torch.randn(len(labels), self.config.latent)
        loss = (self.decoder(codes, labels).sigmoid() - images).square().mean()
        self.optimisers[0].zero_grad()
        loss.backward()
        self.optimisers[0].step()
        self.update_ema()
        return {"error": loss.detach()}
'''
LOOK = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
assert not app.exception, app.exception
app.switch_page("pages/2_Train.py").run()
app.segmented_control(key="train_model").set_value("tiny").run()
assert not app.exception, app.exception
assert app.number_input(key="train_tiny_fast_sparkle").value == 0.5
app.switch_page("pages/3_Gallery.py").run()
assert not app.exception, app.exception
assert "Tiny" in app.selectbox(key="gallery_tiny").options[0], app.main
"""


def test_a_third_generator_is_one_new_file(tmp_path):
    for part in ("ocrgen", "pages"):
        shutil.copytree(HOME / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "app.py", tmp_path)
    (tmp_path / "ocrgen" / "generators" / "models" / "tiny.py").write_text(TINY)
    environment = {**os.environ, "OCRGEN_RUNS": str(tmp_path / "runs"), "PYTHONPATH": ""}

    def ocrgen(*args: str) -> str:
        command = [sys.executable, "-m", "ocrgen", *args]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    name = ocrgen("train", "tiny", "--sparkle", "0.25", "--epochs", "2").splitlines()[-1]
    ocrgen("sample", name, "--per-class", "3", "--out", str(tmp_path / "tiny.zip"))
    assert (tmp_path / "tiny.zip").stat().st_size > 1000
    letters = unpacked(tmp_path / "letters", in_folders(("A", "B", "check mark"), 6, 32))
    name = ocrgen("train", "tiny", "--dataset", str(letters), "--epochs", "1").splitlines()[-1]
    assert "9 images, 3 a character" in ocrgen("sample", name, "--per-class", "3", "--out", str(tmp_path / "abc.zip"))
    look = subprocess.run([sys.executable, "-c", LOOK], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert look.returncode == 0, look.stderr


def test_a_file_that_does_not_import_is_not_passed_over(tmp_path):
    shutil.copytree(HOME / "ocrgen", tmp_path / "ocrgen", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ocrgen" / "generators" / "models" / "broken.py").write_text("import nothing_of_that_name")
    code = "from ocrgen.generators import generators; generators()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "nothing_of_that_name" in done.stderr
