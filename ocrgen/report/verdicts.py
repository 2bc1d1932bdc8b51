"""The paper's claims in a report: five cards, and for each claim its rule in words and every comparison judged."""

from collections import Counter

from ocrgen.claims.claims import Claim, judge_claims
from ocrgen.report import summary as report_words
from ocrgen.report.cards import MARKS, card, legend
from ocrgen.report.markup import Html, el, folded, html, table
from ocrgen.report.summary import TONES
from ocrgen.report.wording import RULES, signed
from ocrgen.runs.run import Run
from ocrgen.study import Results, verdicts

MANY = 12  # comparisons that are shown without a click


def claims(run: Run, results: Results) -> Html:
    """All five claims as this study alone judges them: cards, then the rules and every comparison."""
    found = verdicts(results)
    judged = judge_claims(report_words.findings(run, results))
    cards = [el("li", Html(card(claim))) for claim in judged]
    cards.append(el("li", Html(legend([claim.verdict for claim in judged]))))
    note = (
        "The rules were set before any figure was there. This report knows this study alone: the lab's Overview judges "
        f"by all that has been measured. {len(found)} comparisons stand below, each judged at 95% on its own: of those "
        "without a real difference about one in forty holds by luck."
    )
    parts = [_claim(claim, rows) for claim in judged if (rows := [v for v in found if v["claim"] == claim.number])]
    return html([el("ul", cards, class_="tiles claims"), el("p", note, class_="small"), parts])


def _claim(claim: Claim, rows: list[dict]) -> Html:
    spans = {}
    for v in rows:
        low, high = spans.get(v["unit"], (0.0, 0.0))
        ends = [x for x in (v["low"], v["high"], v["figure"]) if x is not None]
        spans[v["unit"]] = (min(low, *ends), max(high, *ends))
    heads = ["Comparison", "Verdict", "Figure and 95% interval", "Beside zero", "n", "Labelled images seen"]
    seen = any(v["n_labelled"] for v in rows)
    told = [_row(v, spans[v["unit"]], seen) for v in rows]
    drawn = table(f"Claim {claim.number}, every comparison", heads[: 5 + seen], told, {4, 5}, "terse")
    counts = Counter(v["verdict"] for v in rows)
    counted = ", ".join(f"{counts[v]} × {v}" for v in TONES if counts[v])
    return el(
        "section",
        el("h3", f"{claim.number}. {claim.words}"),
        el("p", el("b", "The claim. "), claim.rule),
        el("p", el("b", "Each comparison. "), RULES[claim.number], f" Here: {counted}."),
        folded(f"All {len(rows)} comparisons", drawn) if len(rows) > MANY else drawn,
    )


def _row(v: dict, span: tuple[float, float], seen: bool) -> list:
    """One comparison as the cells of a row."""
    one = "training" if v["claim"] == 2 else "seed"
    figure = [el("b", signed(v["figure"], v["unit"])), " ", el("span", _bounds(v), class_="whole")]
    unit = el("span", f" {v['unit']}", class_="small") if v["unit"] != "accuracy" else None
    labelled = [f"{v['n_labelled']:,}", el("span", " labelled images seen", class_="narrow")] if v["n_labelled"] else ""
    return [
        v["about"],
        el("span", f"{MARKS[v['verdict']]} {v['verdict']}", class_=f"badge {TONES[v['verdict']]}"),
        el("span", figure, unit),
        _bar(v, *span),
        f"{v['n']} {one}{'s' if v['n'] != 1 else ''}",
        *([labelled] if seen else []),
    ]


def _bounds(v: dict) -> str:
    if v["low"] is None:
        return "[no interval]"
    low, high = (signed(v[k], v["unit"]).removesuffix(" points") for k in ("low", "high"))
    return f"[{low}, {high}]"


def _bar(v: dict, low: float, high: float) -> Html:
    """Figure and interval as a mark on the line of its kind, zero marked; the words beside it say the same."""
    wide, high = 150, max(high, low + 1e-9)

    def x(value: float) -> str:
        return f"{6 + (wide - 12) * (value - low) / (high - low):.1f}"

    marks = [el("line", x1=x(0), x2=x(0), y1=1, y2=17, class_="zero")]
    if v["low"] is not None:
        marks.append(el("line", x1=x(v["low"]), x2=x(v["high"]), y1=9, y2=9, class_="bar"))
    marks.append(el("circle", cx=x(v["figure"]), cy=9, r=4))
    about = {"class_": f"mark {TONES[v['verdict']]}", "aria_hidden": "true", "focusable": "false"}
    return el("svg", marks, viewBox=f"0 0 {wide} 18", width=wide, height=18, **about)
