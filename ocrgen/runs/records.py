"""What a run's two files hold: the request (`run.json`) and the status (`status.json`)."""

from typing import Any, Literal, NotRequired, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator, with_config
from typing_extensions import TypedDict  # pydantic takes that of `typing` from Python 3.12 on

State = Literal["queued", "running", "done", "failed", "cancelled", "died", "damaged"]
STATES: tuple[State, ...] = get_args(State)
ALIVE: tuple[State, ...] = ("queued", "running")
NEEDED = {  # by verb: the settings that every page reads
    "train": ("dataset", "model"),
    "reader": ("dataset",),
    "study": ("dataset",),
    "score": ("run",),
    "download": ("dataset",),
}


@with_config(ConfigDict(extra="allow"))
class PartFacts(TypedDict):
    """Number of images and fingerprint of one part of a data set."""

    n: int
    fingerprint: NotRequired[str]


class Record(BaseModel):
    """A file of a run. Keys of other versions are accepted; types are strict, and numbers finite."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)


class HalfPrecision(Record):
    """Whether a shipped generator's weights are halved, and the greatest relative change of a distance by that."""

    change: float = Field(alias="greatest change of a score")
    kept: bool


class RunRequest(Record):
    """What was asked of a run, and the facts that the working process has added."""

    verb: str
    settings: dict[str, Any]
    label: str
    number: int
    created: str
    versions: dict[str, str] = {}
    data: dict[str, PartFacts] | None = None
    classes: list[str] | None = None
    device: str | None = None
    precision: str | None = None
    half_precision: HalfPrecision | None = None
    accuracy: float | None = None
    n_labelled: int | None = None
    learned_from: str | None = None
    test_accuracy: dict[str, dict[str, float]] | None = None

    @model_validator(mode="after")
    def _has_needed_settings(self) -> Self:
        wrong = [k for k in NEEDED.get(self.verb, ()) if not isinstance(self.settings.get(k), str)]
        if wrong:
            raise ValueError(", ".join(f"settings.{k}" for k in wrong))
        return self

    @property
    def untrained(self) -> bool:
        """Whether it is of a generator that draws without having learned from images."""
        return self.verb == "train" and self.n_labelled == 0

    def n_images(self, part: str) -> int:
        """Number of images of a part of the data; 0 while it is not known."""
        facts = (self.data or {}).get(part)
        return facts["n"] if facts else 0

    def _setting(self, name: str) -> str:
        return str(self.settings.get(name, ""))

    @property
    def dataset(self) -> str:
        """Name or path of the data set; empty if the verb has none."""
        return self._setting("dataset")

    @property
    def model(self) -> str:
        """Name of the generator that is trained; empty if the verb has none."""
        return self._setting("model")

    @property
    def scored_run(self) -> str:
        """Name of the run whose epochs are scored; empty if the verb scores none."""
        return self._setting("run")


class RunStatus(Record):
    """How a run stands. Durations are in seconds, dates ISO 8601; what is not known yet is None."""

    state: State
    step: int = 0
    total: int = 0
    seconds: float | None = None
    left: float | None = None
    speed: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    per_epoch: int | None = None
    best_epoch: int | None = None
    best: float | None = None
    watched: str | None = None
    collapsed: bool | None = None
    monitor_seconds: float | None = None
    stopped: str | None = None
    bench: str | None = None
    note: str | None = None
    error: str | None = None
    pid: int | None = None
    host: str | None = None
    queued: str | None = None
    started: str | None = None
    finished: str | None = None
    updated: str | None = None

    @field_validator("step", "total", mode="before")
    @classmethod
    def _none_is_zero(cls, value: object) -> object:
        return 0 if value is None else value

    @property
    def alive(self) -> bool:
        """Whether a process is at work on it, or waits in the queue."""
        return self.state in ALIVE

    @property
    def share(self) -> float:
        """The share of steps that are done, 0 to 1; 0 while their number is unknown."""
        return min(1.0, self.step / self.total) if self.total else 0.0


def wrong_fields(fault: ValidationError) -> str:
    """The names of the fields that are missing or of the wrong kind, separated by commas."""
    errors = fault.errors(include_url=False, include_input=False)
    return ", ".join(
        dict.fromkeys(".".join(map(str, e["loc"])) or e["msg"].removeprefix("Value error, ") for e in errors)
    )
