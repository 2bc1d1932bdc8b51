"""Model cards (Mitchell et al. 2019) of the shipped networks, written from the files of their runs."""

import contextlib
import json
from pathlib import Path

from ocrgen.claims.answer import answer
from ocrgen.claims.selection import select_runs
from ocrgen.datasets import classes_of_run
from ocrgen.datasets import title as title_of
from ocrgen.datasets.alphabet import are_digits, noun, shown, summary
from ocrgen.generators import generators
from ocrgen.generators.config import TrainRequest, describe
from ocrgen.generators.scoring import read_scores
from ocrgen.readers.request import ReaderRequest
from ocrgen.runs.run import Run, RunError
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import write_atomically

DATA = {
    "mnist": "MNIST (LeCun, Cortes & Burges 1998; offered for research, no licence file)",
    "arabic": "MADBase, Arabic-Indic digits by 700 writers (El-Sherif & Abdelazeem 2007; offered for research, no "
    "licence file)",
    "arabic-letters": "AHCD, Arabic letters by 60 writers, those of the test set held out (El-Sawy, Loey & El-Bakry "
    "2017; offered for research, no licence file)",
    "arabic-letters-published": "AHCD, Arabic letters by 60 writers, split as published (El-Sawy, Loey & El-Bakry "
    "2017; offered for research, no licence file)",
    "digits": "scikit-learn's digits (UCI; CC BY 4.0)",
}
LIMITS = (
    "Handwritten {noun}s only: one {noun} an image, 28x28, upright, white ink on black, of the script that it learned. "
    "No other writing, no other script; not tested by age, hand or origin of the writers."
)


def write_cards(folder: Path) -> None:
    """Write the card of each shipped network into its run's folder; all end with what the shipped studies found."""
    store = RunStore(Path("none"), folder)
    found = answer(select_runs(store)).markdown
    for run in store.list():
        with contextlib.suppress(RunError):  # a folder that is no run has no card
            if text := card(run, found):
                write_atomically(run.path / "README.md", text)


def card(run: Run, found: str) -> str | None:
    """The model card of a shipped generator or reader, in Markdown; None for runs of other verbs.

    found: what studies say, the sentences that the Overview begins with.
    """
    write = {"train": _generator, "reader": _reader}.get(run.request.verb)
    return f"{write(run)}\nDo synthetic images help an OCR model? {found}\n" if write else None


def _generator(run: Run) -> str:
    """The card of a generator."""
    request = TrainRequest.model_validate(run.request.settings)
    kind, classes = generators()[request.model], classes_of_run(run)
    best, half = run.best_epoch(), run.request.half_precision
    n_train = run.request.n_images("train")
    facts = {
        "what": f"draws labelled handwritten {noun(classes)}s; {kind.title}, preset `{request.preset}`",
        "learned from": f"{n_train:,} labelled training images of {_data(request.dataset)}"
        if kind.trains
        else "no labelled image: from fonts (docs/fonts.md) and forms of our own, laid out and as thick as those of "
        f"{_data(request.dataset)}",
        "made by": f"`{describe(request)}`",
        "weights": f"epochs {run.epochs()[0]} to {run.epochs()[-1]}; epoch {best} scored best while training; "
        f"{'half' if half and half.kept else 'single'} precision"
        if kind.trains
        else "none; the shapes of its characters",
    }
    if row := next((r for r in read_scores(run) if r["epoch"] == best), None):
        facts["scores"] = (
            f"LFID-192 {row['lfid_192']:.3g}, FID-2048 {row['fid_2048']:.3g} (real against real "
            f"{row['floor_192']:.3g} and {row['floor_2048']:.3g}), coverage {row['coverage']:.0%}, "
            f"{row['n']:,} samples, extractor {row['extractor']}"
        )
    use = (
        "Use: synthetic training data, demonstrations, studies of generators. Mark its images as synthetic; do not use "
        "them as evidence of anybody's handwriting."
    )
    return _write(run, facts, use)


def _reader(run: Run) -> str:
    """The card of a reader."""
    settings = ReaderRequest.model_validate(run.request.settings).model_dump()
    classes = classes_of_run(run)
    kind, report = noun(classes), json.loads((run.path / "report.json").read_bytes())
    labelled = f"{run.request.n_labelled:,} labelled images of {_data(settings['dataset'])}"
    typed, drawn = settings["characters"], "rendered " * bool(settings["characters"])
    if typed:
        learned = f"{settings['samples']:,} rendered images alone (docs/fonts.md), no labelled image"
    elif settings["generator"] and settings["share"] == 1:
        learned = (
            f"{settings['samples']:,} images drawn by {settings['generator']}, whose generator has seen {labelled}"
        )
    else:
        learned = "real images" + ", moved, turned and bent anew each time" * settings["augment"]
        if settings["generator"]:
            learned += f", and {settings['share']:.0%} of each batch drawn by {settings['generator']}"
        learned += f": {labelled}"
    plain, told = ReaderRequest().model_dump(), ["dataset", "augment", *["generator"] * bool(typed)]
    command = "python -m ocrgen reader" + ("" if typed else f" --dataset {settings['dataset']}")
    command += " --augment" * settings["augment"]
    command += "".join(f" --{k} {v}" for k, v in settings.items() if v != plain[k] and k not in told)
    facts = {
        "what": f"reads one handwritten {kind}: {'ten' if len(classes) == 10 else len(classes)} probabilities",
        "learned from": learned,
        "chosen by": f"accuracy on {run.request.n_images('validation'):,} {drawn}validation images",
        "test set": f"{report['accuracy']:.2%} of {report['n']:,} {drawn}images right; "
        f"F1 (macro) {report['f1_macro']:.4f}; calibration error {report['calibration_error']:.4f}",
        "made by": f"`{command}`",
    }
    use = (
        f"Use: to compare what OCR models learn from real and generated {kind}s, and to try pictures out. One "
        "training, one seed: for intervals see the studies. Not for reading where an error does harm."
    )
    return _write(run, facts, use)


def _data(name: str) -> str:
    """A data set, with its source and terms where they are known."""
    return DATA.get(name, title_of(name))


def _write(run: Run, facts: dict[str, str], use: str) -> str:
    """A card in Markdown: the facts, with seed and library versions, then intended use and limits."""
    versions = ", ".join(f"{k} {v}" for k, v in run.request.versions.items())
    settings = run.request.settings
    classes = classes_of_run(run)
    if not are_digits(classes):
        facts["classes"] = f"{summary(classes)}: {', '.join(map(shown, classes))}"
    facts |= {"seed": str(settings.get("train", settings).get("seed", 0)), "versions": versions}
    rows = "\n".join(f"- **{name}**: {text}" for name, text in facts.items())
    return f"# {run.name}\n\n{rows}\n\n{use}\n\n{LIMITS.format(noun=noun(classes))}\n"
