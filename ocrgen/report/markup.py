"""HTML that is safe by construction: elements from Python, whatever is no HTML yet is escaped."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already: it is not escaped again."""


def html(value: object) -> Html:
    """The value as HTML, escaped unless it is HTML already; a list is joined, None is nothing."""
    if isinstance(value, Html):
        return value
    if isinstance(value, list | tuple):
        return Html("".join(map(html, value)))
    return Html("" if value is None else escape(str(value)))


def el(tag: str, *children: object, **attributes: object) -> Html:
    """One element. `class_` and `aria_label` become class and aria-label; attributes of None or False are left out."""
    told = [
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    opened = f"<{tag}{''.join(told)}>"
    return Html(opened if tag == "meta" else f"{opened}{html(children)}</{tag}>")


def table(caption: object, heads: list[str], rows: list[list], numeric: Iterable[int] = (), cards: str = "") -> Html:
    """A table with caption and scopes, the first cell of each row its head.

    `numeric`: columns set to the right. `cards` ("plain", or "terse" without labels): on a narrow screen each row
    becomes a card; its cells then keep their roles, which such a layout would take from them. Any other table scrolls.
    """

    def role(name: str) -> dict:
        return {"role": name} if cards else {}

    def cell(i: int, value: object) -> Html:
        about = {"class_": "number" if i in numeric else None, "data_label": heads[i] if cards and i else None}
        if i == 0:
            return el("th", value, scope="row", **about, **role("rowheader"))
        return el("td", el("span", value) if cards else value, **about, **role("cell"))

    top = [
        el("th", head, scope="col", class_="number" if i in numeric else None, **role("columnheader"))
        for i, head in enumerate(heads)
    ]
    body = [el("tr", [cell(i, v) for i, v in enumerate(row)], **role("row")) for row in rows]
    drawn = el(
        "table",
        el("caption", caption),
        el("thead", el("tr", top, **role("row")), **role("rowgroup")),
        el("tbody", body, **role("rowgroup")),
        class_=f"cards {cards}" if cards else None,
        **role("table"),
    )
    if cards:
        return drawn
    return el("div", drawn, class_="scroll", tabindex="0", role="region", aria_label=f"Table: {caption}")


def folded(summary: object, *children: object, printed: bool = True) -> Html:
    """What opens at a click; on paper it is open, unless it is not to be `printed`."""
    return el("details", el("summary", summary), *children, data_print=None if printed else "no")


def marked(text: str) -> Html:
    """Words in which **this** is bold and `this` is code."""
    parts = [[el("code", p) if i % 2 else html(p) for i, p in enumerate(part.split("`"))] for part in text.split("**")]
    return html([el("b", part) if i % 2 else html(part) for i, part in enumerate(parts)])
