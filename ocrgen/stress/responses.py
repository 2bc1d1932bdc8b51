"""What one run of a page sends to a viewer: its time, elements, choosers, alerts and exceptions."""

from collections import Counter
from dataclasses import dataclass, field

from streamlit.proto.Delta_pb2 import Delta

SHOWN = 300  # characters of a fault or a message that are kept


@dataclass(frozen=True)
class Chooser:
    """A segmented control or a row of pills; `fragment`: the id of the fragment that holds it, else empty."""

    id: str
    label: str
    options: tuple[str, ...]
    default: str
    fragment: str


@dataclass
class PageRun:
    """What one run of a page sent."""

    seconds: float = 0.0
    """From the request to the end of the run, at the viewer, waiting for other viewers' runs included."""
    size: int = 0
    """Bytes received, including those of timers."""
    elements: Counter[str] = field(default_factory=Counter)
    """How many elements of each of Streamlit's types came; a fragment whose timer overtakes the run is left out."""
    choosers: list[Chooser] = field(default_factory=list)
    """The page's choosers, in order."""
    alerts: list[str] = field(default_factory=list)
    """The page's alerts: `error: …`, `warning: …`, `info: …`, `success: …`."""
    faults: list[str] = field(default_factory=list)
    """Exceptions that reached the page: there should be none."""

    def begin(self) -> None:
        """Discard the elements so far: the run has started anew."""
        self.elements, self.choosers, self.alerts = Counter(), [], []

    def take(self, delta: Delta) -> str:
        """Record one element; returns the exception that it shows, else an empty string."""
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
