"""The paper's five claims, each with one verdict: what the paper compared is told, what is equal is judged."""

from dataclasses import dataclass

from ocrgen.claims.evidence import Figure, claim_improvement, claim_lfid, claim_robustness, claim_saliency, claim_speed
from ocrgen.claims.rules import FAILS, HOLDS, OPEN, UNMEASURED
from ocrgen.claims.selection import Read, SelectedRuns, nearest, select_runs
from ocrgen.datasets import title
from ocrgen.runs.store import RunStore
from ocrgen.study.plan import PAPER_N, Arm
from ocrgen.study.results import read_results
from ocrgen.study.verdicts import GAIN, INK, RANK, SANE, classify_gain

WORDS = {
    1: "A CVAE is ten times faster than a CGAN",
    2: "LFID is an accurate stand-in for FID",
    3: "Synthetic images improve OCR",
    4: "Grad-CAM shows that the improvement is valid: readers look at the strokes",
    5: "It copes with noise, distortion and scarce data",
}
RULES = {
    1: "Training is timed three ways: with the paper's networks, with equal numbers of weights, with the same decoder. "
    "Holds if the CVAE is ten times faster each way; one way that surely is not refutes it.",
    2: "LFID-64 of each checkpoint's samples is ranked against the accuracy of a reader trained on them, within each "
    "generator and over all. Holds if the rank correlation (Spearman) is everywhere surely negative and at most "
    f"{RANK} worse than FID's; one place where it surely is not refutes it.",
    3: f"Fair protocol at {PAPER_N} labelled images, or nearest to that: generator and reader learn from the same, "
    "and all arms are augmented. Holds if some way (either generator, plain or filtered) surely gains, its interval "
    f"widened for the number of ways; does not hold if each surely gains less than {100 * GAIN:.1f} points.",
    4: "Each reader's maps are checked three times: they order pixels better than chance (deletion), correlate with "
    f"those of random weights by less than {SANE}, and lie on ink at most {100 * INK:.0f} points less than those of a "
    "reader of real digits. Holds if all checks do; one that surely fails refutes it.",
    5: "Fair protocol, all arms augmented; two things are named. Noise and distortion: as claim 3, on corrupted test "
    "images, filtered digits. Scarce data: as claim 3, at the fewest labelled images. Holds if both do.",
}


LEADS = {
    HOLDS: "**Yes**, on top of what augmentation gives for nothing.",
    FAILS: "**No**, not beyond what augmentation gives for nothing.",
    OPEN: "**Not decided** so far.",
    UNMEASURED: "**Not decided**: no equal comparison has been made yet.",
}


@dataclass(frozen=True)
class Claim:
    """One claim judged.

    verdict: holds, does not hold, undecided or not measured; `rule` tells how the parts (see `Verdict`) make it.
    figures: the headline; `unit`: what they count; `mark`: the value that decides. n: seeds, or trainings (`counted`).
    run: what it comes from; page and query: where its evidence is shown. aside: what else must be known. note: what is
    missing.
    """

    number: int
    words: str
    verdict: str
    rule: str
    page: str
    query: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    unit: str = ""
    mark: float = 0
    n: int | None = None
    counted: str = "seeds"
    n_labelled: int | None = None
    run: str | None = None
    aside: str = ""
    note: str = ""
    parts: tuple[dict, ...] = ()


def claims(store: RunStore, read: Read = read_results) -> list[Claim]:
    """All five claims, in order, judged by the best runs there are."""
    return judge_claims(select_runs(store, read))


def judge_claims(found: SelectedRuns) -> list[Claim]:
    """All five claims, in order."""
    about = {1: claim_speed, 2: claim_lfid, 3: claim_improvement, 4: claim_saliency, 5: claim_robustness}
    return [Claim(number=i, words=WORDS[i], rule=RULES[i], **tell(found)) for i, tell in about.items()]


def answer(found: SelectedRuns) -> str:
    """Does synthetic data help OCR? One paragraph from the fair study, else from the paper's, in Markdown."""
    study = next((s for s in found.studies if s.sizes), None)
    if study is None:
        return (
            "Nothing has been measured yet. A quick study of the bundled digits takes a few minutes: the page OCR "
            "starts it, and so does `python -m ocrgen study --quick`."
        )
    results, size = study.results, nearest(study.sizes)
    fair = study is found.fair
    real, bar = (results.of(arm, size, "accuracy") for arm in ("real", "real+aug"))
    told = [
        LEADS[claim_improvement(found)["verdict"] if fair else UNMEASURED],
        f"With **{size:,} labelled images** of {title(results.config.dataset)} a network learns to read {_share(real)} "
        f"of unseen digits; classical augmentation, which moves, turns and bends those images, makes that "
        f"**{_share(bar)}**.",
    ]
    for name in results.config.generators:
        gain = results.difference(Arm("real", True, name, True).name, "real+aug", size)
        if gain:
            told.append(_adds(Arm(generator=name).title, gain, first=len(told) == 2))
    seen = int(results.of("real+aug", size, "accuracy")["n_labelled"])
    most = int(results.table.n_labelled.max())
    if fair:
        told.append(f"Every arm, generators included, has seen the same {seen:,} labelled images")
    else:
        told.append(f"But these generators have seen {most:,} labelled images, the readers {seen:,}")
    part = "" if study.whole else f"; {results.done} of {results.total} cells so far"
    told[-1] += f" ({bar['n']} seed{'s' * (bar['n'] > 1)}, 95% intervals{part})."
    return " ".join(told)


def _share(row: dict) -> str:
    bounds = "" if row["n"] < 2 else f" [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
    return f"{100 * row['mean']:.1f}%{bounds}"


def _adds(model: str, gain: dict, first: bool) -> str:
    """One generator's filtered digits on top of augmentation, in a sentence."""
    verdict = classify_gain(gain["low"], gain["high"])
    what = {HOLDS: "**add**", FAILS: "**add nothing**:", OPEN: "**may or may not help**:"}[verdict]
    bounds = "(one seed: no interval)" if gain["n"] < 2 else f"[{100 * gain['low']:+.2f}, {100 * gain['high']:+.2f}]"
    where = "On top of that, filtered " if first else "Filtered "
    return f"{where}{model} digits {what} {100 * gain['mean']:+.2f} points {bounds}."
