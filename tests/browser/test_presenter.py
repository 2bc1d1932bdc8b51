"""The presenter with a phone's photo: from the Overview to what is read, where it was looked at, and back again."""

import re

from playwright.sync_api import expect

from ocrgen.datasets import load_data
from tests.helpers.browser import settle
from tests.helpers.photos import draw


def test_a_photo_from_the_overview_to_its_map_and_back(study_lab, new_page):
    photo, page = draw("sheet_wood", 3, load_data("digits").test), new_page()
    page.goto(study_lab.url)
    settle(page)
    page.get_by_role("link", name=re.compile("Choose an image|Bring a digit")).click()
    expect(page).to_have_url(f"{study_lab.url}/Saliency")
    settle(page)
    page.get_by_role("radio", name="Upload").click()
    chooser = page.get_by_test_id("stFileUploaderDropzone").locator("input[type=file]")
    chooser.set_input_files([{"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo.data}])
    expect(page.get_by_role("heading", name=f"image.jpg: {photo.text}")).to_be_visible()
    maps = page.get_by_alt_text(re.compile(r"^Grad-CAM of the OCR model trained on .+, for \d$"))
    expect(maps).to_have_count(3)

    page.get_by_role("combobox", name=re.compile("Explain the class")).click()
    page.get_by_role("option", name="7", exact=True).click()
    sevens = page.get_by_alt_text(re.compile("^Grad-CAM of .+, for 7$"))
    expect(sevens).to_have_count(3)
    expect(page).to_have_url(re.compile("source=upload.*explain=7"))
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").first.click()
    assert re.fullmatch(r"saliency-\w+-7\.png", download.value.suggested_filename)

    page.go_back()  # to the predicted class, of the same photo
    expect(page.get_by_role("combobox", name=re.compile("Explain the class"))).to_have_value("predicted class")
    expect(page.get_by_role("heading", name=f"image.jpg: {photo.text}")).to_be_visible()
    settle(page)
    page.go_back()
    expect(page.get_by_role("radio", name="Sample")).to_be_checked()
    settle(page)
    page.go_back()
    expect(page).to_have_url(re.compile(rf"^{study_lab.url}/?$"))
