"""The views of a study's confusions: which class is taken for which, and how well each is read."""

from collections.abc import Sequence

import numpy as np

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.plots.confusion import NUMBERED, class_chart, confusion_chart, row_shares
from ocrgen.plots.section import Section, View, at_size, bars, main_arms, seen
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.formatting import n_label
from ocrgen.study.headline import headline_size, shown_ways
from ocrgen.study.results import Results


def confusion(results: Results, n: int | None = None) -> Section | None:
    """Which class is taken for which: real images, augmentation, and each generator on top of it."""
    n = n or headline_size(results)
    mixes = ["real", BAR, *(arm.name for arm in shown_ways(results))]
    keys = [key for mix in mixes if (key := f"{mix}|{n}") in results.confusions]
    if not keys:
        return None
    views = [confusion_of(results, key) for key in keys if misread_of(results, key)[0]]
    caption = f"{counted_in(results, n)}; those read right, on the diagonal, are left out."
    if perfect := [Arm.parse(key.partition("|")[0]).title for key in keys if not misread_of(results, key)[0]]:
        caption += f" Nothing was misread by: {'; '.join(perfect)}."
    title = f"What is misread as what, n = {n_label(n, results.classes)}"
    return Section(title, caption, views, columns=confusion_columns(results))


def counted_in(results: Results, n: int) -> str:
    """What the counts of confusion matrices at n labelled images are sums of, in words."""
    rows, each = results.table, results.config.readers_per_task
    seeds = rows.loc[(rows.kind == "reader") & (rows.n_real == n)].seed.nunique()
    readers = f", {each} OCR models each" if each > 1 else ""
    return f"Counts over {seeds} seed{'s' * (seeds > 1)}{readers}"


def confusion_columns(results: Results) -> int:
    """How many confusion matrices can stand side by side and still be read."""
    return 2 if len(results.classes) <= NUMBERED else 1


def misread_of(results: Results, key: str) -> tuple[int, int]:
    """How many readings of a training mix were wrong, and how many there were; key: as in `Results.confusions`."""
    counts = np.asarray(results.confusions[key])
    return int(counts.sum() - np.trace(counts)), int(counts.sum())


def confusion_of(results: Results, key: str, shares: bool = False) -> View:
    """The confusion matrix of one training mix; key: "arm|n", as in `Results.confusions`.

    shares: per cent of each true class rather than counts.
    """
    counts, (name, _, n) = np.asarray(results.confusions[key]), key.partition("|")
    values, form = (row_shares(counts), ".1%") if shares else (counts, ",")
    (total, of), title = misread_of(results, key), Arm.parse(name).title
    most = _most(results, np.where(np.eye(len(values)), 0, values), form)
    alt = f"Confusion matrix of {title}: {total:,} of {of:,} misread" + (f"; most often {most}." if most else ".")
    figure = confusion_chart(values, results.classes, f"{title}: what was misread", "shares" if shares else "counts")
    return View(f"{title}: {total:,} misread", figure, alt, seen(results, name, int(n)))


def confusion_change(results: Results, key: str, other: str) -> View:
    """How the shares of two training mixes' confusion matrices differ, `other` minus `key`, in points."""
    change = 100 * (row_shares(np.asarray(results.confusions[other])) - row_shares(np.asarray(results.confusions[key])))
    one, two = (Arm.parse(k.partition("|")[0]).title for k in (key, other))
    alt = f"Difference of two confusion matrices in points, {two} minus {one}."
    off = np.where(np.eye(len(change)), 0, change)
    if more := _most(results, off, "+.2f"):
        alt += f" Misread more often: {more}."
    if fewer := _most(results, -off, ".2f", "−"):
        alt += f" Misread less often: {fewer}."
    figure = confusion_chart(change, results.classes, "Difference in points of each true class", "change")
    return View(f"{two} minus {one}", figure, alt)


def _most(results: Results, values: np.ndarray, form: str, sign: str = "") -> str:
    """The three largest of values (K, K) above 0 in words."""
    texts, k = list(map(shown, results.classes)), len(values)
    top = [divmod(int(i), k) for i in np.argsort(-values, axis=None, kind="stable")[:3]]
    return "; ".join(f"{texts[i]} as {texts[j]} ({sign}{values[i, j]:{form}})" for i, j in top if values[i, j] > 0)


def by_class(results: Results, n: int | None = None, names: Sequence[str] | None = None) -> Section | None:
    """How well each class is read, by F1, of the main training mixes or of `names`."""
    n = n or headline_size(results)
    names = main_arms(results, n) if names is None else list(names)
    rows = at_size(results, n)
    rows = rows.loc[rows.arm.isin(names)]
    rows = rows.loc[rows.metric.str.startswith("f1/")].sort_values(
        "arm", key=lambda arms: arms.map(names.index), kind="stable"
    )
    if rows.empty:
        return None
    kind, title = noun(results.classes), f"F1 of each {noun(results.classes)}"
    mean = rows.groupby("metric")["mean"].mean().sort_values()
    hard = ", ".join(f"{shown(results.classes[int(m[3:])])} ({v:.0%})" for m, v in mean.iloc[:5].items())
    view = View(title, class_chart(rows, results.classes, title), f"{title}, by training mix. Hardest: {hard}.")
    caption = f"Hardest, mean over these training mixes: {hard}. {bars(results)}"
    return Section(f"How well each {kind} is read, n = {n_label(n, results.classes)}", caption, [view])
