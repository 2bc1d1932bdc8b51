"""A report's charts: the study's figures in the house style, each with its words, fit for screen, phone and paper."""

import pandas as pd
import plotly.graph_objects as go

from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS
from ocrgen.plots import study as charts
from ocrgen.report.figures import Charts
from ocrgen.report.markup import Html, el
from ocrgen.report.summary import headline_size
from ocrgen.study import Results
from ocrgen.study.plan import PAPER_N, Arm, arms

EPOCHS = {
    "accuracy": "Accuracy of a reader of each epoch's images",
    "f1_macro": "F1 (macro) of a reader of each epoch's images",
    "gan_test": "GAN-test: generated images read as meant",
    "coverage": "Coverage: share of real digits with a generated one near",
}


def _names(results: Results, n: int) -> list[str]:
    there = set(results.readers[results.readers.n_real == n].arm)
    return [a.name for a in arms(results.config.generators) if a.name in there]


def _main(names: list[str]) -> list[str]:
    """The arms that matter most: real images, and what comes on top of augmentation, filtered."""
    return [n for n in names if not Arm.parse(n).generator or (Arm.parse(n).filtered and Arm.parse(n).augmented)]


def views(results: Results, drawn: Charts) -> Html:
    """Every view that this study has figures for, under its own heading."""
    found = (by_arm, by_size, by_epoch, robustness, confusion, distances)
    return Html("".join(view(results, drawn) for view in found))


def _listed(rows: pd.DataFrame, form: str) -> str:
    ordered = rows.sort_values("mean", ascending=False)
    return "; ".join(f"{Arm.parse(r.arm).title} {r.mean:{form}}" for r in ordered.itertuples())


def by_arm(results: Results, drawn: Charts) -> Html:
    """Every arm's accuracy at the headline's size, and what each gains over augmentation."""
    n, readers = headline_size(results), results.readers
    rows = readers[(readers.metric == "accuracy") & readers.n_real.isin([n, 0])]
    if rows.empty:
        return Html("")
    parts = [
        el("h3", f"By what the reader learned from, n = {n:,}"),
        el("p", f"{_bars(results)} Beside each arm: the labelled images that it has seen, its generator included."),
        _dots(drawn, rows, "Accuracy on the test images", f"Accuracy by arm: {_listed(rows, '.2%')}."),
    ]
    gains = results.differences
    gains = gains[(gains.n_real == n) & (gains.metric == "accuracy") & (gains.against == "real+aug")]
    if len(gains):
        gains = gains.merge(rows[rows.n_real == n][["arm", "n_labelled"]], on="arm")
        title = f"Gain over {n:,} {Arm('real', True).title}, paired by seed"
        parts.append(_dots(drawn, gains, title, f"{title}: {_listed(gains, '+.2%')}.", zero=True))
    return el("section", parts)


def _bars(results: Results) -> str:
    return f"Bars: 95% intervals over up to {results.config.seeds} seeds."


def _dots(drawn: Charts, rows: pd.DataFrame, title: str, alt: str, zero: bool = False) -> Html:
    """One dot an arm; on a small screen the names stand above their dots."""
    figure = charts.arms_chart(rows, title, zero=zero)
    figure.for_each_trace(lambda trace: trace.update(marker_line_color=trace.marker.color))
    narrow = go.Figure(figure)
    labels = [trace.y[0] for trace in figure.data]
    about = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "y", "yshift": 13, "showarrow": False}
    narrow.update_layout(
        height=70 + 40 * len(labels),
        annotations=[about | {"y": i, "text": label, "font": {"size": 12}} for i, label in enumerate(labels)],
    )
    narrow.update_yaxes(showticklabels=False)
    return drawn.add(figure, title, alt, narrow)


def by_size(results: Results, drawn: Charts) -> Html:
    """The low-data curve of the fair protocol."""
    readers = results.readers
    there = readers[(readers.metric == "accuracy") & (readers.n_real > 0)]
    if results.config.protocol != "fair" or there.n_real.nunique() < 2:
        return Html("")
    names = _main([a.name for a in arms(results.config.generators) if a.name in set(there.arm)])
    alt = "Accuracy by labelled images. " + " ".join(
        f"At {n:,}: {_listed(there[(there.n_real == n) & there.arm.isin(names)], '.2%')}."
        for n in sorted(there.n_real.unique())
    )
    figure = charts.size_chart(readers, names, "accuracy")
    figure.update_layout(height=420)
    return el(
        "section",
        el("h3", "When labelled images are scarce"),
        el("p", f"Every arm at an n has learned from the same n labelled images. {_bars(results)}"),
        drawn.add(figure, "Accuracy by the number of labelled images", alt),
    )


def by_epoch(results: Results, drawn: Charts) -> Html:
    """The paper's plots: what a reader of each epoch's samples scores, and how much of the real digits they cover."""
    rows = results.summary[results.summary.kind == "epoch"]
    if rows.empty:
        return Html("")
    seen = int(rows.n_labelled.max())
    figures = []
    for metric, title in EPOCHS.items():
        one = rows[rows.metric == metric]
        if one.empty:
            continue
        last = one[one.epoch == one.epoch.max()]
        alt = f"{title}, by epoch of the generator. At epoch {one.epoch.max()}: {_listed(last, '.2%')}."
        figure = charts.epochs_chart(results.summary, metric, title, results.of("real", PAPER_N, metric))
        figures.append(drawn.add(figure, title, alt))
    return el(
        "section",
        el("h3", "Over the generator's epochs"),
        el(
            "p",
            f"Each point: a reader of {results.config.samples:,} generated images of one epoch; the generator has seen "
            f"{seen:,} labelled images. Dashed, where it applies: a reader of {PAPER_N} real images. {_bars(results)}",
        ),
        el("div", figures, class_="grid"),
    )


def robustness(results: Results, drawn: Charts) -> Html:
    """Accuracy under each corruption by strength, and under attack."""
    n, readers = headline_size(results), results.readers
    rows = readers[readers.n_real == n]
    if not rows.metric.str.startswith("corruption/").any():
        return Html("")
    names = _main(_names(results, n))
    panels = {k: (c.title, list(range(1, 6))) for k, c in CORRUPTIONS.items()}
    panels |= {"attack": ("Attack (FGSM), by how far a pixel moves", [float(e) for e in EPSILONS])}
    figures = []
    for name, (title, steps) in panels.items():
        hardest = f"attack/{len(steps) - 1}" if name == "attack" else f"corruption/{name}/{len(steps)}"
        worst = rows[(rows.metric == hardest) & rows.arm.isin(names)]
        alt = f"Accuracy under {title.lower()}, by strength. At the strongest: {_listed(worst, '.0%')}."
        figures.append(drawn.add(charts.strength_chart(rows, names, name, title, steps), title, alt))
    return el(
        "section",
        el("h3", f"Robustness, n = {n:,}"),
        el(
            "p",
            f"Accuracy on {results.config.n_robustness:,} test images, the same for all arms, spoilt in five "
            f"strengths, or attacked. {_bars(results)}",
        ),
        _legend(results, names, n),
        el("div", figures, class_="grid thirds"),
    )


def _seen(results: Results, arm: str, n: int) -> str:
    """How many labelled images an arm has seen, in words."""
    row = results.of(arm, n, "accuracy")
    return f"{int(row['n_labelled']):,} labelled images seen" if row else ""


def _legend(results: Results, names: list[str], n: int) -> Html:
    """One legend for many small charts."""
    marks = {"solid": "━━", "dash": "╍╍", "dot": "┈┈"}
    shapes = {"diamond": "◆", "diamond-open": "◇", "square": "■", "square-open": "□", "circle": "●", "circle-open": "○"}
    items = []
    for arm in map(Arm.parse, names):
        key = marks[charts.dash(arm)] + shapes[charts.symbol(arm)]
        style = f"color:{charts.colour(arm)}"
        told = [f" {arm.title} ", el("span", _seen(results, arm.name, n), class_="small")]
        items.append(el("li", el("span", key, aria_hidden="true", style=style), told))
    return el("ul", items, class_="key")


def confusion(results: Results, drawn: Charts) -> Html:
    """Which digits are taken for which: real images, augmentation, and each generator on top of it."""
    n, counts = headline_size(results), results.confusions
    keys = ["real", "real+aug", *(f"real+aug+{name}-filtered" for name in results.config.generators)]
    figures = []
    for key in keys:
        table = counts.get(f"{key}|{n}")
        if table is None:
            continue
        title = Arm.parse(key).title
        wrong = [(v, i, j) for i, row in enumerate(table) for j, v in enumerate(row) if i != j]
        most = "; ".join(f"{v} times a {i} as {j}" for v, i, j in sorted(wrong, reverse=True)[:3])
        alt = f"Confusion matrix of {title}: {sum(v for v, *_ in wrong):,} misread in all; most often {most}."
        figure = charts.confusion_chart(table, title)
        figure.update_layout(height=380)
        told = [f"{title}: {sum(v for v, *_ in wrong):,} misread ", el("span", _seen(results, key, n), class_="small")]
        figures.append(drawn.add(figure, told, alt))
    if not figures:
        return Html("")
    n_seeds = results.table[(results.table.kind == "reader") & (results.table.n_real == n)].seed.nunique()
    return el(
        "section",
        el("h3", f"What is misread as what, n = {n:,}"),
        el("p", f"Counts over all seeds ({n_seeds}); those read right, on the diagonal, are left out."),
        el("div", figures, class_="grid"),
    )


def distances(results: Results, drawn: Charts) -> Html:
    """Whether FID or LFID tells how well a reader learns."""
    if not results.correlations:
        return Html("")
    figures = []
    for distance, title in charts.DISTANCES.items():
        row = next(r for r in results.correlations if r["distance"] == distance)
        told = f"{title} and accuracy: rank correlation {row['spearman']:+.2f}"
        alt = f"Scatter of {row['checkpoints']} checkpoints, {told} [{row['low']:+.2f}, {row['high']:+.2f}]."
        figures.append(drawn.add(charts.rank_chart(results.table, distance), told, alt))
    return el(
        "section",
        el("h3", "Do FID and LFID tell beforehand?"),
        el(
            "p",
            "Each point: one epoch of one training, its distance to real images and the accuracy of a reader of its "
            "images. A distance that judges well falls from left to right: its rank correlation is near −1. A distance "
            "does not see lost variety or copies: coverage over the epochs stands above.",
        ),
        el("div", figures, class_="grid"),
    )
