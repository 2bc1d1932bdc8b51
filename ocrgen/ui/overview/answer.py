"""The answer: one sentence, three accuracies in large type, and all of it with its intervals on hover and in a fold."""

from collections.abc import Sequence

import streamlit as st

from ocrgen.claims.answer import Answer
from ocrgen.claims.short import Level
from ocrgen.ui.shared.widgets import link


def show(answer: Answer) -> None:
    """The short answer with its figures; where nothing has been measured, the way to measure it."""
    with st.container(key="overview_lead"):
        st.markdown(answer.short, help=answer.markdown if answer.levels else None)
    if not answer.levels:
        link("4_OCR", "Start a quick study", icon=":material/play_arrow:")
        return
    st.caption(f"{answer.measured}:")
    large(answer.levels)
    with st.expander("The full answer, with intervals", icon=":material/short_text:"):
        st.markdown(answer.markdown)
        st.markdown("\n".join(f"- {_about(level)}" for level in answer.levels))


def large(levels: Sequence[Level]) -> None:
    """Each accuracy in large type, what it gains over the one before it, and what is known of that gain."""
    with st.container(key="overview_levels"):
        for place, level in zip(st.columns(len(levels)), levels, strict=True):
            up = bool(level.gain and level.gain.mean > 0)
            place.metric(
                level.title,
                f"{level.value:.1%}",
                level.delta or None,
                # In colour and with an arrow only where a declared comparison has decided that the difference matters.
                delta_color=("green" if up else "red") if level.decided else "off",
                delta_arrow=("up" if up else "down") if level.decided else "off",
                delta_description=level.word or None,
                help=_about(level),
                border=True,
                height="stretch",
            )


def _about(level: Level) -> str:
    """An accuracy with its interval, and what it gains with the same, as Markdown."""
    gain = ""
    if level.gain:
        gain = f" {level.delta} {level.against} ({level.gain.interval}): {level.word or 'exploratory'}."
    return f"{level.title}: {level.about}.{gain}"
