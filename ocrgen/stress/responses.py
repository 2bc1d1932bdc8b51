"""What one run of a page sends to a viewer: how long it took, its elements, what there is to choose, its faults."""

from collections import Counter
from dataclasses import dataclass, field

from streamlit.proto.Delta_pb2 import Delta

SHOWN = 300  # characters of a fault or a message that are kept


@dataclass(frozen=True)
class Chooser:
    """A segmented control or a row of pills, as a viewer sees it; `fragment`: the one that it stands in, else empty."""

    id: str
    label: str
    options: tuple[str, ...]
    default: str
    fragment: str


@dataclass
class PageRun:
    """What one run of a page sent."""

    seconds: float = 0.0
    """From the question to the end of the run, at the viewer: waiting for other viewers' runs is part of it."""
    size: int = 0
    """Bytes received, those of timers too."""
    elements: Counter[str] = field(default_factory=Counter)
    """How many elements of each of Streamlit's types came; a fragment whose timer overtakes the run is left out."""
    choosers: list[Chooser] = field(default_factory=list)
    """What there is to choose, in the page's order."""
    alerts: list[str] = field(default_factory=list)
    """What the page says in boxes: `error: …`, `warning: …`, `info: …`, `success: …`."""
    faults: list[str] = field(default_factory=list)
    """Exceptions that reached the page: there should be none."""

    def begin(self) -> None:
        """Forget what was drawn: the run starts anew."""
        self.elements, self.choosers, self.alerts = Counter(), [], []

    def take(self, delta: Delta) -> str:
        """Note one element; returns the fault that it shows, else an empty text."""
        if delta.WhichOneof("type") != "new_element":
            return ""
        element = delta.new_element
        name = element.WhichOneof("type") or ""
        self.elements[name] += 1
        if name == "exception" and not element.exception.is_warning:
            return f"{element.exception.type}: {element.exception.message}"
        if name == "alert":
            kind = element.alert.Format.Name(element.alert.format).lower()
            self.alerts.append(f"{kind}: {element.alert.body[:SHOWN]}")
        elif name == "button_group" and not element.button_group.disabled:
            group = element.button_group
            options = tuple(o.content for o in group.options)
            default = options[group.default[0]] if group.default else ""
            self.choosers.append(Chooser(group.id, group.label, options, default, delta.fragment_id))
        return ""
