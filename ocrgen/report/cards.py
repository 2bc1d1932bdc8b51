"""What stands in the cards of the page Overview, as HTML: verdicts told apart without colour too, figures, bars."""

from collections import Counter
from html import escape

from ocrgen.plots.style import hue
from ocrgen.report.wording import TINTS

MARKS = {"holds": "✓", "does not hold": "✗", "undecided": "?", "not measured": "–"}
MEANS = {
    "holds": "the whole interval lies on the claim's side",
    "does not hold": "it surely lies on the other side",
    "undecided": "it spans both: more repetitions may tell",
    "not measured": "nothing here speaks on it yet",
}
PLAIN = "light-dark(#5A6472, #A9B4C2)"
LINK = "light-dark(#1F5FBF, #8AB4F8)"
STYLE = f"""<style>
.st-key-overview_answer p {{ font-size: 1.2rem; line-height: 1.55; max-width: 62rem; }}
.stMain h3 {{ font-size: 1.3rem; }}
.stMain h2 {{ font-size: 1.7rem; padding: .6rem 0 .8rem; }}
.claim {{ display: flex; flex-direction: column; gap: .45rem; font-size: .9rem; line-height: 1.4; }}
.claim .words {{ font-size: 1.05rem; font-weight: 600; line-height: 1.3; }}
.claim .small {{ font-size: .82rem; color: {PLAIN}; }}
.claim code {{ font-size: .78rem; overflow-wrap: anywhere; }}
.claim .figure {{ padding-left: .6rem; margin-bottom: .3rem; font-variant-numeric: tabular-nums; }}
.claim .told {{ display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .8rem; }}
.claim .bar {{ position: relative; height: .7rem; margin-right: .4rem; }}
.claim .bar i {{ position: absolute; display: block; }}
.legend {{ display: grid; grid-template-columns: max-content 1fr; gap: .6rem .8rem; align-items: center; }}
.verdict {{ display: inline-block; font-weight: 600; padding: .05rem .6rem; border-radius: 99px;
  border: 1.5px solid currentColor; white-space: nowrap; }}
.part {{ display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: .3rem 0; border-top: 1px solid #8884;
  font-size: .85rem; }}
.st-key-overview_claims [data-testid="stPageLink"] p {{ color: {LINK}; }}
.st-key-overview_ways [data-testid="stPageLink"] a {{ border: 1.5px solid {LINK}; padding: .3rem .9rem; }}
.st-key-overview_ways [data-testid="stPageLink"] p {{ color: {LINK}; font-weight: 600; }}
</style>"""


def badge(verdict: str) -> str:
    """A verdict in a word, with its own sign and colour."""
    tint = TINTS.get(verdict, PLAIN)
    return (
        f'<span class="verdict" style="color:{tint}"><span aria-hidden="true">{MARKS[verdict]}</span> {verdict}</span>'
    )


def card(claim) -> str:
    """One claim: verdict, figures with intervals, n, labelled images seen, and what else must be known."""
    parts = [f'<div class="words">{claim.number}. {escape(claim.words)}</div><div>{badge(claim.verdict)}</div>']
    if claim.figures:
        unit = f"{claim.unit}; the line marks {claim.mark:g}"
        parts.append(f'<div>{bars(claim)}<div class="small">{escape(unit)}</div></div>')
    facts = [f"n = {claim.n} {claim.counted}" * bool(claim.n)]
    facts.append(f"{claim.n_labelled:,} labelled images seen" if claim.n_labelled else "")
    if any(facts):
        parts.append(f'<div class="small"><b>{" · ".join(f for f in facts if f)}</b></div>')
    parts += [f"<div>{marked(text)}</div>" for text in (claim.aside, claim.note) if text]
    return f'<div class="claim">{"".join(parts)}</div>'


def marked(text: str) -> str:
    """Plain words with `commands` in them."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def bars(claim) -> str:
    """Each figure in words, and its interval on a line with the value that decides; the words say the same."""
    ends = [x for f in claim.figures for x in (f.value, f.low, f.high) if x is not None] + [claim.mark]
    low, high = min(ends), max(ends)
    wide = (high - low) or 1

    def at(value: float) -> float:
        return round(2 + 96 * (value - low) / wide, 1)

    def piece(left: float, style: str) -> str:
        return f'<i style="left:{left}%;{style}"></i>'

    rows = []
    for f in claim.figures:
        shade = hue(f.model) if f.model else PLAIN
        drawn = piece(at(claim.mark), f"top:0;bottom:0;border-left:1px solid {PLAIN}")
        if f.low is not None:
            drawn += piece(at(f.low), f"width:{at(f.high) - at(f.low):.1f}%;top:.25rem;height:.2rem;background:{shade}")
        dot = "width:.6rem;height:.6rem;border-radius:50%;top:.05rem;transform:translateX(-50%)"
        drawn += piece(at(f.value), f"{dot};background:{shade}")
        rows.append(
            f'<div class="figure" style="border-left:4px solid {shade}"><div class="told"><span>{escape(f.what)}</span>'
            f'<span><b>{f.words.replace(" [", "</b> [", 1)}</span></div><div class="bar" aria-hidden="true">{drawn}'
            "</div></div>"
        )
    return "".join(rows)


def legend(verdicts: list[str]) -> str:
    """How many claims came out how, and what the verdicts mean."""
    counts = Counter(verdicts)
    rows = [f"<div>{badge(v)}</div><div>{counts[v]} of {len(verdicts)}: {means}.</div>" for v, means in MEANS.items()]
    told = f'<div class="legend">{"".join(rows)}</div>'
    return f'<div class="claim"><div class="words">What a verdict means</div>{told}</div>'


def line(part: dict) -> str:
    """One comparison: what, verdict, figure with interval, n, labelled images seen; it wraps on a narrow screen."""
    scale, form, unit = (100, "+.2f", " points") if part["unit"] == "accuracy" else (1, "+.3f", "")
    form = ".3g" if part["unit"] == "times" else form
    bounds = "no interval" if part["low"] is None else ", ".join(f"{scale * part[k]:{form}}" for k in ("low", "high"))
    seen = f", {part['n_labelled']:,} labelled images seen" if part["n_labelled"] else ""
    verdict, tint = part["verdict"], TINTS.get(part["verdict"], PLAIN)
    return (
        f'<div class="part"><span style="flex:1 1 22rem">{escape(part["about"])}</span>'
        f'<b style="flex:0 0 8rem;color:{tint}">{MARKS[verdict]} {verdict}</b>'
        f'<span style="flex:0 1 20rem"><b>{scale * part["figure"]:{form}}{unit}</b> [{bounds}], '
        f"n = {part['n']}{seen}</span></div>"
    )
