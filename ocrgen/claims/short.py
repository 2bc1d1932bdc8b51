"""The answer in one sentence without brackets, and the three accuracies that stand beside it in large type."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocrgen.datasets import title
from ocrgen.datasets.alphabet import are_digits, noun
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.formatting import accuracy, per_class, points
from ocrgen.study.headline import Comparison, compare
from ocrgen.study.results import Results
from ocrgen.study.verdicts import AnyWord
from ocrgen.utils.verdict import FAILS, HOLDS, VerdictWord

EFFECTS: dict[AnyWord, str] = {
    "better": "add {:.2f} points of accuracy",
    "worse": "cost {:.2f} points of accuracy",
    "no difference that matters": "add nothing that matters",
    "undecided": "may or may not help",
    "too few to tell": "cannot be judged by so little data",
}
LESS = "make too small a difference to matter"
ORDER: dict[VerdictWord, int] = {HOLDS: 0, FAILS: 2}  # which way is told first; what is open stands between


@dataclass(frozen=True)
class Level:
    """The accuracy of one training mix, in large type.

    title: the mix, in a few words. value: the accuracy as a share. about: its interval, n, test images and labelled
    images. gain: over the level before, None for the first one; against: what that is; word: what is known of the gain.
    decided: whether it is known to be there, and to matter.
    """

    title: str
    value: float
    about: str
    gain: Comparison | None = None
    against: str = ""
    word: str = ""
    decided: bool = False

    @property
    def delta(self) -> str:
        """The gain in words: "+0.39 points"."""
        return f"{points(self.gain.mean)} points" if self.gain else ""


def images(results: Results, arm: Arm) -> str:
    """What a way adds, in words: "CVAE digits", "pseudo-labels and CVAE digits"."""
    source = f"{Arm(generator=arm.generator).title} {noun(results.classes)}s" if arm.generator else ""
    return " and ".join(filter(None, ("pseudo-labels" * bool(arm.pool), source)))


def learned_from(results: Results, n: int) -> str:
    """What all training mixes learn from: "500 labelled digits of MNIST"."""
    data = title(results.config.dataset)
    if are_digits(results.classes):
        return f"{n:,} labelled digits of {data}"
    return f"{n:,} labelled images of {data} ({per_class(n, results.classes)})"


def in_short(word: str, results: Results, n: int, gains: Sequence[Comparison]) -> str:
    """The sentence: `word`, such as "**Yes**", and what each way does; ways that do the same are named together."""
    alike: dict[str, list[Arm]] = {}
    for gain in ranked(gains):
        effect = LESS if gain.less else EFFECTS[gain.verdict].format(abs(100 * gain.mean))
        alike.setdefault(effect, []).append(gain.arm)
    told = "; ".join(f"{_together(results, arms)} {effect}" for effect, arms in alike.items())
    return f"{word}: with {learned_from(results, n)} and classical augmentation, {told}."


def _together(results: Results, arms: Sequence[Arm]) -> str:
    """Several ways in one breath: "CVAE and CGAN digits"."""
    *others, last = (images(results, arm) for arm in arms)
    if any(arm.pool or not arm.generator for arm in arms):
        return "; ".join([*others, last])
    named = [Arm(generator=arm.generator).title for arm in arms[:-1]]
    return " and ".join(filter(None, (", ".join(named), last)))


def ranked(gains: Sequence[Comparison]) -> list[Comparison]:
    """The ways that decide the answer before the others, the larger gain first: what holds, what is open, the rest."""
    return sorted(gains, key=lambda gain: (ORDER.get(gain.judged, 1), -gain.mean))


def levels(results: Results, n: int, gains: Sequence[Comparison], fair: bool) -> tuple[Level, ...]:
    """Real images alone, augmentation added, and the way that decides the answer added to both.

    fair: whether all have learned from the same labelled images; else no gain counts as decided.
    """
    kind = noun(results.classes)
    first = Level(f"Real {kind}s alone", *_accuracy(results, Arm("real"), n))
    found, bar = [first], Arm.parse(BAR)
    if gain := compare(results, bar, Arm("real"), n):
        found.append(Level("With augmentation", *_accuracy(results, bar, n), gain, f"over real {kind}s alone"))
    if gains:
        best = ranked(gains)[0]
        what = images(results, best.arm)
        word = best.decision.verdict if best.decision and fair else "not an equal comparison"
        decided = fair and not best.less and best.verdict in ("better", "worse")
        value, about = _accuracy(results, best.arm, n)
        found.append(Level(f"With {what} too", value, about, best, "over augmentation alone", word, decided))
    return tuple(found)


def _accuracy(results: Results, arm: Arm, n: int) -> tuple[float, str]:
    """The accuracy of a training mix, and the same with its interval and all that stands behind it."""
    row = results.of(arm.name, n, "accuracy")
    assert row  # it has been compared
    seeds, seen = int(row["n"]), int(row["n_labelled"])
    images = f", {results.n_test:,} test images" if results.whole_errors else ""
    return row["mean"], (
        f"{accuracy(row)}, 95% interval; {seeds} seed{'s' * (seeds != 1)}{images}; {seen:,} labelled images of "
        f"{title(results.config.dataset)} seen"
    )
