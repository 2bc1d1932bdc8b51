"""What the page Saliency says of characters that may be none."""

import streamlit as st

from ocrgen.readers.network import Reader
from ocrgen.ui.saliency.readers import ReaderChoice
from ocrgen.ui.shared.markup import literal


def doubting(doubt: dict[ReaderChoice, bool | None], kind: str) -> None:
    """Say so where what was read may be no character at all, and which readers say it if not all do."""
    if any(doubt.values()):
        by = " and ".join(literal(choice.title) for choice, told in doubt.items() if told)
        who = "" if all(doubt.values()) else f" by the reader of {by}"
        st.warning(f"**This may be no {kind}**: it is unlike all that was learned from{who}.")


def who_cannot(loaded: dict[ReaderChoice, Reader], kind: str) -> None:
    """Name the readers that take everything for a character: those of earlier versions and of studies."""
    if without := ", ".join(literal(choice.title) for choice, net in loaded.items() if net.doubt is None):
        st.caption(f"Without a measure of doubt, these take everything for a {kind}: {without}.")
