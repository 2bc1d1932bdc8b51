"""The tables of a report: every arm, every figure, rank correlations; and how the study was made."""

from ocrgen import __version__
from ocrgen.metrics.measures import columns
from ocrgen.plots.study import DISTANCES, METRICS, colour
from ocrgen.report.markup import Html, el, folded, html, table
from ocrgen.report.summary import amount, data_title, headline_size, share
from ocrgen.runs.run import Run, now
from ocrgen.study import Results
from ocrgen.study.plan import Arm, StudyConfig, describe

ARMS = {"accuracy": "Accuracy", "f1_macro": "F1 (macro)", "corrupted": "Under corruption", "attacked": "Under attack"}
KINDS = {"reader": "reader", "epoch": "reader of an epoch", "generator": "generator", "saliency": "saliency"}
TERMS = {
    "digits": "The bundled digits: Optical Recognition of Handwritten Digits, UCI, by way of scikit-learn; CC BY 4.0.",
    "mnist": "MNIST: LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998. Offered for "
    "research by its authors, without a licence file.",
    "arabic": "MADBase: El-Sherif, Abdelazeem, Arabic-Indic digits handwritten by 700 people, 2007. Offered for "
    "research by its authors, without a licence file.",
}


def every_arm(results: Results) -> Html:
    """A table for each number of labelled images, best arm first; all but the headline's at a click."""
    s = results.summary
    best = s[(s.kind == "reader") & (s.metric == "accuracy")].sort_values("mean", ascending=False)
    first, parts = headline_size(results), []
    for n in sorted(set(best.n_real) - {0} or {0}, key=lambda n: (n != first, n)):
        # All real images are the ceiling, not one of the arms compared: they stand last.
        rows = [_arm(results, row) for size in dict.fromkeys((n, 0)) for row in best[best.n_real == size].itertuples()]
        heads = ["Learned from", "n", "Labelled images seen", "More, to choose by", "Seeds", *ARMS.values()]
        drawn = table(
            f"Every arm at n = {n:,}, mean and 95% interval over the seeds", heads, rows, range(1, 5), "plain"
        )
        parts.append(drawn if not parts else folded(f"Every arm at n = {n:,}", drawn))
    return html(parts)


def _arm(results: Results, row) -> list:
    arm, n = Arm.parse(row.arm), row.n_real
    found = [results.of(row.arm, n, metric) for metric in ARMS]
    name = [el("span", class_="swatch", style=f"--hue:{colour(arm)}", aria_hidden="true"), arm.title]
    counts = [f"{n:,}" if n else "all", f"{row.n_labelled:,}", f"{row.n_validation:,}", str(row.n)]
    return [el("span", name, class_="arm"), *counts, *(share(f) if f else "" for f in found)]


def correlations(results: Results) -> Html:
    """Rank correlations of the distances with accuracy."""
    if not results.correlations:
        return Html("")

    def told(row: dict, prefix: str, value: str) -> str:
        return f"{row[value]:+.2f} [{row[prefix + 'low']:+.2f}, {row[prefix + 'high']:+.2f}]"

    rows = [
        [
            DISTANCES[r["distance"]],
            "all checkpoints" if r["scope"] == "all" else f"{Arm.parse(r['scope']).title} only",
            told(r, "", "spearman"),
            "" if r["distance"] == "fid_2048" else told(r, "over_fid_", "over_fid"),
            str(r["checkpoints"]),
            str(r["trainings"]),
        ]
        for r in results.correlations
    ]
    heads = ["Distance", "Over", "Spearman with accuracy", "Minus FID's", "Checkpoints", "Trainings"]
    caption = "Rank correlation of distance and accuracy, 95% by bootstrap of whole trainings"
    return table(caption, heads, rows, {4, 5}, cards="plain")


def every_figure(results: Results) -> Html:
    """The whole summary, shut until it is asked for."""
    titles = METRICS | DISTANCES | columns()
    rows = [
        [
            Arm.parse(r.arm).title,
            KINDS.get(r.kind, r.kind),
            f"{r.n_real:,}" if r.n_real else "all",
            str(r.epoch or ""),
            titles.get(r.metric, r.metric),
            f"{r.mean:.5g}",
            "" if r.low != r.low else f"{r.low:.5g}",
            "" if r.high != r.high else f"{r.high:.5g}",
            str(r.n),
            f"{r.n_labelled:,}",
        ]
        for r in results.summary.itertuples()
    ]
    heads = ["Arm", "Of", "n", "Epoch", "Figure", "Mean", "Low", "High", "Seeds", "Labelled images seen"]
    caption = "Every figure, mean and 95% interval over the seeds"
    drawn = table(caption, heads, rows, {2, 3, 5, 6, 7, 8, 9})
    return folded(f"Every figure of the study: {len(rows):,} rows", drawn, printed=False)


def duration(seconds: float) -> str:
    """2 h 5 min, 3 min, 8 s."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"


def made(run: Run, results: Results) -> Html:
    """How it was made: the command, the data, the versions, times, settings."""
    request, status = run.request, run.read_status()
    spent = {m: results.table[results.table.metric == m].value.sum() for m in ("cpu_seconds", "seconds")}
    facts = {
        "Run": f"{run.name}" + (f", “{request.label}”" if request.label else ""),
        "Asked for": _time(request.created),
        "Ended": _time(status.finished) if status.finished else f"not yet ({status.state})",
        "CPU time of all cells": duration(spent["cpu_seconds"]),
        "Time of all cells, one after the other": duration(spent["seconds"]),
        "Cells": f"{results.done:,} of {results.total:,}",
        "Versions": ", ".join(f"{k} {v}" for k, v in request.versions.items()) or "not noted",
        "This report": f"{_time(now())}, by ocrgen {__version__}",
    }
    listed = el("dl", [[el("dt", k), el("dd", v)] for k, v in facts.items()], class_="facts")
    command = el("pre", el("code", describe(results.config)), tabindex="0", role="region", aria_label="Command")
    return Html(
        el("h3", "Repeat it")
        + el("p", "From a shell, with the same data, this command makes the same figures; times differ.")
        + command
        + el("h3", "Facts")
        + listed
        + _data(run, results)
        + _settings(results.config)
    )


def _time(stamp: object) -> str:
    text = str(stamp)
    return f"{text[:10]} {text[11:16]} UTC" if len(text) > 16 and text[10] == "T" else text


def _data(run: Run, results: Results) -> Html:
    rows = [
        [part, amount(facts["n"]), el("code", facts.get("fingerprint", ""))]
        for part, facts in (run.request.data or {}).items()
    ]
    if not rows:
        return el("p", "The study has not read its data yet.")
    return table(f"The data: {data_title(results)}", ["Part", "Images", "Fingerprint"], rows, {1}, cards="plain")


def _settings(config: StudyConfig) -> Html:
    fields = StudyConfig.model_fields
    rows = []
    for name, value in config.model_dump().items():
        told = ", ".join(map(str, value)) if isinstance(value, list) else amount(value)
        rows.append([el("code", f"--{name.replace('_', '-')}"), told, fields[name].description])
    drawn = table("Settings of the study", ["Setting", "Value", "Meaning"], rows, cards="plain")
    return folded(f"All {len(rows)} settings", drawn)


def cited(results: Results) -> Html:
    """What to cite, and the terms of the data."""
    name = results.config.dataset
    paper = el("a", "arXiv:2402.17204", href="https://arxiv.org/abs/2402.17204")
    own = f"{data_title(results)}: data of your own; their terms are yours to know."
    items = [
        el("li", "Memari, Ahmed, Rahimi, Amiri Golilarz: Advancing Generative Model Evaluation: A Novel ",
           "Algorithm for Realistic Image Synthesis and Comparison in OCR System, 2024, ", paper,
           ". The claims that are judged here are its claims."),
        el("li", TERMS.get(name, own)),
    ]  # fmt: skip
    if results.correlations or (results.table.kind == "epoch").any():
        others = [TERMS[k] for k in ("mnist", "arabic") if k != name]
        told = "FID and LFID are measured by digitnet-2, a network of this lab trained on MNIST and MADBase. "
        items.append(el("li", told + " ".join(others)))
    return el("ul", items)
