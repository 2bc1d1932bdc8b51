"""The views of a study, each made once: its figures with title and alternative text, for the page and the report."""

from collections.abc import Sequence

from ocrgen.datasets.alphabet import noun
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, STRENGTHS
from ocrgen.plots import study as charts
from ocrgen.plots.epochs import epochs_chart, rank_chart
from ocrgen.plots.error_rates import CEILING, as_errors
from ocrgen.plots.section import Section, View, at_size, bars, legend_item, listed, main_arms, word_of
from ocrgen.study.arms import BAR, NOISE_BAR, Arm
from ocrgen.study.config import PAPER_N
from ocrgen.study.family import declared
from ocrgen.study.formatting import n_label
from ocrgen.study.headline import headline_size
from ocrgen.study.results import Results
from ocrgen.utils.numbers import signed


def ceiling(results: Results, metric: str, n: int | None = None) -> bool:
    """Whether a share, such as an accuracy, is so near to 1 that error rates tell more.

    Of what is shown at n labelled images; None: by the number of labelled images.
    """
    rows = results.readers.loc[results.readers.metric == metric]
    rows = rows.loc[rows.n_real > 0] if n is None else rows.loc[rows.n_real.isin([n, 0])]
    return metric != "calibration_error" and len(rows) > 0 and float(rows["mean"].max()) > CEILING


def by_arm(
    results: Results, n: int | None = None, metric: str = "accuracy", against: str = "real+aug",
    errors: bool | None = None,
) -> Section | None:  # fmt: skip
    """Every training mix at n labelled images, the headline's if None, and what each gains over one of them.

    errors: show error rates on a log axis; None: where accuracies are near their ceiling.
    """
    n = n or headline_size(results)
    rows = results.readers.loc[(results.readers.metric == metric) & results.readers.n_real.isin([n, 0])]
    if rows.empty:
        return None
    errors = ceiling(results, metric, n) if errors is None else errors
    title = f"{charts.error_name(metric) if errors else charts.METRICS[metric]} on the test images"
    told = listed(as_errors(rows) if errors else rows, ".2%")
    views = [View(title, charts.arms_chart(rows, title, errors=errors), f"{title}, by training mix: {told}.")]
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
        figure, in_points = charts.arms_chart(gains, title, gains=True), gains.assign(mean=100 * gains["mean"])
        told = "; ".join(f"{w}: {listed(rows, '+.2f')}" for w, rows in in_points.groupby("word", sort=False))
        views.append(View(title, figure, f"{title}, in points. {told[:1].upper()}{told[1:]}."))
        caption += f" Gains are differences within each seed. {_judged(results, against, metric)}"
    return Section(f"By training mix, n = {n_label(n, results.classes)}", caption, views, columns=2)


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


def by_size(
    results: Results, metric: str = "accuracy", names: Sequence[str] | None = None, errors: bool | None = None
) -> Section | None:
    """A metric by the number of labelled images; `names`: training mixes, the main ones if None; errors: as above."""
    rows = results.readers.loc[(results.readers.metric == metric) & (results.readers.n_real > 0)]
    if len(results.config.sizes()) < 2 or rows.empty:
        return None
    names = main_arms(results) if names is None else names
    errors = ceiling(results, metric) if errors is None else errors
    rows = as_errors(rows) if errors else rows
    title = f"{charts.error_name(metric) if errors else charts.METRICS[metric]} by the number of labelled images"
    figures = " ".join(
        f"At {n_label(n, results.classes)}: {listed(rows.loc[(rows.n_real == n) & rows.arm.isin(names)], '.2%')}."
        for n in sorted(rows.n_real.unique())
    )
    alone = results.readers.loc[(results.readers.metric == metric) & results.readers.arm.isin(names)]
    alone = alone.loc[(alone.n_real == 0) & alone.arm.map(lambda name: Arm.parse(name).alone)]
    alone = as_errors(alone) if errors else alone
    figures += f" Without labelled images: {listed(alone, '.2%')}." if len(alone) else ""
    view = View(title, charts.size_chart(results.readers, list(names), metric, errors), f"{title}. {figures}")
    caption = f"Every training mix at an n has learned from the same n labelled images. {bars(results, metric)}"
    caption += " Dotted: it needs no labelled image." if len(alone) else ""
    caption += " A bar that runs out of the log axis reaches 0." if errors and rows.low.min() <= 0 else ""
    return Section("When labelled images are scarce", caption, [view])


def by_epoch(
    results: Results, metrics: Sequence[str] = ("accuracy", "f1_macro", "gan_test", "coverage")
) -> Section | None:
    """The paper's plots: what a reader of each epoch's samples scores, and how much of the real images they cover."""
    rows = results.summary.loc[results.summary.kind == "epoch"]
    if rows.empty:
        return None
    views = []
    for metric in metrics:
        of_metric = rows.loc[rows.metric == metric]
        if of_metric.empty:
            continue
        covered = f"Coverage: share of real {noun(results.classes)}s with a generated one near"
        title = charts.METRICS.get(metric, covered)
        last = of_metric.loc[of_metric.epoch == of_metric.epoch.max()]
        alt = f"{title}, by epoch of the generator. At epoch {last.epoch.max()}: {listed(last, '.2%')}."
        figure = epochs_chart(rows, metric, title, results.of("real", PAPER_N, metric))
        views.append(View(title, figure, alt))
    caption = (
        f"Each point: an OCR model of {results.config.samples:,} generated images of one epoch; the generator has seen "
        f"{int(rows.n_labelled.max()):,} labelled images. Dashed, where it applies: an OCR model of {PAPER_N} real "
        f"images. {bars(results)}"
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


def distances(results: Results) -> Section | None:
    """Whether FID or LFID tells how well a reader learns."""
    if not results.correlations:
        return None
    epochs = results.table.loc[results.table.kind == "epoch"]
    views = []
    for distance, title in charts.DISTANCES.items():
        rows = [r for r in results.correlations if r["distance"] == distance]
        ranks = ", ".join(f"{signed(r['spearman'], 2)} ({Arm.parse(r['scope']).title})" for r in rows)
        words = f"{title} and accuracy: rank correlation within a training {ranks}"
        alt = f"Scatter of {sum(r['checkpoints'] for r in rows)} checkpoints, {words}."
        views.append(View(words, rank_chart(epochs, distance), alt))
    caption = (
        "Each point: one epoch of one training, its distance to real images and the accuracy of an OCR model trained "
        "on its images. A distance that judges well falls from left to right in each training: its rank correlation is "
        "near −1. So does whatever falls as training goes on, as the bare number of the epoch would: what counts is "
        "what its choices lose. A distance does not see lost variety or copies: coverage over the epochs does."
    )
    return Section("Do FID and LFID tell beforehand?", caption, views, columns=2)
