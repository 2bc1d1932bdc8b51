"""What the page Saliency says of a character: what is read, who disagrees, and that it may be none."""

import numpy as np
import streamlit as st

from ocrgen.datasets.alphabet import shown
from ocrgen.readers.network import Reader
from ocrgen.readers.saliency import SaliencyMap
from ocrgen.ui.saliency.input import Script
from ocrgen.ui.saliency.readers import ReaderChoice
from ocrgen.ui.saliency.summary import UNSURE
from ocrgen.ui.shared.markup import literal, named

ALL = {1: "read as", 2: "both read it as", 3: "all three read it as", 4: "all four read it as"}


def verdict(
    number: int | None,
    script: Script,
    maps: dict[ReaderChoice, SaliencyMap],
    doubt: dict[ReaderChoice, bool | None],
    truth: int | None,
) -> None:
    """In words: what is read, whether the OCR models agree, how sure they are; first of all whether it may be none.

    number: of the character in a picture of several. truth: its class, where it is known.
    """
    answers = {choice: int(m.probabilities.argmax()) for choice, m in maps.items()}
    told = {choice: literal(shown(script.classes[c])) for choice, c in answers.items()}
    each = ", ".join(f"{literal(choice.title)}: {text}" for choice, text in told.items())
    agreed = len(set(answers.values())) == 1
    said = f"{ALL[len(maps)]} {next(iter(told.values()))}" if agreed else "the OCR models disagree"
    doubtful = [choice for choice, told in doubt.items() if told]
    none = 2 * len(doubtful) > sum(told is not None for told in doubt.values())
    head = "" if number is None else f"{script.noun.capitalize()} {number + 1}: "
    head += f"this may not be a {script.noun}" if none else said
    st.markdown(f"#### {head[0].upper()}{head[1:]}")
    if doubtful:
        nearest = f"Nearest class: {next(iter(told.values()))}." if agreed else f"Nearest classes: {each}."
        _doubting(doubtful, "" if none else script.noun, len(doubt), nearest)
    label = f"Its label is {literal(shown(script.classes[truth]))}." if truth not in (None, *answers.values()) else ""
    if not agreed and not none:
        st.warning(" ".join(filter(None, (f"{each}.", label, "Which strokes did each of them follow?"))))
    elif label:
        st.warning(f"Misread. {label} Choose it under “Explain the class” to see what speaks for it.")
    elif not none:
        _unsure(maps, script)


def _doubting(doubtful: list[ReaderChoice], kind: str, asked: int, nearest: str) -> None:
    """Say why it may be no character at all, and which OCR models say it if not all do.

    kind: what it may not be; left out where the heading says so.
    """
    unlike = "everything in the training images"
    if len(doubtful) < asked:
        by = " and ".join(literal(choice.title) for choice in doubtful)
        unlike = f"all training images of the OCR model{'s' * (len(doubtful) > 1)} trained on {by}"
    begin = f"**This may not be a {kind}**: it" if kind else "It"
    st.warning(
        f"{begin} is unlike {unlike}. {nearest} An OCR model always names one of its classes.", icon=":material/help:"
    )


def _unsure(maps: dict[ReaderChoice, SaliencyMap], script: Script) -> None:
    """Say what else it could be, where one of the OCR models is not sure."""
    sure = {choice: float(m.probabilities.max()) for choice, m in maps.items()}
    choice = min(sure, key=sure.__getitem__)
    if sure[choice] < UNSURE:
        second = named(script.classes[int(np.argsort(maps[choice].probabilities)[-2])])
        by = f" by the OCR model trained on {literal(choice.title)}" if len(maps) > 1 else ""
        st.warning(f"Low confidence: {sure[choice]:.0%}{by}; {second} is the second choice.")


def who_cannot(loaded: dict[ReaderChoice, Reader], kind: str) -> None:
    """Name the OCR models that take everything for a character: those of earlier versions and of studies."""
    if without := ", ".join(literal(choice.title) for choice, net in loaded.items() if net.doubt is None):
        st.caption(f"These cannot tell when an image is not a {kind}: {without}.")
