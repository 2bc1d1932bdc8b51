"""Where the intervals of a study's declared family lie on a line, so far and now, for the page and the report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocrgen.study.decision import Decision
from ocrgen.study.family import AT_WORK, settled
from ocrgen.study.forecast import seconds_left
from ocrgen.study.formatting import bounds, n_label, points
from ocrgen.study.headline import complete_seeds
from ocrgen.study.progress import Course, Step, courses, level
from ocrgen.study.results import Results
from ocrgen.study.sequential import LOOKS
from ocrgen.utils.progress import duration


@dataclass(frozen=True)
class Tick:
    """The interval of so many seeds as a bar: places and sizes in per cent; `told`: the figures in words."""

    step: Step
    left: float
    width: float
    low: float
    height: float
    told: str


@dataclass(frozen=True)
class Row:
    """A comparison as it is drawn. Places in per cent of a line: band, of what does not matter, (start, width); zero;
    bar, the interval, None for one seed; dot, the mean. flat, level: band and zero of `ticks`, from below.
    """

    course: Course
    figure: str
    interval: str
    word: str
    detail: str
    band: tuple[float, float]
    zero: float
    bar: tuple[float, float] | None
    dot: float
    flat: tuple[float, float]
    level: float
    ticks: tuple[Tick, ...]
    span: str
    heard: str


@dataclass(frozen=True)
class Group:
    """The comparisons at one number of labelled images, on one scale."""

    label: str
    about: str
    rows: tuple[Row, ...]


def grouped(results: Results) -> list[Group]:
    """The declared family by the number of labelled images."""
    by_size: dict[int, list[Course]] = {}
    for course in courses(results):
        by_size.setdefault(course.n, []).append(course)
    return [_group(results, n, rows) for n, rows in by_size.items()]


def how_decided(results: Results) -> str:
    """When the study decides, and how much of it is there, in words."""
    config, whole, seeds = results.config, complete_seeds(results), results.seeds
    there = f"{whole} of {seeds} seeds {'is' if whole == 1 else 'are'} complete"
    if not config.until_decided:
        return f"All is decided at once, when the last seed is complete: {there}."
    looks = ", ".join(map(str, LOOKS[:-1]))
    ended = whole == seeds and results.done == results.total
    there = f"It ended after {seeds} seeds" if ended and settled(results.decisions) else there
    return (
        f"The study looks at {looks} and {LOOKS[-1]} seeds, and ends once more seeds would decide nothing; what a look "
        f"has decided stays so. {there}."
    )


def explained(results: Results) -> str:
    """How to read the bars."""
    rest = "only looks decide (full bars)" if results.config.until_decided else "only the last decides (full bar)"
    return (
        "Left: gain over real + augmentation and its interval; grey: gains that do not matter, either way; line: no "
        f"difference. Right: the same interval after 2, 3 and more complete seeds. Of these {rest}: who stopped at "
        f"whatever looks best would be led by chance. Each interval has the level {level(results):.1%}, so that all "
        "of them hold together with 95%."
    )


def _group(results: Results, n: int, rows: list[Course]) -> Group:
    matters = rows[0].decision.matters
    ends = [x for c in rows for x in _ends(c.decision)]
    low, high = _scale(ends, matters)
    # The first intervals are so wide that on their scale nothing else could be seen: they are cut off.
    shrunk = [x for c in rows for s in c.steps[len(c.steps) // 2 :] for x in (s.low, s.high)]
    about = f"what matters: {100 * matters:.2g} points; the line goes from {points(low)} to {points(high)}"
    drawn = tuple(_row(results, c, (low, high), _scale([*ends, *shrunk], matters)) for c in rows)
    return Group(n_label(n, results.classes), about, drawn)


def _ends(d: Decision) -> Iterable[float]:
    return [x for x in (d.low, d.high, d.estimate.mean) if x == x]


def _scale(ends: Sequence[float], matters: float) -> tuple[float, float]:
    """From below all ends and what matters to above, with a margin."""
    low, high = min([-1.4 * matters, *ends]), max([1.4 * matters, *ends])
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _row(results: Results, course: Course, line: tuple[float, float], tall: tuple[float, float]) -> Row:
    d, steps = course.decision, course.steps
    bar = None if d.low != d.low else _between(d.low, d.high, line)
    width = 100 / max(1, results.config.most_seeds - 1)
    ticks = tuple(_tick(step, width, tall) for step in steps)
    heard = "; ".join(t.told for t in ticks if t.step.look or t is ticks[-1])
    return Row(
        course,
        points(d.estimate.mean),
        bounds(d.low, d.high, none="one seed: no interval"),
        d.verdict,
        _detail(results, course),
        _between(-d.matters, d.matters, line),
        _at(0, line),
        bar,
        _at(d.estimate.mean, line),
        _between(-d.matters, d.matters, tall),
        _at(0, tall),
        ticks,
        _span(results, steps),
        f"Interval from seed to seed: {heard}.",
    )


def _span(results: Results, steps: Sequence[Step]) -> str:
    """Of how many seeds there is an interval, and how many there may be."""
    if not steps:
        return ""
    first, most = "2 to " * (len(steps) > 1), results.config.most_seeds
    return f"{first}{steps[-1].seeds}" + (
        f" seeds, of at most {most}" if results.config.until_decided else f" of {most} seeds"
    )


def _tick(step: Step, width: float, tall: tuple[float, float]) -> Tick:
    low, height = _between(step.low, step.high, tall)
    told = f"{step.seeds} seeds{', a look' if step.look else ''}: {points(step.mean)} {bounds(step.low, step.high)}"
    return Tick(step, round(width * (step.seeds - 2), 2), round(width, 2), low, height, told)


def _detail(results: Results, course: Course) -> str:
    """What decided a comparison, or what is left, in words."""
    d = course.decision
    if course.decided_at:
        return f"decided at {course.decided_at} seeds"
    if d.word == "too few to tell" or d.would_decide == AT_WORK:
        return f"{d.estimate.seeds} seed{'s' * (d.estimate.seeds != 1)}, {d.estimate.images:,} test images"
    left = seconds_left(results, d.more_seeds) if d.more_seeds else None
    return d.would_decide + ("" if left is None else f", some {duration(left)}")


def _at(value: float, line: tuple[float, float]) -> float:
    low, high = line
    return round(100 * (min(max(value, low), high) - low) / (high - low), 1)


def _between(start: float, end: float, line: tuple[float, float]) -> tuple[float, float]:
    """Where a stretch begins, and how long it is."""
    low = _at(start, line)
    return low, round(_at(end, line) - low, 1)
