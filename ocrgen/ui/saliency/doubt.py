"""What the page Saliency says of characters that may be none."""

import numpy as np
import streamlit as st

from ocrgen.readers.doubting import doubted
from ocrgen.readers.network import Reader
from ocrgen.ui.saliency.input import Script
from ocrgen.ui.saliency.readers import ReaderChoice
from ocrgen.ui.shared.markup import literal


def badge(images: np.ndarray, loaded: dict[ReaderChoice, Reader], script: Script) -> list[str]:
    """As Markdown, how many of a picture's characters a reader doubts; empty if none."""
    doubt = np.any([np.array(doubted(net, images), bool) for net in loaded.values()], axis=0)
    some = f"{doubt.sum()} of {len(doubt)} " if len(doubt) > 1 else ""
    return [f":orange-badge[{some}may be no {script.noun}]"] if doubt.any() else []


def tell_doubt(image: np.ndarray, loaded: dict[ReaderChoice, Reader], script: Script) -> None:
    """Say so where what was read may be no character at all, and which readers say it if not all do."""
    doubt = {choice: doubted(net, image[None])[0] for choice, net in loaded.items()}
    if any(doubt.values()):
        by = " and ".join(literal(choice.title) for choice, doubts in doubt.items() if doubts)
        who = "" if all(doubt.values()) else f" by the reader of {by}"
        st.warning(f"**This may be no {script.noun}**: it is unlike all that was learned from{who}.")


def tell_who_cannot(loaded: dict[ReaderChoice, Reader], script: Script) -> None:
    """Name the readers that take everything for a character: those of earlier versions and of studies."""
    for choice in [choice for choice, net in loaded.items() if net.doubt is None]:
        st.caption(
            f"The reader of {literal(choice.title)} has no measure of doubt: it takes everything for a {script.noun}."
        )
