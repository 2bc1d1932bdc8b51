"""Characters that a stakeholder types, with nothing to go by: a reader learns them, and reads what is then drawn."""

import re

import pytest
from playwright.sync_api import expect

from ocrgen.runs.store import RunStore
from tests.helpers.browser import settle
from tests.helpers.readers import train

LONG = 300_000  # the training: 40 s of one processor, on a machine that may be busy


@pytest.mark.timeout(LONG / 1000 + 120)
def test_type_characters_and_the_new_reader_is_there_by_itself(serve, new_page, tmp_path):
    train(RunStore(tmp_path / "typed", shipped=None))
    server, page, other = serve(tmp_path / "typed"), new_page(), new_page()
    for viewer in (page, other):
        viewer.goto(f"{server.url}/Saliency")
        settle(viewer)
        expect(viewer.get_by_alt_text("Grad-CAM of the OCR model trained on real digits, for 3")).to_be_visible()

    page.get_by_role("button", name="Other characters").click()
    field = page.get_by_label("Type the characters you need", exact=True)
    field.fill("A")
    field.press("Enter")
    expect(page.get_by_text("Type at least two different characters.")).to_be_visible()
    field.fill("ABCDEF")
    page.get_by_role("button", name="Train an OCR model", exact=True).click()
    expect(field).to_be_hidden()  # the popover would hide the progress, and take the first stroke for a click beside it
    expect(page.get_by_text("Training the OCR model …")).to_be_visible()
    page.get_by_role("radio", name="5", exact=True).click()  # the page can be used meanwhile
    expect(page.get_by_text("Its label is 5").or_(page.get_by_text("Read as 5", exact=True)).first).to_be_visible()

    expect(page.get_by_role("combobox", name="Script")).to_have_value("Typed: A B C D E F", timeout=LONG)
    expect(page.get_by_text("The OCR model for A B C D E F is ready.")).to_be_visible()
    expect(page).to_have_url(re.compile("script=typed-abcdef-"))
    canvas = page.locator("canvas").last
    expect(canvas).to_be_visible()
    settle(page)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for (x, y), *rest in ([(60, 210), (130, 40), (200, 210)], [(90, 140), (170, 140)]):
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=12)
        page.mouse.up()
    expect(page.get_by_role("heading", name="Your drawing: A", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Read as A", exact=True)).to_be_visible()

    # Whoever else watches can choose it, too, and is not thrown off what they look at.
    script = other.get_by_role("combobox", name="Script")
    expect(script).to_have_value("Western digits (bundled)")
    script.click()
    expect(other.get_by_role("option", name="Typed: A B C D E F")).to_be_visible()
    expect(other.get_by_alt_text("Grad-CAM of the OCR model trained on real digits, for 3")).to_be_visible()
