"""The paper's five claims as cards: what was found, what the paper reports, and links to the views that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from ocrgen.claims.claim import PAPER, Claim
from ocrgen.ui.shared.widgets import link


@dataclass(frozen=True)
class Evidence:
    """Where a claim is proved: a page, and what of it the link asks for.

    label: the link's. scored: whether it shows the generators that have been scored rather than the run that decides.
    """

    page: str
    label: str
    query: dict[str, str] = field(default_factory=dict)
    scored: bool = False

    def asked(self, claim: Claim) -> dict[str, str | list[str]]:
        """The query of the link; none where nothing has been measured, and there is no such view yet."""
        if not claim.run:
            return {}
        return {"run": list(claim.query) if self.scored else [claim.run]} | self.query


# The first of each claim stands alone where nothing has been measured yet. Views by their slugs, as pages write them.
EVIDENCE: dict[int, tuple[Evidence, ...]] = {
    1: (Evidence("6_Runtime", "ten trainings", {"view": "ten-trainings"}),),
    2: (
        Evidence("4_OCR", "its choices", {"view": "verdicts", "claim": "2"}),
        Evidence("4_OCR", "distances", {"view": "distances"}),
        Evidence("5_FID_and_LFID", "FID and LFID", scored=True),
    ),
    3: (
        Evidence("4_OCR", "what is decided", {"view": "what-is-decided"}),
        Evidence("4_OCR", "by training mix", {"view": "by-training-mix"}),
    ),
    4: (
        Evidence("4_OCR", "checks of the maps", {"view": "verdicts", "claim": "4"}),
        Evidence("7_Saliency", "saliency maps"),
    ),
    5: (
        Evidence("4_OCR", "robustness", {"view": "robustness"}),
        Evidence("4_OCR", "labelled images", {"view": "labelled-images"}),
    ),
}


def cards(claims: Sequence[Claim]) -> None:
    """A card for each of the claims, and a legend of the verdicts' words."""
    from ocrgen.report.cards import card, details, legend

    st.header("What the paper claims, and what we found")
    hint = " Point at a figure to see its interval and n, or open the details." * any(c.figures for c in claims)
    st.caption(
        "The paper: Memari, Ahmed, Rahimi, Amiri Golilarz, *Advancing Generative Model Evaluation: A Novel Algorithm "
        f"for Realistic Image Synthesis and Comparison in OCR System*, 2024, [arXiv:2402.17204]({PAPER}).{hint}"
    )
    places = [*st.columns(3), *st.columns(3)]
    for place, claim in zip(places, claims, strict=False):
        with place.container(border=True, height="stretch"):
            st.html(card(claim))
            for evidence in EVIDENCE[claim.number] if claim.run else EVIDENCE[claim.number][:1]:
                page = evidence.page.partition("_")[2].replace("_", " ")
                label = f"Evidence: {evidence.label}" if claim.run else f"To the page {page}"
                query = evidence.asked(claim) or None
                link(evidence.page, label, query_params=query, icon=":material/arrow_forward:")
            with st.expander("Intervals, n and the rule" if claim.figures else "The rule"):
                st.html(details(claim))
    with places[-1].container(border=True, height="stretch"):
        st.html(legend([c.verdict for c in claims]))


def comparisons(claims: Sequence[Claim]) -> None:
    """Every comparison that the verdicts rest on."""
    from ocrgen.report.cards import comparison

    if not any(claim.parts for claim in claims):
        return
    with st.expander("Every comparison that a verdict is made from", icon=":material/rule:"):
        for claim in (c for c in claims if c.parts):
            st.markdown(f"**{claim.number}. {claim.words}: {claim.verdict}**")
            st.html("".join(map(comparison, claim.parts)))
