"""The paper's first claim, that a CVAE is ten times faster than a CGAN, as verdicts on what a benchmark found."""

CLAIMED = 10
SPEED = "images per second"
WAYS = {
    "paper": "with the paper's architectures",
    "parameters": "with equal parameters",
    "decoder": "with the same decoder",
}


def classify_speed(low: float | None, high: float | None) -> str:
    """Whether it is ten times faster, from the bounds of the ratio: holds, does not hold or undecided."""
    if low is None or high is None:
        return "undecided"
    return "holds" if low >= CLAIMED else "does not hold" if high < CLAIMED else "undecided"


def verdicts(rows: list[dict]) -> list[dict]:
    """The verdicts on training and sampling, each way: way, what, verdict, ratio, low, high, n and words."""
    found = []
    for row in rows:
        if row["bench"] == "claim" and row["unit"] == SPEED:
            _, way, what = row["subject"].split(", ")
            verdict = classify_speed(row["low"], row["high"])
            bounds = "" if row["low"] is None else f" [{row['low']:.3g}, {row['high']:.3g}]"
            words = (
                f"{what.capitalize()} {WAYS[way]}: the CVAE is {row['ratio']:.3g}{bounds} times as fast as the CGAN, "
                f'n = {row["n"]}. "Ten times faster" {"is " * (verdict == "undecided")}{verdict}.'
            )
            kept = {k: row[k] for k in ("ratio", "low", "high", "n")}
            found.append({"way": way, "what": what, "verdict": verdict, **kept, "words": words})
    return found
