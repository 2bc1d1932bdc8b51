"""The newcomer: what the lab has found, what it draws, and a training of one's own, watched to its end."""

import re

from playwright.sync_api import expect

from ocrgen.runs.store import SHIPPED, RunStore
from tests.helpers.browser import settle


def test_from_the_answer_to_a_training_of_ones_own(serve, new_page, tmp_path):
    server, page = serve(tmp_path / "runs", SHIPPED), new_page()
    page.goto(server.url)
    settle(page)
    expect(page.get_by_text(re.compile(r"^(Yes|No|Not decided)"))).not_to_have_count(0)
    expect(page.get_by_test_id("stMetric")).to_have_count(3)
    expect(page.get_by_role("link", name="Memari et al. 2024").first).to_be_visible()

    evidence = page.get_by_role("link", name=re.compile("^Evidence"))
    evidence.first.click()  # lands on the view that shows it
    expect(page).to_have_url(re.compile("view="))
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.go_back()
    settle(page)

    page.get_by_role("link", name="Train", exact=True).last.click()
    settle(page)
    page.get_by_role("spinbutton", name="Epochs").fill("12")
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_title(re.compile(r"^\d+% · #\d+ CVAE"))
    expect(page.get_by_alt_text(re.compile("8 generated images")).first).to_be_visible()
    expect(page.get_by_test_id("stToast").filter(has_text="is done")).to_be_visible()
    expect(page).to_have_title(re.compile("^Done: #"))
    (run,) = RunStore(tmp_path / "runs", shipped=None).list()
    assert run.state == "done" and run.name in page.url

    page.get_by_role("link", name=re.compile("View samples")).first.click()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    expect(page.get_by_alt_text(re.compile(r"CVAE.*: generated digits 0 to 9"))).to_be_visible()
