"""A report's first page: what was studied and how far it has come, the answer with intervals, how to read it."""

import math

from ocrgen.claims import claims
from ocrgen.claims.selection import SelectedRuns, Study, nearest
from ocrgen.datasets import title
from ocrgen.plots.style import REAL, hue
from ocrgen.report.markup import Html, el, folded, html, marked, table
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.plan import PAPER_N, Arm, plan
from ocrgen.study.recommendation import advise
from ocrgen.study.verdicts import classify_gain

TONES = {"holds": "holds", "does not hold": "fails", "undecided": "open"}  # verdict -> class
WORDS = {
    "Reader": "the OCR network under test: it sees one digit and says which it is.",
    "Arm": "what a reader learned from: real images, classical augmentation (real images turned, stretched and bent), "
    "generated images, or a mixture.",
    "Filtered": "of the generated images only those are kept that a reader recognises as the digit that was asked for.",
    "Labelled images seen": "how many images with a known digit an arm learned from, its generator included. Two arms "
    "compare fairly only if this number is the same.",
    "Points": "percentage points of accuracy: from 95% to 96% is one point.",
    "[low, high]": "a 95% interval over the seeds (Student's t); arms are compared in pairs of the same seed. An "
    "interval of a difference that spans zero decides nothing.",
    "Seed": "one repetition, in which images, generator and reader are all drawn anew.",
    "FID, LFID": "distances between generated and real images by the features of a network: FID-2048 by its last "
    "layer, LFID-64 to LFID-768 by earlier ones. Here the network is digitnet, made for digits, not Inception: its "
    "values compare with each other and not with published FIDs.",
    "GAN-test": "share of generated images that a reader of all real images reads as the digit that was asked for.",
}


def data_title(results: Results) -> str:
    """The data set for people."""
    return title(results.config.dataset)


def amount(value: object) -> str:
    """A count with separators; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def share(row: dict) -> str:
    """97.95% [97.67, 98.22]: mean and interval."""
    if math.isnan(row["low"]):
        return f"{row['mean']:.2%} [one seed: no interval]"
    return f"{row['mean']:.2%} [{100 * row['low']:.2f}, {100 * row['high']:.2f}]"


def bounds(row: dict) -> str:
    """The interval of a difference, in points."""
    if math.isnan(row["low"]):
        return "one seed: no interval"
    return f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}"


def seeds_done(results: Results) -> int:
    """Seeds of which every cell has a figure."""
    wanted = len(plan(results.config)) // results.config.seeds
    cells = results.table[["kind", "arm", "n_real", "seed", "epoch"]].drop_duplicates()
    return int((cells.groupby("seed").size() >= wanted).sum())


def sizes(results: Results) -> list[int]:
    """Numbers of labelled images at which there is something to compare."""
    return [n for n in results.config.sizes() if results.difference("real+aug", "real", n)]


def headline_size(results: Results) -> int:
    """The size that the first page tells of: the one that claims are judged at."""
    return nearest(sizes(results) or results.config.sizes())


def findings(run: Run, results: Results) -> SelectedRuns:
    """This study alone, for the claims to be judged by."""
    study = Study(run, results, results.done == results.total)
    fair = results.config.protocol == "fair"
    return SelectedRuns(study if fair else None, None if fair else study, None, (), ())


def state(run: Run, results: Results) -> Html | None:
    """What is missing of a study; None where it is whole."""
    told, config = [], results.config
    if results.done < results.total:
        word = "still at work" if run.alive else "not finished"
        told.append(
            f"This study is {word}: {seeds_done(results)} of {config.seeds} seeds are complete "
            f"({results.done:,} of {results.total:,} cells). Each figure tells the seeds that it stands on; figures "
            "and verdicts will still move."
        )
    if results.failures:
        cells = "1 cell has" if len(results.failures) == 1 else f"{len(results.failures):,} cells have"
        told.append(f"{cells} ended in a fault and stand in no figure.")
    if not told:
        return None
    faults = [el("li", el("b", f["key"]), f": {f['error']}") for f in results.failures]
    return el(
        "div", el("p", " ".join(told)), folded("Faults", el("ul", faults)) if faults else None, class_="note warn"
    )


def banner(results: Results) -> Html:
    """The protocol: how many labelled images the arms have seen, without which no figure can be read."""
    config = results.config
    if config.protocol == "fair":
        asked = ", ".join(f"{n:,}" for n in config.n)
        return el(
            "div",
            el("b", "Fair protocol: an equal comparison. "),
            f"At each n ({asked}) every arm, generator and filter included, has learned from the same n labelled "
            f"images; at most n more (up to {config.validation:,}) served to choose among settings. The test images "
            "served to grade alone.",
            class_="note",
        )
    most = int(results.table.n_labelled.max())
    return el(
        "div",
        el("b", "The paper's protocol: not an equal comparison. "),
        f"The generators have learned from {most:,} labelled images, the readers of real images from {PAPER_N}. What "
        f"is gained here may come from the other {most - PAPER_N:,} labels. Whether synthetic images pay where only "
        f"{PAPER_N} are labelled is for a study of the fair protocol to say.",
        class_="note warn",
    )


def answer(run: Run, results: Results) -> Html:
    """Does synthetic data help? One paragraph and a card for each way to use it, at one size; then the other sizes."""
    if not sizes(results):
        return el("p", "There is nothing to compare yet: the first pair of arms has not been read.", class_="lead")
    n, scale = headline_size(results), None
    if ceiling := results.of("all", 0, "accuracy"):
        scale = f" For scale, all {int(ceiling['n_labelled']):,} real images give {share(ceiling)}."
    lead, _, rest = claims.answer(findings(run, results)).partition(". ")
    told = [el("p", marked(f"{lead}."), class_="lead"), el("p", marked(rest), scale)]
    return html([told, _cards(results, n), _by_size(results), _advice(results)])


def _advice(results: Results) -> Html | None:
    """What to do, for each number of labelled images; nothing under the paper's protocol."""
    found = [
        el("li", f"{a.n:,} labelled images: ", el("b", a.headline, class_=TONES[a.verdict]), f". {a.words()}")
        for a in advise(results)
    ]
    return html([el("h3", "What to do"), el("ul", found)]) if found else None


def _cards(results: Results, n: int) -> Html:
    asked = [("real+aug", "real", "Augmentation instead of synthetic data", REAL)]
    for name in results.config.generators:
        title = Arm(generator=name).title
        asked.append((f"real+aug+{name}-filtered", "real+aug", f"{title} digits, filtered, on top of that", hue(name)))
    for name in results.config.generators:
        title = Arm(generator=name).title
        asked.append((name, "real", f"{title} digits alone, in place of real ones", hue(name)))
    cards = []
    for arm, against, title, shade in asked:
        if d := results.difference(arm, against, n):
            seen = int(results.of(arm, n, "accuracy")["n_labelled"])
            cards.append(
                el(
                    "li",
                    el("span", title, class_="what"),
                    el("span", el("b", f"{100 * d['mean']:+.2f}"), " points", class_="figure"),
                    el("span", bounds(d) if d["n"] < 2 else f"95%: {bounds(d)}; {d['n']} seeds", class_="small"),
                    el("span", f"against {n:,} {Arm.parse(against).title}", class_="small"),
                    el("span", f"{seen:,} labelled images seen", class_="small"),
                    style=f"--hue:{shade}",
                )
            )
    return el("ul", cards, class_="tiles")


def _by_size(results: Results) -> Html:
    there = sizes(results)
    if len(there) < 2:
        return Html("")
    names = results.config.generators
    rows = []
    for n in there:
        row = [f"{n:,}", *(share(results.of(arm, n, "accuracy")) for arm in ("real", "real+aug"))]
        for name in names:
            d = results.difference(f"real+aug+{name}-filtered", "real+aug", n)
            if d is None:
                row.append("not yet")
                continue
            verdict = classify_gain(d["low"], d["high"])
            told = f"{100 * d['mean']:+.2f} [{bounds(d)}]" + (f", {d['n']} seeds" if d["n"] > 1 else "")
            row.append(el("span", told, el("b", {"holds": " gain"}.get(verdict, f" {verdict}")), class_=TONES[verdict]))
        rows.append(row)
    heads = ["Labelled images", "Real alone", "With augmentation"]
    heads += [f"Points that {Arm(generator=name).title} adds on top" for name in names]
    return table(
        "The answer at each number of labelled images, the same for every arm of a row", heads, rows, cards="plain"
    )


def glossary() -> Html:
    """The words that a report uses."""
    return folded("How to read this", el("dl", [[el("dt", word), el("dd", told)] for word, told in WORDS.items()]))
