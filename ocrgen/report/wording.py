"""How the pages word verdicts: their colours, the rule of each comparison, figures with units; no streamlit."""

from html import escape

from ocrgen.study.verdicts import GAIN, INK, RANK, SANE

TINTS = {
    "holds": "light-dark(#00734C, #3DD598)",
    "does not hold": "light-dark(#B8321F, #FF8A75)",
    "undecided": "light-dark(#5A6472, #A9B4C2)",
}
_GAIN = (
    f"A gain does not hold where the whole 95% interval of the difference lies below {100 * GAIN:.1f} points, which "
    "helps nobody. Else it holds where the interval lies above zero, and is undecided where it does not. Arms are "
    "paired by seed."
)
RULES = {
    2: "A distance stands in for FID where its rank correlation with accuracy (Spearman) is surely negative and surely "
    f"at most {RANK} worse than FID's own. It does not where the correlation is surely positive, or surely more than "
    f"{RANK} worse. n counts trainings: the epochs of one belong together.",
    3: _GAIN,
    4: "Maps order pixels better than chance where hiding what they mark lowers the reader's certainty sooner (the "
    f"interval lies above zero). They are not those of random weights where they correlate surely below {SANE}. A "
    f"reader looks at ink no less where it surely loses under {100 * INK:.0f}% of its saliency to the paper.",
    5: _GAIN,
}


def signed(value: float, unit: str) -> str:
    """A difference with its sign: points of accuracy, else the bare number."""
    return f"{100 * value:+.2f} points" if unit == "accuracy" else f"{value:+.3f}"


def line(verdict: str, word: str, before: tuple[str, str], after: tuple[str, str]) -> str:
    """A verdict in its colour between two pieces of HTML, each with its CSS flex; wraps where the screen is narrow."""
    cells = [f'<span style="flex:{flex}">{html}</span>' for flex, html in (before, after)]
    cells.insert(1, f'<b style="flex:0 0 7rem;color:{TINTS[verdict]}">{escape(word)}</b>')
    style = "display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:.35rem 0;border-top:1px solid #8884"
    return f'<div style="{style}">{"".join(cells)}</div>'
