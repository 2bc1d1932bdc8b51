"""Choose a class: pills for as many as can be seen at a glance, a list that can be searched for more."""

import zlib
from typing import Any

import streamlit as st

from ocrgen.datasets.alphabet import DIGITS, noun, shown
from ocrgen.ui.shared.address import give, take
from ocrgen.ui.shared.markup import literal

MAX_PILLS = 30
ALL = "all"


def class_key(key: str, classes: tuple[str, ...]) -> str:
    """The key of a widget that chooses among classes: a choice among others would be out of place there."""
    return key if classes == DIGITS else f"{key}_{zlib.crc32(repr(classes).encode()):x}"


def class_chooser(
    classes: tuple[str, ...], key: str, label: str = "", default: int | str = 0, every: bool = False, name: str = ""
) -> Any:
    """The index of the class that the user chooses; ALL, which is offered with `every`, stands for all of them.

    label: by default what a class is called. name: of the URL's parameter that holds the class's text, if any. The
    choice is kept for each alphabet of its own.
    """
    options: list[Any] = [*([ALL] if every else []), *range(len(classes))]
    key = class_key(key, classes)
    label = label or noun(classes).capitalize()

    def title(option: int | str) -> str:
        return ALL if isinstance(option, str) else shown(classes[option])

    texts = {ALL if isinstance(o, str) else classes[o]: o for o in reversed(options)}

    def read(values: list[str]) -> int | str | None:
        if values[0] not in texts:
            st.warning(f"The link asks for class “{literal(values[0][:80])}”, which is not here: {title(default)}.")
        return texts.get(values[0])

    if name:
        take(name, key, read)
    if st.session_state.get(key) not in options:
        st.session_state[key] = default

    if len(classes) <= MAX_PILLS:  # whose titles are Markdown
        chosen = st.pills(
            label, options, format_func=lambda o: literal(title(o)), key=key, required=True, wrap=True,
            persist_state="session",
        )  # fmt: skip
    else:
        chosen = st.selectbox(
            label, options, format_func=title, key=key, help="Type to search.", persist_state="session"
        )
    if name:
        give(name, [text for text, option in texts.items() if option == chosen])
    return chosen
