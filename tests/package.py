"""Build sdist and wheel, install the wheel into a fresh environment in another folder, and use the lab from there.

    make package

Prints the seconds that each step takes. Where uv is not at hand, pip does the same, slower.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.helpers.browser import find_chromium, free_port, settle, wait_until_up

ROOT = Path(__file__).resolve().parents[1]
PICTURE = """
from PIL import Image
from sklearn.datasets import load_digits
digit = Image.fromarray((load_digits().images[3] * 15).astype("uint8")).resize((20, 20))
paper = Image.new("L", (28, 28))
paper.paste(digit, (4, 4))
paper.save("three.png")
"""


@contextmanager
def timed(words: str) -> Iterator[None]:
    """Print how long a step has taken."""
    begun = time.perf_counter()
    yield
    print(f"{words}: {time.perf_counter() - begun:.1f} s", flush=True)


def run(*command: object, cwd: Path, **variables: str) -> str:
    """What a command prints; raises if it fails, or if it can import this checkout."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "OCRGEN_CHECKPOINTS")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment | variables, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.stdout


def main() -> None:
    """All steps; exits with what went wrong."""
    uv = shutil.which("uv")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with timed("sdist and wheel built"):
            if uv:
                run(uv, "build", "--quiet", "--out-dir", place / "dist", cwd=ROOT)
            else:
                run(sys.executable, "-m", "venv", place / "builder", cwd=place)
                run(place / "builder/bin/pip", "install", "--quiet", "build", cwd=place)
                run(place / "builder/bin/python", "-m", "build", "--outdir", place / "dist", cwd=ROOT)
        (wheel,) = (place / "dist").glob("*.whl")
        (sdist,) = (place / "dist").glob("*.tar.gz")
        print(f"wheel {wheel.stat().st_size / 1e6:.0f} MB, sdist {sdist.stat().st_size / 1e6:.0f} MB")
        with timed("installed"):
            run(sys.executable, "-m", "venv", place / "env", cwd=place)
            if uv:
                run(uv, "pip", "install", "--quiet", wheel, cwd=place, VIRTUAL_ENV=str(place / "env"))
            else:
                run(place / "env/bin/pip", "install", "--quiet", wheel, cwd=place)
        use(place, place / "env/bin/ocrgen")


def use(place: Path, ocrgen: Path) -> None:
    """Read a digit from a shell, and open the first page in a browser."""
    runs = {"OCRGEN_RUNS": str(place / "runs")}
    run(place / "env/bin/python", "-c", PICTURE, cwd=place)
    with timed("first reading"):
        read = run(ocrgen, "read", "three.png", cwd=place, **runs)
    if "3" not in read:
        sys.exit(f"a 3 was read as: {read}")
    port = free_port()
    with timed("first page"), sync_playwright() as playwright:
        server = subprocess.Popen([ocrgen, "app", "--port", str(port)], cwd=place, env=os.environ | runs)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url, 90)
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(url)
            settle(page)
            expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
            expect(page.get_by_test_id("stException")).to_have_count(0)
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
