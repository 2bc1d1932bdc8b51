"""Saliency as a stakeholder meets it: upload, draw by mouse and finger, ask for another class, see what is misread."""

import re

import pytest
from playwright.sync_api import expect

from ocrgen.datasets import load_data
from ocrgen.runs.store import RunStore
from tests.helpers.browser import settle
from tests.helpers.photos import draw
from tests.helpers.readers import picture, train


@pytest.fixture(scope="module")
def read_store(tmp_path_factory) -> RunStore:
    store = RunStore(tmp_path_factory.mktemp("saliency"), shipped=None)
    train(store, steps=150)
    return store


def test_upload_draw_choose_a_class_download(serve, new_page, read_store):
    page = new_page()
    page.goto(f"{serve(read_store.root).url}/Saliency")
    settle(page)
    expect(page.get_by_alt_text(re.compile("Grad-CAM of the OCR model trained on real digits"))).to_be_visible()

    page.get_by_role("radio", name="Upload").click()
    chooser = page.get_by_test_id("stFileUploaderDropzone").locator("input[type=file]")
    chooser.set_input_files([{"name": "row.png", "mimeType": "image/png", "buffer": picture([3, 1, 4])}])
    expect(page.get_by_text("row.png: 314")).to_be_visible()
    expect(page.get_by_alt_text("row.png, digits boxed")).to_be_visible()
    chooser.set_input_files([{"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG broken"}])
    expect(page.get_by_test_id("stAlert").filter(has_text="broken.png")).to_be_visible()
    # A second picture of one name has a line of its own above the first, which is closed, and is opened by a click.
    chooser.set_input_files([{"name": "row.png", "mimeType": "image/png", "buffer": picture([1, 5])}])
    lines = page.get_by_test_id("stExpander")
    expect(lines).to_have_text([re.compile(r"15 row.png \(2\)"), re.compile(r"314 row.png at least \d+% confident$")])
    expect(page.get_by_alt_text("row.png (2), digits boxed")).to_be_visible()
    lines.last.get_by_text("314").click()
    expect(page.get_by_alt_text("row.png, digits boxed")).to_be_visible()

    page.get_by_role("radio", name="Draw").click()
    canvas = page.locator("canvas").last
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, y + 50)
    page.mouse.down()
    page.mouse.move(x - 4, y + 230, steps=12)
    page.mouse.up()
    expect(page.get_by_text(re.compile("^Read as 1$|This may not be a digit"))).to_be_visible()

    # The drawing outlives a change of settings, and a visit to another page.
    page.get_by_role("combobox", name=re.compile("Explain the class")).click()
    page.get_by_role("option", name="7", exact=True).click()
    expect(page.get_by_alt_text("Grad-CAM of the OCR model trained on real digits, for 7")).to_be_visible()
    page.get_by_role("link", name="Gallery").first.click()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    page.get_by_role("link", name="Saliency").first.click()
    settle(page)
    expect(page.get_by_text(re.compile("^Read as 1$|This may not be a digit"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").first.click()
    assert download.value.suggested_filename.startswith("saliency-real-")


def test_draw_clear_and_draw_again_on_a_touch_screen(serve, new_page, read_store):
    page = new_page(width=390, touch=True)
    page.goto(f"{serve(read_store.root).url}/Saliency")
    settle(page)
    page.get_by_role("radio", name="Draw").tap()
    drawing = page.get_by_alt_text("Your drawing, digits boxed")
    empty = page.get_by_text("Choose, draw or upload a digit")

    def write(*columns: int) -> None:
        canvas = page.locator("canvas").last
        canvas.scroll_into_view_if_needed()
        box, touch = canvas.bounding_box(), page.context.new_cdp_session(page)
        for column in columns:
            for step in range(14):
                place = {"x": box["x"] + column - step / 3, "y": box["y"] + 50 + 14 * step}
                kind = "touchMove" if step else "touchStart"
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    write(140)
    expect(drawing).to_be_visible()
    expect(page.get_by_alt_text("the digit, 28x28 pixels")).to_have_count(1)
    page.get_by_role("button", name="Clear", exact=True).tap()
    expect(drawing).to_have_count(0)
    expect(empty).to_be_visible()
    write(90, 190)
    expect(page.get_by_role("heading", name=re.compile("^Your drawing: ..$"))).to_be_visible()
    # Another way to bring a digit, and back: the old strokes are gone.
    page.get_by_role("radio", name="Sample").tap()
    expect(drawing).to_have_count(0)
    page.get_by_role("radio", name="Draw").tap()
    expect(empty).to_be_visible()
    write(140)
    expect(page.get_by_role("heading", name=re.compile("^Your drawing: .$"))).to_be_visible()
    page.go_back()  # so they are after a way back and forth
    expect(page.get_by_role("radio", name="Sample")).to_be_checked()
    settle(page)
    page.go_forward()
    expect(empty).to_be_visible()


def test_a_sheet_on_a_table_and_a_boxed_form(serve, new_page, read_store):
    pool, page = load_data("digits").test, new_page()
    page.goto(f"{serve(read_store.root).url}/Saliency")
    settle(page)
    page.get_by_role("radio", name="Upload").click()
    chooser = page.get_by_test_id("stFileUploaderDropzone").locator("input[type=file]")
    for condition in ("boxes", "sheet_wood"):
        photo = draw(condition, 3, pool)
        chooser.set_input_files([{"name": f"{condition}.jpg", "mimeType": "image/jpeg", "buffer": photo.data}])
        expect(page.get_by_alt_text(f"{condition}.jpg, digits boxed")).to_be_visible()
    line = page.get_by_test_id("stExpander").last  # of the picture that came first
    expect(line).to_have_text(re.compile(r"\d{4} boxes.jpg"))
    expect(page.get_by_text("The sheet of paper was found and straightened.")).to_be_visible()


def test_draw_a_letter_and_look_at_misread_ones(serve, new_page, arabic_store):
    server, page = serve(arabic_store.root), new_page()
    page.goto(f"{server.url}/Saliency")
    settle(page)
    page.get_by_role("radio", name="Draw").click()
    canvas = page.locator("canvas").last
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    strokes = [[(60, 110), (80, 170), (140, 180), (200, 170), (222, 110)], [(138, 228), (144, 230)]]  # a bowl and a dot
    for (x, y), *rest in strokes:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
        page.mouse.up()
    expect(page.get_by_alt_text("Your drawing, letters boxed")).to_be_visible()
    expect(page.get_by_alt_text("the letter, 28x28 pixels")).to_have_count(1)
    expect(page.get_by_role("img", name=re.compile("the 10 likeliest of the 14 letters"))).to_be_visible()

    page.goto(f"{server.url}/OCR")
    settle(page)
    page.get_by_role("radio", name="Confusion").click()
    cell = page.locator(".js-plotly-plot").first.locator(".scatterlayer .textpoint text").first
    cell.scroll_into_view_if_needed()
    place = cell.bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page.get_by_text(re.compile("read as .+ of the first seed"))).to_be_visible()
