"""What a person does, in a real browser, with a real server and real trainings."""

import re
import time
import zipfile

from playwright.sync_api import Locator, Page, expect

from ocrgen.generators.scoring import read_scores
from ocrgen.runs.events import CurveReader
from ocrgen.runs.store import RunStore
from tests.helpers.browser import settle
from tests.helpers.runs import train_here


def badge(page: Page, word: str) -> Locator:
    """A state as a badge; the table of runs has the word, too, in cells that only a screen reader sees."""
    return page.get_by_test_id("stMarkdownContainer").get_by_text(word, exact=True)


def test_train_watch_cancel_resume_sample_download(serve, new_page, tmp_path):
    runs = tmp_path / "runs"
    server = serve(runs)
    page = new_page()
    # Straight to the page of a server that has just started: it must come in its frame.
    page.goto(f"{server.url}/Train")
    settle(page)
    expect(page.get_by_text("Gallery", exact=True).first).to_be_visible()

    page.get_by_role("spinbutton", name="Epochs").fill("400")
    page.get_by_role("textbox", name="Name (optional)").fill("in the browser")
    page.get_by_role("textbox", name="Name (optional)").press("Enter")
    settle(page)
    page.get_by_role("button", name="Start training").click()
    expect(badge(page, "Running").first).to_be_visible()

    # The curve grows and the grid appears, nobody touching anything.
    loss = page.get_by_role("figure", name=re.compile("^Loss"))
    expect(loss.locator(".xtick").first).to_be_attached()
    expect(page.get_by_alt_text(re.compile("8 generated images of each of the digits"))).to_be_visible()
    (run,) = RunStore(runs, shipped=None).list()
    points = len(CurveReader(run.path).table())
    text = page.get_by_text(re.compile(r"step [\d,]+ of 4,000"))
    first = text.inner_text()
    expect(text).not_to_have_text(first)
    # The page may show a step before the curve's next point has been written.
    until = time.monotonic() + 60
    while len(CurveReader(run.path).table()) <= points:
        assert time.monotonic() < until, "the curve has stopped growing"
        page.wait_for_timeout(100)
    keeps_its_zoom_while_it_grows(page, loss)

    # The link is the run's: another tab, and a restarted server, show the same.
    assert run.name in page.url
    link = page.url
    page.close()
    server.stop()
    assert run.alive, "a job outlives the server"
    server.start()
    other = new_page()
    other.goto(link)
    expect(other.get_by_text("“in the browser”").first).to_be_visible()
    expect(badge(other, "Running").first).to_be_visible()

    other.get_by_role("button", name="Cancel").click()
    expect(badge(other, "Cancelled").first).to_be_visible()
    stopped = run.read_status().step
    assert 0 < stopped < 4000
    other.get_by_role("button", name="Resume").click()
    expect(badge(other, "Running").first).to_be_visible()
    until = time.monotonic() + 60
    while run.read_status().step <= stopped and time.monotonic() < until:
        other.wait_for_timeout(100)
    other.get_by_role("button", name="Cancel").click()
    expect(badge(other, "Cancelled").first).to_be_visible()
    assert run.read_status().step > stopped

    # To the gallery by its link, and home with a zip.
    other.wait_for_timeout(2000)  # the page draws itself once more when its last run has ended
    settle(other)
    other.get_by_role("link", name="View samples").click()
    expect(other.get_by_role("heading", name="Gallery")).to_be_visible()
    settle(other)
    expect(other.get_by_alt_text(re.compile(r"CVAE.*: generated digits 0 to 9"))).to_be_visible()
    with other.expect_download() as download:
        other.get_by_role("button", name="ZIP").click()
    file = tmp_path / "digits.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert sum(n.endswith(".png") for n in archive.namelist()) == 1000
    with other.expect_download() as download:
        other.get_by_role("button", name="PNG").last.click()
    assert download.value.suggested_filename.endswith(".png")


def test_an_empty_lab_is_one_click_from_its_first_digits(serve, new_page, tmp_path):
    server = serve(tmp_path / "runs")
    page = new_page()
    page.goto(server.url)
    settle(page)
    page.get_by_role("button", name="Train both on the bundled digits").click()
    expect(page.get_by_role("heading", name="Train a generator")).to_be_visible()
    expect(page.get_by_text("next in the queue")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("8 generated images")).first).to_be_visible()
    store = RunStore(tmp_path / "runs", shipped=None)
    assert len(store.list()) == 2
    for run in store.list()[::-1]:
        run.cancel()
    expect(badge(page, "Cancelled")).to_have_count(2)


def test_a_run_is_scored_by_a_click(serve, new_page, store):
    run = train_here(store, "cvae", train={"epochs": 1})
    page = new_page()
    page.goto(f"{serve(store.root).url}/FID_and_LFID?run={run.name}")
    settle(page)
    expect(page.get_by_text("has no scores yet")).to_be_visible()
    page.get_by_role("button", name="Score it").click()
    expect(page.get_by_text("real against real with")).to_be_visible()
    assert [row["epoch"] for row in read_scores(run)] == [1]
    expect(page.get_by_text("real against real with")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.suggested_filename == "scores.csv"


def test_a_study_is_read_and_its_misread_digits_are_shown(study_lab, new_page, studied, tmp_path):
    (fair,) = [r for r in studied.list("study") if r.request.settings["protocol"] == "fair"]
    page = new_page()
    page.goto(f"{study_lab.url}/OCR?run={fair.name}")
    settle(page)
    expect(page.get_by_text("Fair protocol: an equal comparison.").first).to_be_visible()
    page.get_by_text("The answer in figures").click()
    expect(page.get_by_text("a network learns to read")).to_be_visible()
    page.get_by_role("radio", name="Confusion").click()
    chart = page.get_by_test_id("stPlotlyChart").first
    # A cell that counts something, found by its number.
    number = chart.locator(".textpoint text").filter(has_text=re.compile(r"^\d+$")).first
    expect(number).to_be_visible()
    number.scroll_into_view_if_needed()
    box = number.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # Of the first seed, or the word that there are none of it.
    expect(page.get_by_text(re.compile("of the first seed$|The first seed's model read")).first).to_be_visible()
    page.get_by_role("radio", name="Table").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV: every task").click()
    download.value.save_as(file := tmp_path / "study.csv")
    assert file.read_text().startswith("kind,arm,n_real,seed,epoch")


def test_the_views_of_the_gallery_by_keyboard(lab, new_page):
    page = new_page()
    page.goto(f"{lab.url}/Gallery")
    settle(page)
    expect(page.get_by_alt_text(re.compile("CGAN.*: generated"))).to_be_visible()
    page.get_by_role("radio", name="Side by side").focus()
    views = {"Over the epochs": "after epochs", "Latent walk": "latent codes", "Nearest real": "nearest real"}
    for name, alt in views.items():
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        settle(page)
        expect(page.get_by_role("radio", name=name)).to_be_checked()
        expect(page.get_by_alt_text(re.compile(alt)).first).to_be_visible()


def zoom(page: Page, chart: Locator) -> list[str]:
    """Drag a box over the left half of a chart; returns the labels of its axis."""
    chart.scroll_into_view_if_needed()
    labels = chart.locator(".xtick text")
    before = labels.all_text_contents()
    box = chart.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 0.05 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_timeout(700)  # until a double click would be another
    assert labels.all_text_contents() != before
    return labels.all_text_contents()


def keeps_its_zoom_while_it_grows(page: Page, chart: Locator) -> None:
    zoomed = zoom(page, chart)
    points = "chart => Math.max(...chart.calcdata.map(line => line.length))"
    before = chart.evaluate(points)
    page.wait_for_function(f"([chart, n]) => ({points})(chart) > n + 1", arg=[chart.element_handle(), before])
    assert sorted(chart.locator(".xtick text").all_text_contents()) == sorted(zoomed)
    assert chart.locator(".modebar-btn:not([tabindex='-1'])").count() == 0
    # What is hovered over has a name and a value of three digits.
    for x in range(40, 240):  # on and on: new points take the label away
        chart.locator(".nsewdrag").first.hover(position={"x": x, "y": 60})
        if re.search(r"Step \d.*, train: [\d,.]+", chart.locator(".hoverlayer").text_content()):
            return
        page.wait_for_timeout(100)
    raise AssertionError("no label is shown")


def test_ticked_runs_are_drawn_over_each_other(lab, new_page, trained):
    page, (old, new) = new_page(), trained.list()
    page.goto(f"{lab.url}/Train?run={new.name}")
    settle(page)
    table, chart = page.get_by_test_id("stDataFrame"), page.get_by_role("figure", name=re.compile("^Images per second"))
    expect(chart).to_have_accessible_name(re.compile(f"for #{new.request.number} [^#]+$"))
    zoomed = sorted(zoom(page, chart))
    # The second row's box; a canvas has no elements of its own.
    table.hover(position={"x": 20, "y": 35 * 2.5})
    page.wait_for_timeout(500)  # the table has to see that the page was scrolled: else the click meets another row
    table.click(position={"x": 20, "y": 35 * 2.5})
    expect(chart).to_have_accessible_name(re.compile(f"#{new.request.number} .*#{old.request.number} "))
    # Charts of another kind of generator now stand before it: it has moved, and taken its zoom along.
    expect(chart.locator(".legend .traces")).to_have_count(2)
    assert sorted(chart.locator(".xtick text").all_text_contents()) == zoomed
    expect(page).to_have_url(re.compile(f"run={new.name}&run={old.name}"))
    page.go_back()
    expect(chart).to_have_accessible_name(re.compile(f"for #{new.request.number} [^#]+$"))
