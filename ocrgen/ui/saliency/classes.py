"""Choose one of a script's classes, with the choice in the address."""

from collections.abc import Sequence

import streamlit as st

from ocrgen.datasets.alphabet import folder_names, shown
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.classes import MAX_PILLS, class_key
from ocrgen.ui.shared.markup import literal


def choose_class(classes: tuple[str, ...], label: str, *, name: str, key: str, default: int) -> int:
    """The index of the class that the user chooses: by pills where all can be seen at a glance, else by a list."""
    names, key = folder_names(classes), class_key(key, classes)  # which differ in more than capitals, as in addresses
    if len(names) > MAX_PILLS:
        chosen = _listed(classes, label, names, name=name, key=key, default=names[default])
    else:
        chosen = one_of(
            st.pills, label, names, name=name, key=key, default=names[default], required=True, wrap=True,
            format_func=lambda n: literal(shown(classes[names.index(n)])),
        )  # fmt: skip
    return names.index(chosen)


def choose_target(classes: tuple[str, ...], label: str, first: str, *, name: str, key: str, **more) -> int | None:
    """The index of the class that the user chooses from a list; None for the `first` entry, which is none of them."""
    names = folder_names(classes)
    chosen = _listed(classes, label, [first, *names], name=name, key=class_key(key, classes), default=first, **more)
    return None if chosen == first else names.index(chosen)


def _listed(classes: tuple[str, ...], label: str, options: Sequence[str], **more) -> str:
    texts = dict(zip(folder_names(classes), classes, strict=True))
    return one_of(st.selectbox, label, options, format_func=lambda n: shown(texts[n]) if n in texts else n, **more)
