"""The views of a study, each made once: its figures with title and alternative text, for the page and the report."""

from collections.abc import Sequence

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, STRENGTHS
from ocrgen.plots import study as charts
from ocrgen.plots.confusion import NUMBERED, class_chart, confusion_chart
from ocrgen.plots.section import Section, View, at_size, bars, legend_item, listed, main_arms, seen, word_of
from ocrgen.study.arms import BAR, NOISE_BAR, Arm
from ocrgen.study.config import PAPER_N
from ocrgen.study.family import declared
from ocrgen.study.formatting import n_label
from ocrgen.study.headline import headline_size, shown_ways
from ocrgen.study.results import Results


def by_arm(
    results: Results, n: int | None = None, metric: str = "accuracy", against: str = "real+aug"
) -> Section | None:
    """Every training mix at n labelled images, the headline's if None, and what each gains over one of them."""
    n = n or headline_size(results)
    rows = results.readers.loc[(results.readers.metric == metric) & results.readers.n_real.isin([n, 0])]
    if rows.empty:
        return None
    title = f"{charts.METRICS[metric]} on the test images"
    views = [View(title, charts.arms_chart(rows, title), f"{title}, by training mix: {listed(rows, '.2%')}.")]
    gains = results.differences
    gains = gains.loc[(gains.n_real == n) & (gains.metric == metric) & (gains.against == against)]
    caption = (
        f"{bars(results, metric)} n beside each training mix: the labelled images that it has seen, its generator's "
        "included."
    )
    if len(gains):
        gains = gains.merge(rows.loc[rows.n_real == n][["arm", "n_labelled"]], on="arm")
        gains["word"] = [word_of(results, arm, against, n, metric) for arm in gains.arm]
        title = f"Gain over {n:,} {Arm.parse(against).title}"
        figure = charts.arms_chart(gains, title, zero=True)
        told = "; ".join(f"{w}: {listed(rows, '+.2%')}" for w, rows in gains.groupby("word", sort=False))
        views.append(View(title, figure, f"{title}. {told[:1].upper()}{told[1:]}."))
        caption += f" Gains are differences within each seed. {_judged(results, against, metric)}"
    return Section(f"By what the reader learned from, n = {n_label(n, results.classes)}", caption, views, columns=2)


def _judged(results: Results, against: str, metric: str) -> str:
    """Which gains are judged, in words."""
    if (against, metric) == (BAR, "accuracy"):
        return (
            f"Those of the {len(declared(results.config))} comparisons declared beforehand have intervals as wide as "
            "their number asks for (Bonferroni); all others are exploratory."
        )
    if (against, metric) == (NOISE_BAR, "corrupted"):
        return "The verdicts on the paper’s fifth claim rest on these, with intervals as wide as their number asks for."
    return "All of these are exploratory."


def by_size(results: Results, metric: str = "accuracy", names: Sequence[str] | None = None) -> Section | None:
    """A metric by the number of labelled images; `names`: training mixes, the main ones if None."""
    rows = results.readers.loc[(results.readers.metric == metric) & (results.readers.n_real > 0)]
    if len(results.config.sizes()) < 2 or rows.empty:
        return None
    names = main_arms(results) if names is None else names
    title = f"{charts.METRICS[metric]} by the number of labelled images"
    figures = " ".join(
        f"At {n_label(n, results.classes)}: {listed(rows.loc[(rows.n_real == n) & rows.arm.isin(names)], '.2%')}."
        for n in sorted(rows.n_real.unique())
    )
    alone = results.readers.loc[(results.readers.metric == metric) & results.readers.arm.isin(names)]
    alone = alone.loc[(alone.n_real == 0) & alone.arm.map(lambda name: Arm.parse(name).alone)]
    figures += f" Without labelled images: {listed(alone, '.2%')}." if len(alone) else ""
    view = View(title, charts.size_chart(results.readers, list(names), metric), f"{title}. {figures}")
    caption = f"Every training mix at an n has learned from the same n labelled images. {bars(results, metric)}"
    caption += " Dotted: it needs no labelled image." if len(alone) else ""
    return Section("When labelled images are scarce", caption, [view])


def by_epoch(results: Results, average: str = "macro") -> Section | None:
    """The paper's plots: what a reader of each epoch's samples scores, and how much of the real images they cover."""
    rows = results.summary.loc[results.summary.kind == "epoch"]
    if rows.empty:
        return None
    views = []
    for metric in ("accuracy", f"precision_{average}", f"recall_{average}", f"f1_{average}", "gan_test", "coverage"):
        of_metric = rows.loc[rows.metric == metric]
        if of_metric.empty:
            continue
        covered = f"Coverage: share of real {noun(results.classes)}s with a generated one near"
        title = charts.METRICS.get(metric, covered)
        last = of_metric.loc[of_metric.epoch == of_metric.epoch.max()]
        alt = f"{title}, by epoch of the generator. At epoch {last.epoch.max()}: {listed(last, '.2%')}."
        figure = charts.epochs_chart(rows, metric, title, results.of("real", PAPER_N, metric))
        views.append(View(title, figure, alt))
    caption = (
        f"Each point: a reader of {results.config.samples:,} generated images of one epoch; the generator has seen "
        f"{int(rows.n_labelled.max()):,} labelled images. Dashed, where it applies: a reader of {PAPER_N} real images. "
        f"{bars(results)}"
    )
    return Section("Over the generator's epochs", caption, views, columns=2)


def robustness(results: Results, n: int | None = None, names: Sequence[str] | None = None) -> Section | None:
    """Accuracy under each corruption by strength, and under attack, of the main training mixes or of `names`."""
    n = n or headline_size(results)
    rows = at_size(results, n)
    if not rows.metric.str.startswith("corruption/").any():
        return None
    names = main_arms(results, n) if names is None else list(names)
    panels: dict[str, tuple[str, list]] = {k: (c.title, list(STRENGTHS)) for k, c in CORRUPTIONS.items()}
    panels["attack"] = ("Attack (FGSM), by how far a pixel moves", [float(e) for e in EPSILONS])
    views = []
    for name, (title, steps) in panels.items():
        hardest = f"attack/{len(steps) - 1}" if name == "attack" else f"corruption/{name}/{len(steps)}"
        worst = rows.loc[(rows.metric == hardest) & rows.arm.isin(names)]
        alt = f"Accuracy under {title.lower()}, by strength. At the strongest: {listed(worst, '.0%')}."
        views.append(View(title, charts.strength_chart(rows, names, name, title, steps), alt))
    caption = (
        f"Accuracy on {results.config.n_robustness:,} test images, the same for all training mixes, corrupted in five "
        f"strengths, or attacked. {bars(results)}"
    )
    legend = tuple(legend_item(results, Arm.parse(name), n) for name in names)
    return Section(f"Robustness, n = {n_label(n, results.classes)}", caption, views, columns=3, legend=legend)


def confusion(results: Results, n: int | None = None) -> Section | None:
    """Which class is taken for which: real images, augmentation, and each generator on top of it."""
    n = n or headline_size(results)
    mixes = ["real", BAR, *(arm.name for arm in shown_ways(results))]
    views = [confusion_of(results, key) for mix in mixes if (key := f"{mix}|{n}") in results.confusions]
    if not views:
        return None
    caption = f"{counted_in(results, n)}; those read right, on the diagonal, are left out."
    title = f"What is misread as what, n = {n_label(n, results.classes)}"
    return Section(title, caption, views, columns=confusion_columns(results))


def counted_in(results: Results, n: int) -> str:
    """What the counts of confusion matrices at n labelled images are sums of, in words."""
    rows, each = results.table, results.config.readers_per_task
    seeds = rows.loc[(rows.kind == "reader") & (rows.n_real == n)].seed.nunique()
    readers = f", with {each} readers each" if each > 1 else ""
    return f"Counts over {seeds} seed{'s' * (seeds > 1)}{readers}"


def confusion_columns(results: Results) -> int:
    """How many confusion matrices can stand side by side and still be read."""
    return 2 if len(results.classes) <= NUMBERED else 1


def confusion_of(results: Results, key: str) -> View:
    """The confusion matrix of one training mix; key: "arm|n", as in `Results.confusions`."""
    counts, (name, _, n) = results.confusions[key], key.partition("|")
    texts = list(map(shown, results.classes))
    wrong = [(v, i, j) for i, row in enumerate(counts) for j, v in enumerate(row) if i != j and v]
    total, title = sum(v for v, *_ in wrong), Arm.parse(name).title
    most = "; ".join(f"{v} times {texts[i]} as {texts[j]}" for v, i, j in sorted(wrong, reverse=True)[:3])
    alt = f"Confusion matrix of {title}: {total:,} misread in all" + (f"; most often {most}." if most else ".")
    figure = confusion_chart(counts, results.classes, f"{title}: what was misread")
    return View(f"{title}: {total:,} misread", figure, alt, seen(results, name, int(n)))


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


def distances(results: Results) -> Section | None:
    """Whether FID or LFID tells how well a reader learns."""
    if not results.correlations:
        return None
    epochs = results.table.loc[results.table.kind == "epoch"]
    views = []
    for distance, title in charts.DISTANCES.items():
        rows = [r for r in results.correlations if r["distance"] == distance]
        ranks = ", ".join(f"{r['spearman']:+.2f} ({Arm.parse(r['scope']).title})" for r in rows)
        words = f"{title} and accuracy: rank correlation within a training {ranks}"
        alt = f"Scatter of {sum(r['checkpoints'] for r in rows)} checkpoints, {words}."
        views.append(View(words, charts.rank_chart(epochs, distance), alt))
    caption = (
        "Each point: one epoch of one training, its distance to real images and the accuracy of a reader of its "
        "images. A distance that judges well falls from left to right in each training: its rank correlation is near "
        "−1. So does whatever falls as training goes on, as the bare number of the epoch would: what counts is what "
        "its choices lose. A distance does not see lost variety or copies: coverage over the epochs does."
    )
    return Section("Do FID and LFID tell beforehand?", caption, views, columns=2)
