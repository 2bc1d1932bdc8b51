"""The answer: does synthetic data help OCR? The same words on the Overview, on the page OCR, in reports, in a shell."""

from dataclasses import dataclass

from ocrgen.claims.evidence import claim_improvement
from ocrgen.claims.selection import SelectedRuns, Study
from ocrgen.claims.short import Level, in_short, learned_from, levels
from ocrgen.datasets import title
from ocrgen.datasets.alphabet import are_digits, noun
from ocrgen.runs.run import Run
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.formatting import accuracy, bounds, per_class, points
from ocrgen.study.headline import compare, compared_sizes, headline_size, shown_ways
from ocrgen.study.results import Results
from ocrgen.study.verdicts import AnyWord
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, UNMEASURED, VerdictWord

WORD: dict[VerdictWord, str] = {
    HOLDS: "**Yes**",
    FAILS: "**No**",
    OPEN: "**Not decided**",
    UNMEASURED: "**Not decided**",
}
LEADS: dict[VerdictWord, str] = {
    HOLDS: f"{WORD[HOLDS]}, on top of what augmentation gives for nothing.",
    FAILS: f"{WORD[FAILS]}, not beyond what augmentation gives for nothing.",
    OPEN: f"{WORD[OPEN]} so far.",
    UNMEASURED: f"{WORD[UNMEASURED]}: no equal comparison has been made yet.",
}
EFFECTS: dict[AnyWord, str] = {
    "better": "**add**",
    "worse": "**harm**:",
    "no difference that matters": "**add nothing that matters**:",
    "undecided": "**may or may not help**:",
    "too few to tell": "cannot be judged by so little data:",
}
NOTHING = (
    "Nothing has been measured yet. A quick study of the bundled digits takes a few minutes: the page OCR starts it, "
    f"and so does `{PROGRAM} study --quick`."
)


@dataclass(frozen=True)
class Answer:
    """The answer in Markdown: `lead`, one sentence, and `text`, the figures behind it; `study`: where it comes from.

    short: the same verdict with what decides it, in a sentence without brackets. levels: the accuracies beside that;
    measured: what they are shares of.
    """

    lead: str
    text: str
    study: str | None = None
    short: str = ""
    levels: tuple[Level, ...] = ()
    measured: str = ""

    @property
    def markdown(self) -> str:
        """Both as one paragraph."""
        return f"{self.lead} {self.text}".strip()


def answer(runs: SelectedRuns) -> Answer:
    """From the fair study, else from the paper's; what is missing is said."""
    study = next((s for s in runs.studies if compared_sizes(s.results)), None)
    if study is None:
        return Answer(NOTHING, "", short=NOTHING)
    results, n, fair = study.results, headline_size(study.results), study is not runs.paper
    real, bar = (results.of(arm, n, "accuracy") for arm in ("real", "real+aug"))
    assert real and bar  # `compared_sizes` has seen both
    kind = noun(results.classes)
    counted = f"**{n:,} labelled images** of {title(results.config.dataset)}"
    if not are_digits(results.classes):
        counted += f" ({per_class(n, results.classes)})"
    change = "raises" if bar["mean"] >= real["mean"] else "lowers"
    sentences = [
        f"With {counted} a network learns to read {accuracy(real)} of unseen {kind}s; classical augmentation, which "
        f"moves, turns and bends those images, {change} that to **{accuracy(bar)}**."
    ]
    gains = [gain for arm in shown_ways(results) if (gain := compare(results, arm, Arm.parse(BAR), n))]
    seeds = {int(bar["n"]), *(gain.seeds for gain in gains)}  # a way that an earlier look decided has fewer
    for gain in gains:
        arm, where = gain.arm, "On top of that," if len(sentences) == 1 else ""
        source = f"{'filtered ' * arm.filtered}{Arm(generator=arm.generator).title} {kind}s" if arm.generator else ""
        pool = ("" if not arm.pool else "pseudo-labels") + " and " * bool(arm.pool and source)
        words = f"{where} {pool}{source}".strip()
        interval = "(one seed: no interval)" if gain.seeds < 2 else bounds(gain.low, gain.high)
        less = ", less than matters" * gain.less
        sentences.append(
            f"{words[:1].upper()}{words[1:]} {EFFECTS[gain.verdict]} {points(gain.mean)} points {interval}{less}."
        )
    labelled, most = int(bar["n_labelled"]), int(results.table.n_labelled.max())
    if fair:
        seen = f"Every training mix, generators included, has seen the same {labelled:,} labelled images"
        if results.config.protocol == "pool":
            seen += f", and where pseudo-labels or generators are named {_unlabelled(results):,} more without labels"
    else:
        seen = f"But these generators have seen {most:,} labelled images, the OCR models {labelled:,}"
    part = "" if study.whole else f"; {results.done} of {results.total} tasks so far"
    counted = " to ".join(map(str, sorted({min(seeds), max(seeds)})))
    sentences.append(f"{seen} ({counted} seed{'s' * (max(seeds) > 1)}, 95% intervals{part}).")
    verdict = claim_improvement(runs).verdict if fair else UNMEASURED
    short = LEADS[UNMEASURED] if verdict == UNMEASURED else in_short(WORD[verdict], results, n, gains)
    if not fair:
        short += f" The generators have seen {most:,} labelled images, the OCR models {labelled:,}."
    if not study.whole:
        short += f" So far {results.done} of {results.total} tasks are done."
    measured = f"Unseen {kind}s read correctly by an OCR model that has learned from {learned_from(results, n)}"
    shown = levels(results, n, gains, fair)
    return Answer(LEADS[verdict], " ".join(sentences), study.run.name, short, shown, measured)


def _unlabelled(results: Results) -> int:
    """How many images without labels a pool had."""
    rows = results.summary.loc[results.summary.metric == "n_unlabelled"]
    return int(rows["mean"].max()) if len(rows) else results.config.unlabelled


def study_alone(run: Run, results: Results) -> SelectedRuns:
    """One study as all that there is to judge by: its own answer and claims."""
    study = Study(run, results, results.done == results.total)
    fair = results.config.protocol != "paper"
    return SelectedRuns(study if fair else None, None if fair else study, None, (), ())
