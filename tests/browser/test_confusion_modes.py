"""The confusion view in a browser: counts, shares and differences, each with an address of its own."""

import re

from playwright.sync_api import expect

from ocrgen.runs.store import SHIPPED
from tests.helpers.browser import settle


def test_counts_shares_and_differences_have_an_address(serve, new_page, tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    page = new_page(390)
    page.goto(f"{serve(tmp_path / 'runs').url}/OCR?run=study-fair-arabic-letters&view=confusion&show=rows")
    settle(page)
    expect(page.get_by_role("radio", name="Row %")).to_be_checked()
    expect(page.get_by_text(re.compile(r"readings were wrong \(\d"))).to_have_count(2)
    page.get_by_role("radio", name="Difference").click()
    expect(page).to_have_url(re.compile("show=difference"))
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".xtick text")).to_have_count(28)  # every letter, in a box that scrolls
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.go_back()
    expect(page.get_by_role("radio", name="Row %")).to_be_checked()
