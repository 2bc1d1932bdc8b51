"""Every page is accessible, in both colour schemes, and fits a phone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.helpers.browser import settle

PAGES = ["", "Train", "Gallery", "FID_and_LFID", "OCR", "Runtime", "Saliency"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "Overview")
def test_every_page_is_accessible_and_fits_a_phone(lab, study_lab, new_page, path):
    page = new_page()
    page.goto(f"{(study_lab if path in ('OCR', 'Runtime') else lab).url}/{path}")
    accessible_and_narrow(page, "light")
    page.emulate_media(color_scheme="dark")
    background = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor != 'rgb(255, 255, 255)'"
    page.wait_for_function(background)
    accessible_and_narrow(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    accessible_and_narrow(page, "390 px")


def accessible_and_narrow(page: Page, name: str) -> None:
    """A page is accessible, no wider than its window, and tells what each picture shows."""
    settle(page)
    page.wait_for_timeout(500)
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    told = [(v["id"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    assert not told, f"{name}: {told}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px wider than the window"
    assert page.locator("img:not([alt]), img[alt='']").count() == 0


def test_sheets_of_many_letters_are_accessible_and_fit_a_phone(serve, new_page, lettered):
    server, page = serve(lettered.root), new_page(390, dark=True)
    many = next(r for r in lettered.list() if len(r.request.classes) > 12)
    for path in ("", f"Train?run={many.name}", f"Gallery?run={many.name}"):
        page.goto(f"{server.url}/{path}")
        accessible_and_narrow(page, path or "Overview")
    # A sheet fills its place: the pictures of letters stand beside each other, in the order of the alphabet.
    letters = page.get_by_role("group", name=re.compile("CVAE.*: generated 15 letters")).get_by_role("img")
    expect(letters).to_have_count(15)
    first, second, last = (letters.nth(i).bounding_box() for i in (0, 1, 14))
    assert first["y"] == second["y"] and first["x"] < second["x"] and last["y"] > first["y"]
    assert first["width"] > 100 and 5 < first["width"] / first["height"] < 7
