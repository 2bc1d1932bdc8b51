"""The jinja2 environment of reports and claim cards: everything is escaped, and the words and colours are the lab's."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from ocrgen.claims.claim import Claim
from ocrgen.claims.wording import MARKS, MEANINGS
from ocrgen.plots.study import colour
from ocrgen.plots.style import QUIET, REAL, VERDICT_COLOURS, hue
from ocrgen.study.formatting import bounds, seen_words, signed
from ocrgen.study.verdicts import EXPLORATORY, AnyWord, Verdict
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED

SAME = "no difference that matters"
# verdict -> class of its style in a report
TONES: dict[AnyWord, str] = {
    **{HOLDS: "holds", FAILS: "fails", OPEN: "open", DEPENDS: "open", UNMEASURED: "open"},
    **{"better": "holds", "worse": "fails", SAME: "same", "too few to tell": "open", EXPLORATORY: "open"},
}
LINK = "light-dark(#1F5FBF, #8AB4F8)"


def marked(text: str) -> Markup:
    """Text in which **this** is bold and `this` is code, as HTML."""
    parts = (
        "".join(f"<code>{escape(p)}</code>" if i % 2 else escape(p) for i, p in enumerate(part.split("`")))
        for part in text.split("**")
    )
    return Markup("".join(f"<b>{part}</b>" if i % 2 else part for i, part in enumerate(parts)))


def interval(part: Verdict) -> str:
    """The interval of a comparison in its unit."""
    return bounds(part.low, part.high, part.unit)


def tone(word: AnyWord, less: bool = False) -> str:
    """The class of a verdict's style; a difference that is surely less than matters looks like none."""
    return TONES[SAME if less else word]


def ink(word: AnyWord, less: bool = False) -> str:
    """The colour of a verdict's words, told apart as `tone` does."""
    return VERDICT_COLOURS[SAME if less else word]


def placed(claim: Claim) -> list[tuple]:
    """Each figure of a claim, and where on a line from 0 to 100 its value, its interval and the deciding mark lie."""
    ends = [x for f in claim.figures for x in (f.value, f.low, f.high) if x is not None] + [claim.mark]
    low, high = min(ends), max(ends)

    def at(value: float) -> float:
        return round(2 + 96 * (value - low) / ((high - low) or 1), 1)

    rows = []
    for f in claim.figures:
        places: dict[str, float | None] = {"value": at(f.value), "mark": at(claim.mark), "low": None}
        if f.low is not None and f.high is not None:
            places |= {"low": at(f.low), "width": round(at(f.high) - at(f.low), 1)}
        rows.append((f, places))
    return rows


def environment() -> Environment:
    """Templates of `templates/`, with filters and the lab's words and colours."""
    # From the folder, not from the package's name: names of modules in strings are no imports anybody can follow.
    env = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    env.filters |= {"marked": marked, "signed": signed, "interval": interval, "placed": placed}
    env.globals |= {
        "marks": MARKS,
        "meanings": MEANINGS,
        "colours": VERDICT_COLOURS,
        "ink": ink,
        "tone": tone,
        "seen": seen_words,
        "hue": lambda model: hue(model) if model else REAL,
        "shade": colour,
        "plain": QUIET,
        "link": LINK,
    }
    return env


ENVIRONMENT = environment()
