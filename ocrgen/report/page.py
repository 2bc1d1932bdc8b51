"""A study as one self-contained HTML page: the answer, verdicts, charts, tables, and how it was made."""

import base64
import hashlib
from functools import partial
from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs
from pydantic import ValidationError

from ocrgen import __version__
from ocrgen.claims.answer import answer, study_alone
from ocrgen.claims.evidence import judge_claims
from ocrgen.claims.wording import counted, rule_of
from ocrgen.datasets import title
from ocrgen.datasets.alphabet import shown, summary
from ocrgen.plots import confusion_views, views
from ocrgen.report import tables
from ocrgen.report.environment import ENVIRONMENT
from ocrgen.report.figures import FONT, Figures
from ocrgen.report.glossary import glossary, sources
from ocrgen.report.progress import explained, grouped, how_decided
from ocrgen.runs.run import Run, now
from ocrgen.study import Results, read_results, verdicts
from ocrgen.study.advice import advise
from ocrgen.study.config import describe
from ocrgen.study.formatting import accuracy, per_class
from ocrgen.study.headline import PROTOCOLS, banner, complete_seeds, headline, seeds_in_words
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.progress import duration

FAMILY = (
    "Those that were declared before any figure was there are judged together, so that of a whole family with no real "
    "difference at most one in twenty has any that is called better or worse. All others are exploratory: they show "
    "where to look next, and earn no word."
)
SECTIONS = (
    views.by_arm, views.by_size, views.by_epoch, views.robustness, confusion_views.confusion, confusion_views.by_class,
    views.distances,
)  # fmt: skip


def report_of(run: Run) -> str:
    """The report of a study's run, as HTML. UserError if it is no study, or damaged."""
    if run.request.verb != "study":
        raise UserError(f"{run.name} is no study (but a {run.request.verb}): `{PROGRAM} runs` lists them.")
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
    config, empty, figures = results.config, results.table.empty, Figures()
    data = title(config.dataset)
    context = {"data": data, "protocol": PROTOCOLS[config.protocol], "empty": empty, "font": FONT}
    context |= {
        "subtitle": _subtitle(run, results, data),
        "missing": _missing(run, results),
        "failures": results.failures,
        "command": describe(config),
        "facts": _facts(run, results),
        "splits": tables.splits(run, data),
        "settings": tables.settings(config),
        "sources": sources(results, data),
    }
    parts = {"answer": "The answer"}
    if not empty:
        parts |= {"verdicts": "The paper's claims", "charts": "Charts", "figures": "Figures"}
        context |= _found(run, results, figures)
    context["parts"] = parts | {"made": "How it was made"}
    script = (Path(__file__).parent / "templates" / "report.js").read_text()
    scripts = [get_plotlyjs(), script] if figures.specs else []
    context |= {"scripts": list(map(Markup, scripts)), "specs": figures.json(), "policy": _policy(scripts)}
    return ENVIRONMENT.get_template("report.html").render(context)


def _found(run: Run, results: Results, figures: Figures) -> dict:
    """What a study has found: the answer, claims, figures and tables."""
    alone = study_alone(run, results)
    claims, parts = judge_claims(alone), verdicts(results)
    judged = []
    for claim in claims:
        if rows := [v for v in parts if v.claim == claim.number]:
            table = tables.comparisons(claim.number, rows)
            judged.append((claim, rule_of(claim.number, results.whole_errors), counted(rows), table))
    sections = [s for view in SECTIONS if (s := view(results))]
    ceiling = results.of("all", 0, "accuracy")
    return {
        "answer": answer(alone),
        "ceiling": f" For scale, all {int(ceiling['n_labelled']):,} real images give {accuracy(ceiling)}."
        if ceiling
        else "",
        "comparisons": headline(results),
        "by_size": tables.by_size(results),
        "advice": advise(results),
        "per_class": partial(per_class, classes=results.classes),
        "progress": grouped(results),
        "how_decided": how_decided(results),
        "explained": explained(results),
        "banner": banner(results),
        "glossary": glossary(results),
        "claims": claims,
        "n_comparisons": len(parts),
        "judged_how": FAMILY,
        "judged": judged,
        "sections": [
            {"title": s.title, "caption": s.caption, "columns": s.columns, "legend": s.legend}
            | {"views": [(view, figures.add(view)) for view in s.views]}
            for s in sections
        ],
        "arms": tables.every_arm(results),
        "correlations": tables.correlations(results),
        "figures": tables.every_figure(results),
    }


def _subtitle(run: Run, results: Results, data: str) -> list[str]:
    label = [f"“{run.request.label}”"] if run.request.label else []
    created = run.request.created[:10]
    return [
        data,
        summary(results.classes),
        PROTOCOLS[results.config.protocol],
        seeds_in_words(results),
        created,
        *label,
    ]


def _missing(run: Run, results: Results) -> str:
    """What is missing of a study, in words; empty where it is whole."""
    sentences = []
    if results.done < results.total:
        word = "still at work" if run.alive else "not finished"
        sentences.append(
            f"This study is {word}: {complete_seeds(results)} of {results.seeds} seeds are complete "
            f"({results.done:,} of {results.total:,} tasks). Each figure tells the seeds that it stands on; figures "
            "and verdicts will still move."
        )
    if results.failures:
        tasks = "1 task has" if len(results.failures) == 1 else f"{len(results.failures):,} tasks have"
        sentences.append(f"{tasks} ended in a fault and stand in no figure.")
    return " ".join(sentences)


def _facts(run: Run, results: Results) -> dict[str, str]:
    """When, with what and in what time it was made."""
    request, status = run.request, run.read_status()
    spent = {m: results.table[results.table.metric == m].value.sum() for m in ("cpu_seconds", "seconds")}
    return {
        "Run": run.name + (f", “{request.label}”" if request.label else ""),
        "Asked for": _time(request.created),
        "Ended": _time(status.finished) if status.finished else f"not yet ({status.state})",
        "CPU time of all tasks": duration(spent["cpu_seconds"]),
        "Time of all tasks, one after the other": duration(spent["seconds"]),
        "Classes": f"{summary(results.classes)}: {', '.join(map(shown, results.classes))}",
        "Tasks": f"{results.done:,} of {results.total:,}",
        "Versions": ", ".join(f"{k} {v}" for k, v in request.versions.items()) or "not noted",
        "This report": f"{_time(now())}, by ocrgen {__version__}",
    }


def _time(stamp: object) -> str:
    text = str(stamp)
    return f"{text[:10]} {text[11:16]} UTC" if len(text) > 16 and text[10] == "T" else text


def _policy(scripts: list[str]) -> str:
    """Nothing is fetched, sent or framed, and no script runs but these."""
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{s}'" for s in sums) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
