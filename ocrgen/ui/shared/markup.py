"""The little HTML that pages need where no part of Streamlit does it: our colours beside text, which is escaped."""

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape

import streamlit as st

from ocrgen.datasets.alphabet import article, shown


def heading(text: str, colour: str) -> None:
    """A column's title with a bar in the colour that this kind of image has on every page."""
    style = f"border-left:6px solid {colour};padding-left:.6rem;font-weight:600;font-size:1.1rem"
    st.html(f'<div style="{style}">{escape(text)}</div>')


def dot(colour: str) -> None:
    """A disc in the colour that a run has in charts and tables."""
    st.html(f'<div style="width:.8rem;height:.8rem;border-radius:50%;background:{colour}"></div>', width="content")


def aligned_heading(text: str, below: str, colour: str) -> None:
    """A heading of several lines with a smaller one below; those side by side are equally high."""
    st.html(
        f'<div class="aligned-heading" style="border-left:5px solid {colour};padding-left:.5rem;'
        f'line-height:1.3"><b>{escape(text)}</b><br><span style="font-size:.8rem;opacity:.8">{escape(below)}</span>'
        "</div>"
    )


def judged_figure(what: str, figure: str, verdict: str, colour: str, below: str) -> None:
    """A figure in large type with its verdict in that verdict's colour, and its interval and n below."""
    st.html(
        f'<div style="line-height:1.35"><span style="font-size:.9rem">{escape(what)}</span><br>'
        f'<span style="font-size:1.6rem;font-weight:650">{escape(figure)}</span> '
        f'<b style="color:{colour}">{escape(verdict)}</b><br>'
        f'<span style="font-size:.8rem;opacity:.85">{escape(below)}</span></div>'
    )


def colour_scale(colours: Iterable[tuple[int, int, int]], low: str, high: str) -> None:
    """What the colours of a map mean, from `low` to `high`; colours are red, green and blue, 0 to 255."""
    stops = ",".join(f"rgb({r},{g},{b})" for r, g, b in colours)
    st.html(
        '<div style="display:flex;align-items:center;gap:.6rem;font-size:.85rem;max-width:34rem">'
        f'<span>{escape(low)}</span><div style="flex:1;height:.8rem;border-radius:4px;'
        f'background:linear-gradient(90deg,{stops})"></div><span>{escape(high)}</span></div>'
    )


def strips(pictures: list[tuple[str, str, bytes]], columns: int, alt: str, rtl: bool = False, least: int = 20) -> None:
    """Pictures of classes, each beside its text, in as many columns as there is room for.

    pictures: text, alternative text and PNG of each. columns: images side by side in one picture, which give its
    width. alt: what all of them together show. rtl: whether they follow each other from right to left. least: pixels
    that an image is wide, at least.
    """
    words = max(len(text) for text, *_ in pictures) > 8  # above their pictures, since there is no room beside
    layout, align, wide = "align-items:center;gap:.4rem", "center", "flex:1;min-width:0"
    if words:
        layout = "flex-direction:column;justify-content:flex-end;gap:.1rem;font-size:.85rem"
        align, wide = "start", "width:100%"
    cells = "".join(
        f'<figure style="display:flex;{layout};margin:0;min-width:0"><figcaption style="min-width:1.2em;'
        f'text-align:{align};line-height:1.3;overflow-wrap:anywhere">{escape(text)}</figcaption>'
        f'<img alt="{escape(about)}" src="data:image/png;base64,{b64encode(png).decode()}" style="'
        f'{wide};max-width:{44 * columns}px;border-radius:3px"></figure>'
        for text, about, png in pictures
    )
    width = max(least * columns, 100) + (0 if words else 26)
    st.html(
        f'<div role="group" aria-label="{escape(alt)}" dir="{"rtl" if rtl else "ltr"}" style="display:grid;gap:.3rem '
        f'.9rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,{width}px),1fr))">{cells}</div>'
    )


def literal(text: str) -> str:
    """A text, such as a class's, for Markdown in which it is to mean nothing but itself."""
    return re.sub(r"([\\`*_{}\[\]<>#$:~|^=+!&-])", r"\\\1", text)


def named(text: str) -> str:
    """A class with its article, for Markdown: "a 3", "an 8", "a ٣ (3)"."""
    return f"{article(text)} {literal(shown(text))}"
