"""A study as one self-contained page: the answer, verdicts, charts, tables, and how it was made; no screen needed."""

import base64
import hashlib

from plotly.offline import get_plotlyjs
from pydantic import ValidationError

from ocrgen.report import summary as report_words
from ocrgen.report import tables as report_facts
from ocrgen.report.charts import views
from ocrgen.report.figures import Charts
from ocrgen.report.markup import Html, el, html
from ocrgen.report.style import SCRIPT, STYLE
from ocrgen.report.verdicts import claims
from ocrgen.runs.run import Run
from ocrgen.study import Results, read_results
from ocrgen.utils.errors import UserError

PROTOCOLS = {"fair": "fair protocol", "paper": "the paper's protocol"}


def report_of(run: Run) -> str:
    """The report of a study's run, as HTML. UserError if it is no study, or damaged."""
    if run.request.verb != "study":
        raise UserError(f"{run.name} is no study (but a {run.request.verb}): `python -m ocrgen runs` lists them.")
    try:
        results = read_results(run)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        raise UserError(f"{run.name}: the study's settings are damaged ({where}: {first['msg']}).") from fault
    return report(run, results)


def report(run: Run, results: Results) -> str:
    """A study, finished or not, as one HTML page that loads nothing: script, style and figures stand in it.

    Its content security policy lets only its own scripts run and nothing be fetched, whatever a run's files hold.
    """
    drawn = Charts()
    title = f"Does synthetic data help OCR? {report_words.data_title(results)}, {PROTOCOLS[results.config.protocol]}"
    parts = _parts(run, results, drawn)
    listed = [el("li", el("a", name, href=f"#{key}")) for key, (name, _) in parts.items()]
    scripts = [get_plotlyjs(), SCRIPT] if drawn.specs else []
    body = [
        _header(run, results),
        el("nav", el("ul", listed), aria_label="Parts of this report"),
        el("main", [el("section", el("h2", name), part, id=key) for key, (name, part) in parts.items()]),
        el("footer", el("p", "Made by ocrgen. This file is whole: it loads nothing from anywhere.", class_="small")),
        [drawn.script(), *(el("script", Html(text)) for text in scripts)] if scripts else None,
    ]
    head = [
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(scripts)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
        el("style", Html(STYLE)),
    ]
    return "<!doctype html>\n" + el("html", el("head", head), el("body", body), lang="en")


def _parts(run: Run, results: Results, drawn: Charts) -> dict[str, tuple[str, Html]]:
    """Key -> heading and content of each part that there is something for."""
    made = [report_facts.made(run, results), el("h3", "Sources and terms"), report_facts.cited(results)]
    parts = {}
    if results.table.empty:
        nothing = el("p", "No figures yet: the first appear with the study's first cell.", class_="lead")
        parts["answer"] = ("The answer", html([report_words.state(run, results), nothing]))
    else:
        first = [report_words.state(run, results), report_words.answer(run, results)]
        parts["answer"] = ("The answer", html([first, report_words.banner(results), report_words.glossary()]))
        parts["verdicts"] = ("The paper's claims", claims(run, results))
        off = el("noscript", el("p", "Charts need JavaScript; the tables hold the same figures.", class_="note"))
        parts["charts"] = ("Charts", html([off, views(results, drawn)]))
        tables = [report_facts.every_arm(results), report_facts.correlations(results)]
        parts["figures"] = ("Figures", html([tables, report_facts.every_figure(results)]))
    parts["made"] = ("How it was made", html(made))
    return parts


def _header(run: Run, results: Results) -> Html:
    config = results.config
    whole = results.done == results.total
    seeds = f"{config.seeds}" if whole else f"{report_words.seeds_done(results)} of {config.seeds}"
    about = [
        report_words.data_title(results),
        PROTOCOLS[config.protocol],
        f"{seeds} seed{'' if seeds == '1' else 's'}",
        run.request.created[:10],
    ]
    label = f"“{run.request.label}”" if run.request.label else None
    return el(
        "header",
        el("h1", "Does synthetic data help OCR?"),
        el("p", " · ".join([*about, *([label] if label else [])]), class_="about"),
    )


def _policy(scripts: list[str]) -> str:
    """Nothing is fetched, sent or framed, and no script runs but these."""
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{s}'" for s in sums) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
