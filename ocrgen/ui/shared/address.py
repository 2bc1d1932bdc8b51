"""The address of a view: what is chosen on a page stands in the URL, to share it, to reload it, and to go back to it.

A page's bare address is its first view. Nothing is written on arrival: Streamlit would make an entry of its own in the
browser's history, and the way back would take two presses. As soon as anything is chosen, the address names all of it.
Done by hand: the widgets' own binding writes labels, which change, and leaves no history to go back through.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st


@dataclass
class _Address:
    """What a session knows of the address of the page that it is on.

    linked: what the URL said when it was last looked at or written. shown: what has been drawn so far. before: what the
    last run of the page showed; None on arrival. gathered: whether `leave` will write.
    """

    page: str = ""
    linked: dict[str, list[str]] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, list[str]] | None = None
    gathered: bool = False


def _here() -> _Address:
    return st.session_state.setdefault("shared_address", _Address())


def arrive(page: str, gathered: bool = True) -> None:
    """Begin a run of a page. gathered: what it shows is written by `leave`, all at once; else piece by piece."""
    here = _here()
    if here.page != page:
        here = st.session_state["shared_address"] = _Address(page)
    elif not here.gathered and here.shown:  # a run that has shown nothing, such as one that begins anew, is none
        here.before = here.shown
    here.shown, here.gathered = {}, gathered


def leave() -> None:
    """End a run of a page: write what it shows into the URL, if a choice has changed it."""
    here = _here()
    if here.before is not None and here.shown != here.before:
        _write(here)
    here.before, here.gathered = here.shown, False


def take(name: str, key: str, read: Callable[[list[str]], Any]) -> None:
    """Let the URL decide on a widget that is about to be drawn, where it says something new.

    name: of the parameter. key: the widget's. read: the widget's value from the parameter's texts; None, after a word
    to the user, where these mean nothing here. Where somebody has gone back to an address without the parameter, the
    widget falls back to its first value.
    """
    here, texts = _here(), st.query_params.get_all(name)
    if texts == here.linked.get(name, []):
        return
    here.linked[name] = texts
    value = read(texts) if texts else None
    if value is not None:
        st.session_state[key] = value
    elif not texts:
        st.session_state.pop(key, None)


def give(name: str, values: Collection[str]) -> None:
    """Note what a widget shows: the parameter's texts; none leaves it out."""
    here, texts = _here(), list(values)
    last = here.shown.get(name, (here.before or {}).get(name))
    here.shown[name] = texts
    if not here.gathered and here.before is not None and last != texts:
        _write(here)


def one_of(widget: Callable, label: str, options: Sequence, *, name: str, key: str, default: Any = None, **more) -> Any:
    """Draw a widget that chooses one of `options`, such as `st.selectbox`, with its choice in the URL as `name`.

    default: what is chosen at first, else the first of them. The choice survives a visit to another page.
    """
    texts = {slug(option): option for option in options}

    def read(values: list[str]) -> Any:
        if values[0] not in texts:
            st.warning(f"The link asks for {name} “{values[0][:80]}”, which is not here: this is shown instead.")
        return texts.get(values[0])

    take(name, key, read)
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0] if default is None else default
    value = widget(label, options, key=key, persist_state="session", **more)
    give(name, [] if value is None else [slug(value)])
    return value


def number(widget: Callable, label: str, low: int, high: int, *, name: str, key: str, default: int, **more) -> int:
    """Draw a widget for a whole number, such as `st.number_input` or `st.slider`, with it in the URL as `name`."""

    def read(values: list[str]) -> int | None:
        text = values[0]
        if re.fullmatch(r"\d{1,10}", text, re.ASCII) and low <= int(text) <= high:
            return int(text)
        st.warning(f"The link asks for {name} “{text[:80]}”, which is not from {low:,} to {high:,}.")
        return None

    take(name, key, read)
    st.session_state[key] = min(max(st.session_state.get(key, default), low), high)
    value = widget(label, low, high, key=key, persist_state="session", **more)
    give(name, [str(value)])
    return value


def slug(option: object) -> str:
    """An option as the URL has it: lower case, words joined by hyphens; other scripts as they are."""
    return re.sub(r"[\s/]+", "-", str(option).strip().lower())


def _write(here: _Address) -> None:
    """Write what is shown into the URL, as one step of the browser's history; parameters of others stay."""
    ours = {*here.shown, *here.linked, *(here.before or {})}
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in ours}
    here.linked = {name: texts for name, texts in here.shown.items() if texts}
    st.query_params.from_dict(others | here.linked)
