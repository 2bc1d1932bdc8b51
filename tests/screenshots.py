"""Take the README's pictures from the real dashboard: `python -m tests.screenshots` (own runs before shipped ones)."""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from ocrgen.runs.store import RunStore
from ocrgen.utils.places import HOME
from tests.helpers.browser import Server, find_chromium, settle

SHOTS = {
    "overview": "",
    "train": "Train?run={cvae}&run={cgan}",
    "gallery": "Gallery?run={cvae}",
    "ocr": "OCR",
    "saliency": "Saliency",
}


def main() -> None:
    """The newest CVAE and CGAN trained on MNIST, into `docs/`."""
    store = RunStore()
    newest = {
        r.request.model: r.name for r in store.list("train") if r.state == "done" and r.request.dataset == "mnist"
    }
    server = Server(Path(os.environ.get("OCRGEN_RUNS") or store.root))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
            for name, path in SHOTS.items():
                page.goto(f"{server.url}/{path.format(**newest)}")
                settle(page)
                page.get_by_role("img").first.wait_for()
                page.wait_for_timeout(3000)
                page.screenshot(path=HOME / "docs" / f"{name}.png")
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
