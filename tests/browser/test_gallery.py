"""The Gallery's address, in a real browser: what is chosen opens again, and can be gone back from."""

import re

from playwright.sync_api import expect

from tests.helpers.browser import settle


def test_choices_of_the_gallery_stand_in_the_address(lab, new_page):
    page = new_page()
    page.goto(f"{lab.url}/Gallery")
    settle(page)
    page.get_by_role("radio", name="Over the epochs").click()
    expect(page).to_have_url(re.compile(r"view=over-the-epochs"))
    settle(page)
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page).to_have_url(re.compile(r"class=7"))
    settle(page)
    link = page.url
    assert len(re.findall(r"[?&]run=", link)) == len(re.findall(r"[?&]epoch=", link)) == 2
    page.go_back()
    expect(page.get_by_role("radio", name="all", exact=True)).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Side by side")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("radio", name="Over the epochs")).to_be_checked()
    page.goto(link)
    settle(page)
    expect(page.get_by_role("radio", name="7", exact=True)).to_be_checked()
    expect(page.get_by_alt_text(re.compile("CVAE: digit 7 after epochs 1, 2, 3, a row each"))).to_be_visible()
