"""What OCR models make of a whole picture: its text, how sure they are, and which character deserves a look."""

import numpy as np
import streamlit as st

from ocrgen.datasets.alphabet import digit_value, shown
from ocrgen.readers.doubting import doubted
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.reading import to_text
from ocrgen.ui.saliency.input import InputImage, Script
from ocrgen.ui.saliency.readers import ReaderChoice
from ocrgen.ui.shared.markup import literal

UNSURE = 0.7


@st.cache_data(max_entries=256, show_spinner=False)
def _read(images: np.ndarray, reader: str, _net: Reader) -> tuple[np.ndarray, list]:
    return probabilities(_net, images), doubted(_net, images)


def predictions(picture: InputImage, loaded: dict[ReaderChoice, Reader]) -> dict[ReaderChoice, np.ndarray]:
    """Each OCR model's probabilities (N, K) of all characters of a picture."""
    return {c: _read(picture.images, c.mark, net)[0] for c, net in loaded.items()}


def doubts(picture: InputImage, loaded: dict[ReaderChoice, Reader]) -> dict[ReaderChoice, list]:
    """Whether each OCR model doubts that each character of a picture is one; None where it cannot tell."""
    return {c: _read(picture.images, c.mark, net)[1] for c, net in loaded.items()}


def text_of(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script) -> str:
    """What the first OCR model has read in a picture, as Markdown."""
    first = next(iter(predictions(picture, loaded).values()))
    return spelled([script.classes[c] for c in first.argmax(1)])


def badges(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script) -> list[str]:
    """That a picture may show no character, how sure the OCR models are, and what else deserves a look, as Markdown."""
    found = predictions(picture, loaded)
    several, marks = len(picture.images) > 1, []
    if doubtful := int(np.any(list(doubts(picture, loaded).values()), axis=0).sum()):
        marks.append(f":orange-badge[{f'{doubtful} ' if several else ''}may not be a {script.noun}]")
    if apart := int((np.ptp([p.argmax(1) for p in found.values()], axis=0) > 0).sum()):
        marks.append(f":orange-badge[OCR models disagree{f' on {apart}' if several else ''}]")
    least = min(float(p.max(1).min()) for p in found.values())
    at_least = "at least " if several or len(loaded) > 1 else ""
    marks.append(f":{'orange' if least < UNSURE else 'gray'}-badge[{at_least}{min(99, int(least * 100))}% confident]")
    if picture.notes:
        marks.append(f":blue-badge[{len(picture.notes)} note{'s' * (len(picture.notes) > 1)}]")
    return marks


def which(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script) -> int:
    """The index of the character that is explained; at first one that may be none, or the least sure one."""
    if len(picture.images) == 1:
        return 0
    found = list(predictions(picture, loaded).values())
    read, doubtful = found[0].argmax(1), np.any(list(doubts(picture, loaded).values()), axis=0)
    least_sure = int((np.min([p.max(1) for p in found], axis=0) - doubtful).argmin())

    def told(i: int) -> str:
        return literal(f"{i + 1}: {shown(script.classes[read[i]])}{' ?' if doubtful[i] else ''}")

    return st.pills(
        f"{script.noun.capitalize()} to explain; at first the least certain one", range(len(read)),
        default=least_sure, required=True, format_func=told, wrap=True, key=f"saliency_which_{picture.key}_{len(read)}",
    )  # fmt: skip


def spelled(texts: list[str]) -> str:
    """What has been read in one picture, in reading order; digits of another script with their value: "٣١ (31)"."""
    text, value = to_text(texts), "".join(str(digit_value(t)) for t in texts)
    return literal(text) if text == value or not all(digit_value(t) is not None for t in texts) else f"{text} ({value})"
