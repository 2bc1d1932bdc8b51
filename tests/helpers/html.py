"""A parser of whole pages that minds what is left open."""

from html.parser import HTMLParser

VOID = {"meta", "br"}


class Page(HTMLParser):
    """What stands in a page: elements with attributes, texts that are shown, and those of scripts and styles."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.elements, self.shown, self.hidden = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "style"):
            self.hidden.append((tag, dict(attributes), ""))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, text):
        if self.open and self.open[-1] in ("script", "style"):
            tag, attributes, before = self.hidden[-1]
            self.hidden[-1] = (tag, attributes, before + text)
        else:
            self.shown.append(text)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        """All that is shown, with single spaces."""
        return " ".join("".join(self.shown).split())
