"""A study in words: its answer with the headline's differences, its protocol, and its verdicts on the claims."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ocrgen.claims.answer import answer, study_alone
from ocrgen.claims.claim import WORDS
from ocrgen.claims.wording import MARKS, counted, rule_of
from ocrgen.report.cards import differences, style
from ocrgen.runs.run import Run
from ocrgen.study import Results, verdicts
from ocrgen.study.headline import banner, headline, headline_size, seeds_in_words
from ocrgen.study.verdicts import EXPLORATORY, Verdict
from ocrgen.ui.ocr.recommendation import show_advice_at
from ocrgen.ui.shared.address import one_of


def show_answer(run: Run, results: Results) -> None:
    """The study's answer in a sentence, what to do, a card for each comparison of the headline, and how to read them.

    How many labelled images the training mixes learned from stands above, without which no figure can be read.
    """
    words, comparisons = banner(results), headline(results)
    show, told = (st.info, "every training mix learned from the same n labelled images") if words.equal else (
        st.warning, _unequal(results)
    )  # fmt: skip
    seeds = seeds_in_words(results)
    show(f"**{words.title}** {told[:1].upper()}{told[1:]}. {seeds}, {results.n_test:,} test images.", icon="⚖️")
    st.html(style())
    text = ""
    if comparisons:
        found = answer(study_alone(run, results))
        st.markdown(f"#### {found.lead}")
        show_advice_at(results, headline_size(results))
        st.html(differences(comparisons))
        text = f"{found.text}\n\n"
    with st.expander("The answer in figures, and how they were measured"):
        st.markdown(f"{text}**{words.title}** {words.text} Intervals are 95%.")


def _unequal(results: Results) -> str:
    """What the generators have seen more than the OCR models of the paper's protocol, in words."""
    most, labelled = int(results.table.n_labelled.max()), results.config.sizes()[0]
    return f"The generators learned from {most:,} labelled images, the OCR models of real images from {labelled:,}"


def show_verdicts(results: Results, run: Run) -> None:
    """The study's comparisons that bear on the paper's claims, one claim at a time: the declared ones first."""
    parts = verdicts(results)
    claims = sorted({v.claim for v in parts})
    claim = one_of(
        st.segmented_control, "Claim", claims, name="claim", key="ocr_claim", default=3 if 3 in claims else claims[0],
        required=True, wrap=True, format_func=lambda c: f"{c}. {WORDS[c].split(':')[0]}",
    )  # fmt: skip
    chosen = [v for v in parts if v.claim == claim]
    judged = [v for v in chosen if v.verdict != EXPLORATORY]
    others = [v for v in chosen if v.verdict == EXPLORATORY]
    if judged:
        st.markdown(f"**{counted(judged)}**")
        _table(judged)
    if others:
        with st.expander(f"{len(others)} exploratory comparison{'s' * (len(others) > 1)}", expanded=not judged):
            _table(others)
    st.caption(rule_of(claim, results.whole_errors))


def _table(parts: Sequence[Verdict]) -> None:
    """Comparisons as a table, by the number of labelled images, the greatest figure first."""
    ordered = sorted(parts, key=lambda v: (v.n_real, v.unit, -v.figure))
    units = {v.unit for v in ordered}
    scale = 100 if units == {"accuracy"} else 1
    rows = [
        {
            "comparison": v.about,
            "verdict": f"{MARKS[v.verdict]} {v.words or v.verdict}",
            "figure": scale * v.figure,
            "low": None if v.low is None else scale * v.low,
            "high": None if v.high is None else scale * v.high,
            "unit": "points" if v.unit == "accuracy" else v.unit,
            "n": v.n_real or None,
            "repetitions": v.n,
            "test": v.n_test or None,
            "seen": v.n_labelled,
        }
        for v in ordered
    ]
    table = pd.DataFrame(rows).dropna(axis="columns", how="all")
    number, form = st.column_config.NumberColumn, "%+.2f" if scale == 100 else "%+.3f"
    columns = {
        "comparison": st.column_config.TextColumn("Comparison", width="large", pinned=False),
        "verdict": st.column_config.TextColumn("Verdict", width="medium"),
        "figure": number("Points" if scale == 100 else "Figure", format=form),
        "low": number("95% from", format=form),
        "high": number("95% to", format=form),
        "unit": None if scale == 100 else st.column_config.TextColumn("Unit"),
        "n": number("Labelled images (n)", format="localized"),
        "repetitions": number("Seeds"),
        "test": number("Test images", format="localized"),
        "seen": number("Labelled images seen", format="localized"),
    }
    st.dataframe(
        table, hide_index=True, column_config=columns, height="content" if len(table) <= 16 else 560,
        alt=f"{len(table)} comparisons with verdict, figure, 95% interval and seeds",
    )  # fmt: skip
