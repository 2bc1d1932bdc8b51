"""What people come for, from beginning to end, through a real browser."""

import io
import re
import zipfile

from playwright.sync_api import expect

from tests.helpers.browser import settle
from tests.helpers.letters import in_folders
from tests.helpers.tables import keep


def packed(files: dict[str, bytes]) -> dict:
    """Files as an upload of one zip."""
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return {"name": "own letters.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}


def test_an_engineer_with_letters_of_his_own(serve, new_page, store):
    page = new_page()
    page.goto(serve(store.root).url)
    settle(page)
    page.get_by_role("link", name="Upload your data").click()
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    settle(page)
    page.locator('input[type="file"]').set_input_files([packed(in_folders(tuple("ABCDE"), 24, 40))])

    # What arrived: how many of each letter in each part, and pictures with their labels.
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Understood as 5 letters (A, B, C, D, E)")
    expect(dialog.get_by_alt_text(re.compile(r"^letter [A-E]$"))).to_have_count(5)
    expect(dialog.get_by_test_id("stDataFrame")).to_be_visible()
    dialog.get_by_role("button", name="Use the").first.click()
    expect(dialog).to_have_count(0)
    (data,) = (store.root / ".data").glob("own-letters-*.npz")

    # The line leads on from here, each step with what the one before has made.
    line = page.locator(".st-key-shared_journey")
    expect(line).to_contain_text("own-letters")
    expect(line.get_by_text("Train: next", exact=True)).to_be_visible()
    page.get_by_role("spinbutton", name="Epochs").fill("2")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    expect(page.get_by_text(re.compile(r"^2 epochs, \d+ steps"))).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile(r"^Started: #1 CVAE · own-letters")).first).to_be_visible()
    expect(line.get_by_text("Train: done", exact=True)).to_be_visible()
    (run,) = store.own()

    line.get_by_text("Look: next", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/Gallery\?.*run={run.name}"))
    expect(line.get_by_text("Look: done", exact=True)).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="ZIP").first.click()
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert {name.rpartition("/")[0].rpartition("/")[2] for name in names if name.endswith(".png")} >= {*"ABCDE"}

    line.get_by_text("Study: next", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/OCR\?.*data={data.stem}"))
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("own-letters")
    assert str(store.root) not in page.url

    # A study takes minutes: one that has been made of them meanwhile.
    study = keep(store, dataset=str(data))
    page.reload()
    settle(page)
    expect(line.get_by_text("Study: done", exact=True)).to_be_visible()
    page.keyboard.press("Escape")  # the form, which the link opens
    expect(page.get_by_role("dialog")).to_have_count(0)
    line.get_by_text("Download: next", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/OCR\?.*run={study.name}"))
    expect(line.get_by_text("Advice: done", exact=True)).to_be_visible()
