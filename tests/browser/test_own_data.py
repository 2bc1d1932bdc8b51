"""Own data through a real browser: noticed on their side, turned, used; accessible, and no wider than a phone."""

import io
import re

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ocrgen.datasets import load_data
from ocrgen.datasets.own import read
from tests.helpers.browser import settle

DIGITS = load_data("digits").train.subset(200, 0)


def upload(images: np.ndarray) -> dict:
    np.savez_compressed(stream := io.BytesIO(), images=images, labels=DIGITS.labels)
    return {"name": "data.npz", "mimeType": "application/octet-stream", "buffer": stream.getvalue()}


def test_bring_look_turn_use(serve, new_page, store):
    page = new_page(390, dark=True)
    page.goto(f"{serve(store.root).url}/Train?own=1")
    settle(page)
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    chooser = page.locator('input[type="file"]')
    chooser.set_input_files([upload(DIGITS.images.transpose(0, 2, 1))])
    expect(page.get_by_text("These look transposed")).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Close").click()  # looked at another time
    expect(page.get_by_text("waits for your decision")).to_be_visible()
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Turn them").click()
    expect(page.get_by_text("These are upright")).to_be_visible()
    page.get_by_role("button", name="Use these data").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("is chosen: start a training")).to_be_visible()
    expect(page.get_by_role("button", name="Train: next")).to_be_visible()
    expect(page).to_have_url(re.compile(r"data=data-[0-9a-f]{8}"))  # an id, no path
    assert "own=" not in page.url and str(store.root) not in page.url
    chooser.set_input_files([upload(DIGITS.images)])  # another of the same name, which is the same data by now
    expect(page.get_by_text("These are upright")).to_be_visible()
    page.get_by_role("button", name="Use these data").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settle(page)
    (kept,) = (store.root / ".data").glob("*.npz")
    assert {i.tobytes() for i in read(kept).images} == {i.tobytes() for i in DIGITS.images}
