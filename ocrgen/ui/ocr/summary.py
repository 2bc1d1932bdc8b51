"""A study in words: its protocol, its answer with the headline's differences, and its verdicts on the claims."""

import streamlit as st

from ocrgen.claims.answer import answer, study_alone
from ocrgen.claims.claim import WORDS
from ocrgen.claims.wording import counted, rule_of
from ocrgen.report.cards import comparison, differences, style
from ocrgen.runs.run import Run
from ocrgen.study import Results, verdicts
from ocrgen.study.headline import banner, headline, seeds_in_words


def show_banner(results: Results) -> None:
    """How many labelled images the training mixes learned from, without which no figure of the page can be read."""
    words = banner(results)
    show = st.info if words.equal else st.warning
    show(f"**{words.title}** {words.text} {seeds_in_words(results).capitalize()}; intervals are 95%.", icon="⚖️")


def show_answer(run: Run, results: Results) -> None:
    """The study's answer, and a card for each comparison of the headline."""
    comparisons = headline(results)
    if not comparisons:
        return
    words = answer(study_alone(run, results))
    st.html(style())
    st.markdown(f"#### {words.lead}")
    st.markdown(words.text)
    st.html(differences(comparisons))


def show_verdicts(results: Results) -> None:
    """The study's comparisons that bear on the paper's claims, one claim at a time."""
    parts = verdicts(results)
    if not parts:
        return
    # Folded in a fair study, which has many comparisons and shows its recommendation first.
    unfold = results.done == results.total and results.config.protocol == "paper"
    with st.expander(f"Verdicts on the paper's claims: {counted(parts)}", expanded=unfold):
        claims = sorted({v.claim for v in parts})
        claim = st.segmented_control(
            "Claim", claims, default=3 if 3 in claims else claims[0], key="ocr_claim", required=True,
            format_func=lambda c: f"{c}. {WORDS[c].split(':')[0]}",
        )  # fmt: skip
        chosen = [v for v in parts if v.claim == claim]
        st.html("".join(map(comparison, chosen)))
        st.caption(f"{counted(chosen)}. {rule_of(claim, results.whole_errors)}")
