"""Claims as cards of HTML, told apart without colour too: for the page Overview and for reports."""

from collections.abc import Iterable

from ocrgen.claims.claim import Claim
from ocrgen.report.environment import ENVIRONMENT
from ocrgen.report.progress import grouped
from ocrgen.study.headline import Comparison
from ocrgen.study.results import Results
from ocrgen.study.verdicts import Verdict
from ocrgen.utils.verdict import VerdictWord


def _macro(name: str, *args) -> str:
    return getattr(ENVIRONMENT.get_template("macros.html").module, name)(*args)


def style() -> str:
    """The style element that cards and comparisons need, once a page."""
    return f"<style>{ENVIRONMENT.get_template('cards.css').render()}</style>"


def card(claim: Claim) -> str:
    """One claim in brief: verdict, what was found, figures, and the paper's; intervals and n on hover."""
    return _macro("card", claim, True)


def details(claim: Claim) -> str:
    """What stands behind a claim's card: intervals, n, labelled images seen, the rule, what else must be known."""
    return _macro("details", claim)


def legend(verdicts: Iterable[VerdictWord]) -> str:
    """How many claims came out how, and what the verdicts mean."""
    return _macro("legend", list(verdicts))


def comparison(part: Verdict) -> str:
    """One comparison: what, verdict, figure with interval, n, labelled images seen; it wraps on a narrow screen."""
    return _macro("comparison", part)


def differences(comparisons: Iterable[Comparison]) -> str:
    """A card for each difference between two training mixes, in as many columns as there is room for."""
    return _macro("differences", list(comparisons))


def progress(results: Results) -> str:
    """The declared family: each comparison's interval and word, and how the interval has shrunk from seed to seed."""
    return _macro("progress", grouped(results))
