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
from ocrgen.study.arms import Arm
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
    show(f"**{words.title}** {told[:1].upper()}{told[1:]}. {seeds}, {results.n_tested:,} test images.", icon="⚖️")
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
    for what, group in _grouped(judged).items():
        st.markdown(f"{what}**{counted(group)}**")
        _table(group)
    if others:
        with st.expander(f"{len(others)} exploratory comparison{'s' * (len(others) > 1)}", expanded=not judged):
            for what, group in _grouped(others).items():
                st.markdown(what)
                _table(group)
    st.caption(rule_of(claim, results.whole_errors))


def _grouped(parts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Comparisons of training mixes by what is compared, in words with a colon; others together."""
    groups: dict[str, list[Verdict]] = {}
    for v in parts:
        what = f"{_parts(v)[1]}: " if v.arm else ""
        groups.setdefault(what[:1].upper() + what[1:], []).append(v)
    return groups


def _parts(v: Verdict) -> tuple[str, str]:
    """What a comparison is about, and what it says of that or compares it with."""
    head, _, rest = v.about.partition(": ")
    if not v.arm:
        return head, rest
    of = f"accuracy {'under corruption ' * (v.metric == 'corrupted')}against {Arm.parse(v.against).title}"
    return Arm.parse(v.arm).title, of if v.unit == "accuracy" else rest


def _table(parts: Sequence[Verdict]) -> None:
    """Comparisons of one kind as a table, by the number of labelled images, the greatest figure first."""
    rows, in_points = [], {v.unit for v in parts} == {"accuracy"}
    scale, form = (100, "%+.2f") if in_points else (1, "%+.3f")
    for v in sorted(parts, key=lambda v: (v.n_real, -v.figure)):
        low, high = (None if x is None else scale * x for x in (v.low, v.high))
        mix, what = _parts(v)
        row = {"mix": mix, "what": None if v.arm else what, "n": v.n_real or None}
        row |= {"verdict": f"{MARKS[v.verdict]} {v.words or v.verdict}", "figure": scale * v.figure}
        rows.append(row | {"low": low, "high": high, "seeds": v.n, "test": v.n_test or None, "seen": v.n_labelled})
    table = pd.DataFrame(rows).dropna(axis="columns", how="all")
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "mix": text("Training mix" if parts[0].arm else "Choice", width=270),
        "what": text("What is compared", width=400),
        "n": number("n", format="localized", help="labelled images"),
        "verdict": text("Verdict", width=220),
        "figure": number("Points" if in_points else parts[0].unit.capitalize(), format=form),
        "low": number("95% from", format=form),
        "high": number("95% to", format=form),
        "seeds": number("Seeds"),
        "test": number("Test images", format="localized"),
        "seen": number("Labelled images seen", format="localized"),
    }
    st.dataframe(
        table, hide_index=True, column_config=columns, height="content",
        alt=f"{len(table)} comparisons with verdict, figure, 95% interval and seeds",
    )  # fmt: skip
