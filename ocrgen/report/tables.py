"""The tables of a report: by size, every training mix, every comparison, every figure, data and settings."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from ocrgen.claims.wording import MARKS
from ocrgen.datasets.alphabet import shown
from ocrgen.metrics.measures import columns
from ocrgen.plots.study import DISTANCES, JUDGES, METRICS, colour
from ocrgen.report.environment import tone
from ocrgen.runs.run import Run
from ocrgen.study.arms import Arm
from ocrgen.study.config import StudyConfig
from ocrgen.study.formatting import accuracy, bounds, n_label, per_class, points, signed, size_words
from ocrgen.study.headline import compare, compared_sizes, headline_size, shown_ways
from ocrgen.study.results import Results
from ocrgen.study.verdicts import Verdict
from ocrgen.utils import numbers

SHOWN = {"accuracy": "Accuracy", "f1_macro": "F1 (macro)", "corrupted": "Under corruption", "attacked": "Under attack"}
KINDS = {"reader": "OCR model", "epoch": "OCR model of an epoch", "generator": "generator", "saliency": "saliency"}


@dataclass(frozen=True)
class Table:
    """A table with caption; the first cell of each row is its head. Cells are text, or HTML that is marked as such.

    numeric: columns set to the right. cards ("plain", or "terse" without labels): on a narrow screen each row becomes
    a card; its cells then keep their roles, which such a layout would take from them. Any other table scrolls.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[int] = ()
    cards: str = ""

    def role(self, name: str) -> Markup:
        """The attribute that keeps an element's role."""
        return Markup(' role="{}"').format(name) if self.cards else Markup("")


def by_size(results: Results) -> Table | None:
    """The answer at each number of labelled images; None where there is only one."""
    sizes, ways = compared_sizes(results), shown_ways(results)
    if len(sizes) < 2:
        return None
    rows = []
    for n in sizes:
        row = [
            f"{n:,}, {per_class(n, results.classes)}",
            *(accuracy(r) for arm in ("real", "real+aug") if (r := results.of(arm, n, "accuracy"))),
        ]
        for arm in ways:
            gain = compare(results, arm, Arm("real", True), n)
            if gain is None:
                row.append("not yet")
                continue
            words = f"{points(gain.mean)} {bounds(gain.low, gain.high)}" + f", {gain.seeds} seeds" * (gain.seeds > 1)
            style = tone(gain.verdict, gain.less)
            row.append(Markup('<span class="{}">{}<b> {}</b></span>').format(style, words, gain.words))
        rows.append(row)
    heads = ["Labelled images", "Real alone", "With augmentation"]
    heads += [f"Points that {replace(arm, real='', augmented=False).title} adds on top" for arm in ways]
    caption = "The answer at each number of labelled images, the same for every training mix of a row"
    return Table(caption, heads, rows, cards="plain")


def every_arm(results: Results) -> list[Table]:
    """A table for each number of labelled images, the headline's first, the best training mix on top."""
    s = results.summary
    best = s.loc[(s.kind == "reader") & (s.metric == "accuracy")].sort_values("mean", ascending=False)
    ceiling = (best.n_real == 0) & best.arm.str.startswith("all")
    # What needs no labelled image competes at every n. All real images are the ceiling, and stand last.
    alone = (best.n_real == 0) & ~ceiling
    first, tables, columns = headline_size(results), [], _counts(results)
    shown = {metric: title for metric, title in SHOWN.items() if (s.metric == metric).any()}
    heads = ["Learned from", *columns, *shown.values()]
    errors = "holds the errors of seeds and test images (of F1: of the seeds)" if results.whole_errors else ""
    for n in sorted(set(best.n_real) - {0} or {0}, key=lambda n: (n != first, n)):
        of_sizes = [best.loc[(best.n_real == n) & ~ceiling | alone], best.loc[ceiling]]
        rows = [_arm(results, row, columns, shown) for part in of_sizes for row in part.to_dict("records")]
        told = errors or "holds the error of the seeds alone"
        caption = f"Every training mix at n = {n_label(n, results.classes)}; mean and 95% interval, which {told}"
        tables.append(Table(caption, heads, rows, range(1, 1 + len(columns)), "plain"))
    return tables


def _counts(results: Results) -> list[str]:
    """The heads of the columns that count images and seeds: only those that say something of this study."""
    heads = ["n", "Labelled images seen"]
    heads += ["Unlabelled"] * (results.config.protocol == "pool")
    heads += ["More, to choose by"] * bool(results.summary.n_validation.any())
    return [*heads, "Seeds", "Test images"]


def _arm(results: Results, row: dict, columns: list[str], shown: Iterable[str]) -> list[str]:
    arm, n = Arm.parse(row["arm"]), row["n_real"]
    swatch = '<span class="arm"><span class="swatch" style="--hue:{}" aria-hidden="true"></span>{}</span>'
    pool = results.of(row["arm"], n, "n_unlabelled")
    counts = {
        "n": size_words(row["arm"], n),
        "Labelled images seen": f"{row['n_labelled']:,}",
        "Unlabelled": f"{pool['mean']:,.0f}" if pool and pool["mean"] else "",
        "More, to choose by": f"{row['n_validation']:,}",
        "Seeds": str(row["n"]),
        "Test images": f"{results.n_tested:,}",
    }
    figures = [results.of(row["arm"], n, metric) for metric in shown]
    told = [accuracy(f) if f else "" for f in figures]
    return [Markup(swatch).format(colour(arm), arm.title), *(counts[head] for head in columns), *told]


def comparisons(claim: int, parts: Sequence[Verdict]) -> Table:
    """Every comparison that bears on a claim."""
    spans: dict[str, tuple[float, float]] = {}
    for v in parts:
        low, high = spans.get(v.unit, (0.0, 0.0))
        ends = [x for x in (v.low, v.high, v.figure) if x is not None]
        spans[v.unit] = (min(low, *ends), max(high, *ends))
    seen = any(v.n_labelled for v in parts)
    heads = ["Comparison", "Verdict", "Figure and 95% interval", "Beside zero", "n", "Labelled images seen"]
    rows = [_comparison(v, spans[v.unit], seen) for v in parts]
    return Table(f"Claim {claim}, every comparison", heads[: 5 + seen], rows, (5,), "terse")


def _comparison(v: Verdict, span: tuple[float, float], seen: bool) -> list[str]:
    style = tone(v.verdict, v.less)
    verdict = Markup('<span class="badge {}">{} {}</span>').format(style, MARKS[v.verdict], v.words or v.verdict)
    figure = Markup('<span><b>{}</b> <span class="whole">{}</span></span>').format(
        signed(v.figure, v.unit), bounds(v.low, v.high, v.unit)
    )
    if v.unit != "accuracy":
        figure += Markup('<span class="small"> {}</span>').format(v.unit)
    labelled = Markup('{:,}<span class="narrow"> labelled images seen</span>').format(v.n_labelled or 0)
    of = v.repetitions + (f", {v.n_test:,} test images" if v.n_test else "")
    return [v.about, verdict, figure, _mark(v, *span), of, *[labelled if v.n_labelled else ""] * seen]


def _mark(v: Verdict, low: float, high: float) -> Markup:
    """Figure and interval on the line of their unit, zero marked; the words beside it say the same."""
    width, high = 150, max(high, low + 1e-9)

    def x(value: float) -> str:
        return f"{6 + (width - 12) * (value - low) / (high - low):.1f}"

    zero = Markup('<line x1="{0}" x2="{0}" y1="1" y2="17" class="zero"></line>').format(x(0))
    bar = Markup("")
    if v.low is not None and v.high is not None:
        bar = Markup('<line x1="{}" x2="{}" y1="9" y2="9" class="bar"></line>').format(x(v.low), x(v.high))
    dot = Markup('<circle cx="{}" cy="9" r="4"></circle>').format(x(v.figure))
    return Markup(
        '<svg class="mark {}" aria-hidden="true" focusable="false" viewBox="0 0 {w} 18" width="{w}" height="18">{}{}{}'
        "</svg>"
    ).format(tone(v.verdict, v.less), zero, bar, dot, w=width)


def correlations(results: Results) -> Table | None:
    """Rank correlations of the distances, and of the epoch's number, with accuracy."""
    if not results.correlations:
        return None

    def cell(row: dict, value: str, prefix: str = "") -> str:
        if math.isnan(row[value]):
            return ""
        figure, low, high = (numbers.signed(row[key], 2) for key in (value, f"{prefix}low", f"{prefix}high"))
        return f"{figure} [{low}, {high}]"

    rows = [
        [
            JUDGES[r["distance"]],
            Arm.parse(r["scope"]).title,
            cell(r, "spearman"),
            "" if r["distance"] == "fid_2048" else cell(r, "over_fid", "over_fid_"),
            cell(r, "residual", "residual_"),
            str(r["checkpoints"]),
            str(r["trainings"]),
        ]
        for r in results.correlations
    ]
    spearman = ["Spearman within a training", "Minus FID's", "At a fixed epoch"]
    heads = ["Judge", "Generator", *spearman, "Checkpoints", "Trainings"]
    caption = "Rank correlation with accuracy, 95% over the trainings; of epochs, the later counts as the nearer"
    return Table(caption, heads, rows, (5, 6), "plain")


def every_figure(results: Results) -> Table:
    """The whole summary."""
    titles = METRICS | DISTANCES | columns()
    titles |= {f"f1/{c}": f"F1 of {shown(text)}" for c, text in enumerate(results.classes)}
    rows = [
        [
            Arm.parse(r["arm"]).title,
            KINDS.get(r["kind"], r["kind"]),
            size_words(r["arm"], r["n_real"]),
            str(r["epoch"] or ""),
            titles.get(r["metric"], r["metric"]),
            *("" if value != value else f"{value:.5g}" for value in (r["mean"], r["low"], r["high"])),
            str(r["n"]),
            f"{r['n_labelled']:,}",
        ]
        for r in results.summary.to_dict("records")
    ]
    heads = ["Training mix", "Of", "n", "Epoch", "Figure", "Mean", "Low", "High", "Seeds", "Labelled images seen"]
    held = "of accuracies with the error of the test images, else " if results.whole_errors else ""
    return Table(f"Every figure, mean and 95% interval: {held}over the seeds alone", heads, rows, (2, 3, 5, 6, 7, 8, 9))


def splits(run: Run, title: str) -> Table | None:
    """The data that the study read: images and fingerprint of each part; None before it has read any."""
    code, parts = Markup("<code>{}</code>"), (run.request.data or {}).items()
    rows = [[name, f"{facts['n']:,}", code.format(facts.get("fingerprint", ""))] for name, facts in parts]
    return Table(f"The data: {title}", ["Part", "Images", "Fingerprint"], rows, (1,), "plain") if rows else None


def settings(config: StudyConfig) -> Table:
    """Every setting with its meaning."""
    rows = []
    for name, value in config.model_dump(exclude={"rules"}).items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else amount(value)
        flag = Markup("<code>--{}</code>").format(name.replace("_", "-"))
        rows.append([flag, words, StudyConfig.model_fields[name].description or ""])
    return Table("Settings of the study", ["Setting", "Value", "Meaning"], rows, cards="plain")


def amount(value: object) -> str:
    """A count with separators, a choice in words; anything else as it is, and nothing as such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else f"{value:,}" if isinstance(value, int) else str(value)
