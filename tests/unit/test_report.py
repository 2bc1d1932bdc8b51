"""The report of a study: one file, whole, safe, and true to the study's figures."""

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace

import pytest

from ocrgen.__main__ import main
from ocrgen.report.cards import differences
from ocrgen.report.page import report
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED
from ocrgen.study import read_results, verdicts
from ocrgen.study.arms import Arm
from ocrgen.study.config import describe
from ocrgen.study.formatting import signed
from ocrgen.study.headline import headline
from ocrgen.study.statistics import correlations, paired, summarise
from tests.helpers.html import Page
from tests.helpers.pages import open_page
from tests.helpers.tables import read

NAME = "study-paper-mnist"
ATTACK = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def run():
    return Run(SHIPPED / NAME, shipped=True)


@pytest.fixture(scope="module")
def results(run):
    return read_results(run)


@pytest.fixture(scope="module")
def text(run, results):
    return report(run, results)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def part(results, table, **changes):
    """The results of a part of the table."""
    facts = {"table": table, "summary": summarise(table), "differences": paired(table)}
    return replace(results, **facts, correlations=correlations(table), **changes)


def copied(run, tmp_path, monkeypatch, **changes):
    """A copy of the study among the runs of one's own, with changes to its request."""
    folder = tmp_path / "runs" / NAME
    shutil.copytree(run.path, folder)
    request = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(request | changes))
    monkeypatch.setenv("OCRGEN_RUNS", str(folder.parent))
    return Run(folder)


@pytest.mark.slow
def test_it_is_one_page_that_parses(text, page):
    assert text.startswith("<!doctype html>") and len(text.encode()) < 8_000_000
    assert page.all("html") == [{"lang": "en"}] and len(page.all("h1")) == len(page.all("main")) == 1
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")} <= set(ids)


@pytest.mark.slow
def test_it_loads_nothing_from_anywhere(page):
    loaders = {"link", "img", "iframe", "object", "embed", "base", "form", "source", "video", "audio", "use", "image"}
    assert not loaders & {tag for tag, _ in page.elements}
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "background", "data", "action", "ping", "xlink:href"} & set(attributes)
        assert tag == "a" or "href" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert "url(" not in attributes.get("style", "")
    outside = {a["href"] for a in page.all("a") if not a["href"].startswith("#")}
    assert outside == {"https://arxiv.org/abs/2402.17204"}
    styles = "".join(t for tag, _, t in page.hidden if tag == "style")
    assert "url(" not in styles and "@import" not in styles


def test_its_policy_lets_only_its_own_scripts_run(page):
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "http" not in policy and "'unsafe-eval'" not in policy
    scripts = [t for tag, a, t in page.hidden if tag == "script" and a.get("type") != "application/json"]
    sums = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in scripts]
    assert len(scripts) == 2 and re.findall(r"'sha256-(.+?)'", policy) == sums
    assert "script-src 'unsafe-inline'" not in policy


def test_every_comparison_stands_in_it_with_figure_interval_and_n(page, results):
    found = verdicts(results)
    assert found
    for v in found:
        figure, low, high = (signed(value, v.unit) for value in (v.figure, v.low, v.high))
        told = f"{figure} [{low.removesuffix(' points')}, {high.removesuffix(' points')}]"
        row = page.words[page.words.index(v.about) :][:300]
        assert v.verdict in row and told in row and f"{v.n} seeds" in row, v
        assert v.n_labelled is None or f"{v.n_labelled:,} labelled images seen" in row


def test_every_arm_stands_in_it_with_its_interval_and_the_labels_it_saw(page, results):
    s = results.summary
    rows = s[(s.kind == "reader") & (s.metric == "accuracy")]
    assert len(rows) > 10
    table = page.words[page.words.index("Every training mix at n") :]
    for r in rows.itertuples():
        n = f"{r.n_real:,}" if r.n_real else "all"
        counts = f"{Arm.parse(r.arm).title}{n}{r.n_labelled:,}{r.n_validation:,}{r.n}{results.n_test:,}"
        assert f"{counts}{r.mean:.2%} [{100 * r.low:.2f}, {100 * r.high:.2f}]" in table


def test_the_whole_summary_stands_in_it(text, results):
    rows = text[text.index("Every figure, mean and 95% interval") :].count('<th scope="row"')
    assert rows >= len(results.summary)


def test_it_says_how_it_was_made(page, run, results):
    words = page.words
    assert describe(results.config) in words
    for about in run.request.data.values():
        assert about["fingerprint"] in words and f"{about['n']:,}" in words
    for package, version in run.request.versions.items():
        assert f"{package} {version}" in words
    assert "CPU time" in words and "not an equal comparison" in words
    assert "arXiv:2402.17204" in words and "MNIST: LeCun" in words and "MADBase" in words


def test_charts_and_tables_can_be_heard(page):
    charts = {a["id"]: a for a in page.all("div") if a.get("class") == "chart"}
    (specs,) = [json.loads(t) for tag, a, t in page.hidden if a.get("id") == "specs"]
    assert set(specs) == set(charts) and len(charts) > 20
    assert all(a["role"] == "img" and len(a["aria-label"]) > 30 for a in charts.values())
    assert all(spec["data"] for spec in specs.values())
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))


def test_what_runs_hold_is_text_and_nothing_else(run, results, tmp_path, monkeypatch):
    changes = {"label": ATTACK, "created": ATTACK, "versions": {ATTACK: ATTACK}}
    hostile = copied(run, tmp_path, monkeypatch, **changes, data={ATTACK: {"n": 5, "fingerprint": ATTACK}})
    table = results.table
    table = table[table.metric.isin(["accuracy", "lfid_64", "cpu_seconds"]) | (table.kind == "saliency")]
    table = table.assign(arm=table.arm.replace("cvae-filtered", ATTACK), metric=table.metric.replace("lfid_64", ATTACK))
    found = part(
        replace(results, config=results.config.model_copy(update={"dataset": f"/data/{ATTACK}"})), table,
        failures=[{"key": ATTACK, "error": ATTACK}], confusions={f"{ATTACK}|500": [[0] * 10] * 10},
    )  # fmt: skip
    text = report(hostile, found)
    page = Page(text)
    assert "<script>alert" not in text.lower()
    assert len(page.all("script")) == 3  # Plotly, the page's own, and its figures
    assert page.words.count(ATTACK) >= 8 and ATTACK.upper() in page.words


@pytest.fixture(scope="module")
def some(results):
    """Three seeds, without the figures that make most of the charts."""
    t = results.table[results.table.seed < 3]
    t = t[t.metric.isin(["accuracy", "seconds"]) | (t.kind == "saliency")]
    return part(results, t, done=len(t.drop_duplicates(["kind", "arm", "n_real", "seed", "epoch"])))


def test_an_unfinished_study_says_so(run, some):
    words = Page(report(run, some)).words
    assert f"3 of 5 seeds are complete ({some.done} of {some.total} tasks)" in words
    assert "· 3 of 5 seeds ·" in words and f"{some.done} of {some.total} tasks so far" in words


@pytest.mark.parametrize("left", ["nothing", "one seed", "no pairs"])
def test_however_little_there_is(run, results, some, left):
    table = {
        "nothing": results.table.iloc[:0],
        "one seed": some.table[some.table.seed == 0],
        "no pairs": results.table[results.table.arm == "all"],
    }[left]
    text = report(run, part(results, table, done=1, confusions={}))
    words = Page(text).words
    assert "not finished" in words or "still at work" in words
    assert "nan" not in words.lower().split()
    assert {"nothing": "No figures yet", "one seed": "no interval", "no pairs": "nothing to compare"}[left] in words
    assert describe(results.config) in words


@pytest.mark.slow
def test_the_verb_writes_it_and_says_where(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    monkeypatch.chdir(tmp_path)
    assert main(["report", NAME]) == 0
    assert capsys.readouterr().out == f"report-{NAME}.html\n"
    assert (tmp_path / f"report-{NAME}.html").read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_a_button_gives_it(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    buttons = open_page("4_OCR.py", run=NAME).get("download_button")
    assert [b.proto.label for b in buttons] == ["Report (HTML)"]
    # Nothing is made before it is asked for.
    assert buttons[0].proto.deferred_file_id and not buttons[0].proto.url


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([NAME, "--out", "folder"], "folder is a folder"),
        ([NAME, "--out", "none/report.html"], "none is no folder"),
        ([NAME, "--out", "/dev/null"], "no plain file"),
        (["nobody"], "There is no run 'nobody'"),
        (["reference-mnist"], "reference-mnist is no study"),
    ],
)
def test_what_it_cannot_do_is_told_in_a_line(given, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    assert main(["report", *given]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ocrgen: ") and error.count("\n") == 1 and told in error
    assert [f.name for f in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("damaged", ["table.parquet", "results.json", "run.json", "settings"])
def test_a_damaged_study_is_told_in_a_line(damaged, run, tmp_path, monkeypatch, capsys):
    changes = {"settings": {"seeds": -1}} if damaged == "settings" else {}
    mine = copied(run, tmp_path, monkeypatch, **changes)
    if damaged != "settings":
        (mine.path / damaged).write_bytes(b"{not what it was")
    assert main(["report", NAME, "--out", str(tmp_path / "report.html")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ocrgen: ") and error.count("\n") == 1 and NAME in error
    assert not (tmp_path / "report.html").exists()


def test_a_card_has_the_word_apart_from_what_would_decide():
    """Also where that holds a colon of its own."""
    found = read(seeds=8, images=300, accuracy=0.8, noise=0.0, luck=1.0)
    told = differences([next(c for c in headline(found) if c.decision)])
    assert "undecided</b>" in told
    assert '<span class="small">no number of seeds: more test images</span>' in told
