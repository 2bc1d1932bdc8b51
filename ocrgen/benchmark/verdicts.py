"""The paper's first claim, that a CVAE is ten times faster than a CGAN, judged from the rows of a benchmark."""

from dataclasses import dataclass

from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

CLAIMED = 10
SPEED = "images per second"
WAYS = {
    "paper": "with the paper's architectures",
    "parameters": "with equal parameters",
    "decoder": "with the same decoder",
}


@dataclass(frozen=True)
class SpeedVerdict:
    """Whether the CVAE is ten times faster in one comparison.

    way: a key of WAYS. what: training or sampling. verdict: holds, does not hold or undecided. ratio: time of the CGAN
    over that of the CVAE; low, high: its 95 % interval, None for a single round. n: rounds. words: all of it as a
    sentence.
    """

    way: str
    what: str
    verdict: VerdictWord
    ratio: float
    low: float | None
    high: float | None
    n: int
    words: str


def classify_speed(low: float | None, high: float | None) -> VerdictWord:
    """Whether it is ten times faster, from the bounds of the ratio: holds, does not hold or undecided."""
    if low is None or high is None:
        return OPEN
    return HOLDS if low >= CLAIMED else FAILS if high < CLAIMED else OPEN


def verdicts(rows: list[dict], quick: bool = False) -> list[SpeedVerdict]:
    """The verdicts on training and on sampling, for each of WAYS that the rows compare; of a quick benchmark none.

    Its trainings take milliseconds, three of them a side: whatever else the machine does at the time decides.
    """
    return [_judge(row, quick) for row in rows if row["bench"] == "claim" and row["unit"] == SPEED]


def _judge(row: dict, quick: bool) -> SpeedVerdict:
    _, way, what = row["subject"].split(", ")
    ratio, low, high, n = (row[k] for k in ("ratio", "low", "high", "n"))
    verdict = OPEN if quick else classify_speed(low, high)
    bounds = "" if low is None else f" [{low:.3g}, {high:.3g}]"
    told = f'"Ten times faster" {"is " * (verdict == OPEN)}{verdict}.' if not quick else "Quick: no verdict."
    words = (
        f"{what.capitalize()} {WAYS[way]}: the CVAE is {ratio:.3g}{bounds} times as fast as the CGAN, n = {n}. {told}"
    )
    return SpeedVerdict(way, what, verdict, ratio, low, high, n, words)
