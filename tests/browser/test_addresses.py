"""Every view has an address: a choice stands in the URL, opens again from there, and can be gone back from."""

import re

from playwright.sync_api import expect

from tests.helpers.browser import settle


def test_choices_stand_in_the_address_and_can_be_gone_back_from(study_lab, new_page):
    page = new_page()
    page.goto(study_lab.url)
    settle(page)
    page.get_by_role("link", name="OCR", exact=True).click()
    settle(page)
    assert page.url == f"{study_lab.url}/OCR"  # nothing chosen: no entry of its own
    page.get_by_role("radio", name="Table", exact=True).click()
    expect(page).to_have_url(re.compile(r"view=table"))
    settle(page)
    page.get_by_role("radio", name="Confusion", exact=True).click()
    expect(page).to_have_url(re.compile(r"view=confusion"))
    settle(page)
    link = page.url
    assert "run=" in link and "/tmp" not in link
    page.go_back()
    expect(page.get_by_role("radio", name="Table", exact=True)).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("radio", name="Confusion", exact=True)).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Table", exact=True)).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Table", exact=True)).not_to_be_checked()
    page.go_back()
    expect(page).to_have_url(re.compile(rf"^{study_lab.url}/?$"))
    page.goto(link)
    settle(page)
    expect(page.get_by_role("radio", name="Confusion", exact=True)).to_be_checked()
