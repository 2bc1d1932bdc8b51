"""What the chosen runs say of each claim: the comparisons that decide, the figures to show, and what else to know."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ocrgen.benchmark import verdicts as speed_verdicts
from ocrgen.benchmark.verdicts import CLAIMED
from ocrgen.claims.claim import Claim, Figure
from ocrgen.claims.distances import chosen, gist, lost, told
from ocrgen.claims.rules import all_hold, by_way, combine, some_way
from ocrgen.claims.selection import SelectedRuns, Study
from ocrgen.datasets.alphabet import noun
from ocrgen.study.arms import Arm, trained
from ocrgen.study.choices import MATTERS
from ocrgen.study.headline import nearest
from ocrgen.study.saliency_verdicts import HALF_WAY, WAY
from ocrgen.study.verdicts import EXPLORATORY, Verdict
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.verdict import HOLDS, OPEN, VerdictWord

STAND_IN = "lfid_64"  # the distance that the paper's second claim rests on
SPEED = f"{PROGRAM} benchmark claim"
WAYS = {"paper": "the paper's networks", "parameters": "equal weights", "decoder": "same decoder"}


def judge_claims(runs: SelectedRuns) -> list[Claim]:
    """All five claims of the paper, in order, judged by the chosen runs."""
    return [build(runs) for build in (claim_speed, claim_lfid, claim_improvement, claim_saliency, claim_robustness)]


def claim_speed(runs: SelectedRuns) -> Claim:
    """Claim 1: training, timed three ways; sampling is told with it."""
    speed = runs.speed
    parts = tuple(
        Verdict(1, v.words, v.verdict, v.ratio, v.low, v.high, v.n, "times", arm=v.way, metric=v.what)
        for v in (speed_verdicts(speed.rows, speed.quick) if speed else [])
    )
    judged = [p for p in parts if p.metric == "training"]
    if not speed or not judged:
        return _unmeasured(1, "6_Runtime", SPEED)
    note = "" if speed.whole else "Not complete."
    return Claim(
        1,
        "6_Runtime",
        by_way(judged),
        query=(speed.run.name,),
        figures=tuple(_figure(p, WAYS.get(p.arm, p.arm), form=".3g") for p in judged),
        unit="how many times faster the CVAE trains",
        mark=CLAIMED,
        n=min(p.n for p in judged),
        counted="trainings of each",
        run=speed.run.name,
        gist=_one_by_one({WAYS.get(p.arm, p.arm): p.verdict for p in judged}),
        note=note or f"Measured quickly; with care: `{SPEED}`" * speed.quick,
        parts=parts,
    )


def claim_lfid(runs: SelectedRuns) -> Claim:
    """Claim 2: LFID-64's choice of the epoch and of the generator, under the paper's protocol."""
    page = "5_FID_and_LFID" if runs.scored else "4_OCR"
    study, parts = runs.paper, _of(runs.paper, 2)
    judged = [p for p in parts if p.metric == STAND_IN]
    if study is None or not judged:
        return replace(_unmeasured(2, page, _command("paper", runs)), query=runs.scored)
    table = study.results.table
    found = chosen(table, STAND_IN)
    verdict = all_hold(judged)
    if len({c.what for c in found}) < 2 and verdict == HOLDS:
        verdict = OPEN  # one of the two choices has not been put to it
    return replace(
        _from_study(2, page, study, judged),
        verdict=verdict,
        query=runs.scored or (study.run.name,),
        figures=lost(found),
        unit="points of accuracy lost by letting it choose",
        mark=100 * MATTERS,
        n=max(p.n for p in judged),
        n_labelled=int(table.loc[table.kind == "epoch"].n_labelled.max()),
        gist=gist(found, STAND_IN),
        aside=told(found, study.results, runs.speed),
        parts=tuple(parts),
    )


def claim_improvement(runs: SelectedRuns) -> Claim:
    """Claim 3: the declared family of the equal comparison, at the paper's number of labelled images."""
    names = runs.paper.results.config.trained if runs.paper else ()
    in_paper = _in_the_paper(runs, 3, tuple(names), f"for synthetic {_noun(runs.paper)}s alone")
    ways = _declared(runs.fair)
    if runs.fair is None or not ways:
        return _unmeasured(3, "4_OCR", _command("fair", runs), runs.paper, in_paper)
    size = nearest(ways)
    judged = ways[size]
    others = [f"{n:,}: {some_way(parts)}" for n, parts in sorted(ways.items()) if n != size]
    kinds = {"rendered from fonts": False, "learned by generators": True}
    apart = {
        told: some_way(parts)
        for told, learns in kinds.items()
        if (parts := [p for p in judged if trained(Arm.parse(p.arm).generator) == learns])
    }
    numbers = f"With other numbers of labelled images: {'; '.join(others)}." * bool(others)
    return replace(
        _from_study(3, "4_OCR", runs.fair, judged),
        verdict=some_way(judged),
        figures=_figures(_shown(judged)),
        unit=f"points of accuracy on top of augmentation, {size:,} labelled images",
        gist=_one_by_one(apart) if len(apart) > 1 else "",
        aside=" ".join(filter(None, (numbers, in_paper))),
        parts=tuple(p for parts in ways.values() for p in parts),
    )


def claim_saliency(runs: SelectedRuns) -> Claim:
    """Claim 4: the checks of the maps, of all readers at the paper's number of labelled images."""
    study = next((s for s in runs.studies if _of(s, 4)), None)
    if study is None:
        earlier = next((s for s in runs.studies if (s.results.table.kind == "saliency").any()), None)
        aside = "Its maps were measured by earlier rules, which did not compare them with the image itself." * bool(
            earlier
        )
        return _unmeasured(4, "7_Saliency", _command("fair", runs), earlier, aside)
    parts = _of(study, 4)
    size = nearest(p.n_real for p in parts)
    judged = [p for p in parts if p.n_real == size and p.verdict != EXPLORATORY]
    holding = sum(p.verdict == HOLDS for p in judged)
    return replace(
        _from_study(4, "7_Saliency", study, judged),
        verdict=all_hold(judged),
        figures=tuple(_figure(p, Arm.parse(p.arm).title, Arm.parse(p.arm).generator) for p in judged if p.unit == WAY),
        unit="where the maps lie: 0 as of random weights, 1 as the blurred image itself",
        mark=HALF_WAY,
        gist=f"{holding} of {len(judged)} checks of the maps hold.",
        aside="They tell where OCR models look, not that they read better.",
        parts=tuple(parts),
    )


def claim_robustness(runs: SelectedRuns) -> Claim:
    """Claim 5: corrupted images at the paper's number of labelled images, and the fewest labelled images."""
    ways = _declared(runs.fair)
    if runs.fair is None or not ways:
        return _unmeasured(5, "4_OCR", _command("fair", runs), runs.paper)
    parts, size, fewest = _of(runs.fair, 5), nearest(ways), min(ways)
    noisy = [p for p in parts if p.n_real == size]
    things: dict[str, VerdictWord] = {
        "noise and distortion": some_way(noisy),
        f"scarce data ({fewest:,} images)": some_way(ways[fewest]),
    }
    missing = "" if noisy else f"Training with noise, against which it is judged: `{_command('fair', runs)}`"
    claim = _from_study(5, "4_OCR", runs.fair, [*noisy, *ways[fewest]])
    return replace(
        claim,
        verdict=combine(list(things.values())),
        figures=_figures(_shown(noisy), ", noisy") + _figures(_shown(ways[fewest]), f", {fewest:,} images"),
        unit="points of accuracy: under noise and distortion beyond training with noise, else on top of augmentation",
        gist=_one_by_one(things),
        note=" ".join(filter(None, (claim.note, missing))),
        parts=(*parts, *ways[fewest]),
    )


def _from_study(number: int, page: str, study: Study, parts: Sequence[Verdict]) -> Claim:
    """What the claims that a study decides have in common."""
    done, total = study.results.done, study.results.total
    return Claim(
        number,
        page,
        query=(study.run.name,),
        n=min(p.n for p in parts),
        n_labelled=max((p.n_labelled for p in parts if p.n_labelled), default=None),
        run=study.run.name,
        note="" if study.whole else f"Not complete: {done} of {total} tasks.",
        noun=noun(study.results.classes),
    )


def _one_by_one(words: Mapping[str, str]) -> str:
    """What came out for each part of a claim: "The paper's networks: holds; same decoder: does not hold."."""
    told = "; ".join(f"{what}: {word}" for what, word in words.items())
    return f"{told[:1].upper()}{told[1:]}."


def _unmeasured(number: int, page: str, command: str, study: Study | None = None, aside: str = "") -> Claim:
    name = study.run.name if study else None
    note = f"To measure it: `{command}`"
    return Claim(number, page, query=(name,) if name else (), run=name, aside=aside, note=note)


def _command(protocol: str, runs: SelectedRuns) -> str:
    """The study that measures a claim, of the data that others have studied, else of MNIST."""
    data = next((s.results.config.dataset for s in (runs.fair, runs.paper) if s), "mnist")
    return f"{PROGRAM} study --dataset {shlex.quote(data)} --protocol {protocol}"


def _noun(study: Study | None) -> str:
    """What one of a study's classes is called."""
    return noun(study.results.classes) if study else "digit"


def _of(study: Study | None, claim: int) -> list[Verdict]:
    """Comparisons that bear on a claim, in the study's order of generators."""
    if study is None:
        return []
    order = {name: i for i, name in enumerate(study.results.config.sources)}
    parts = [v for v in study.verdicts if v.claim == claim]
    return sorted(parts, key=lambda v: (v.n_real, order.get(Arm.parse(v.arm).generator, len(order))))


def _declared(study: Study | None) -> dict[int, list[Verdict]]:
    """The declared family, by the number of labelled images."""
    by_size: dict[int, list[Verdict]] = {}
    for part in _of(study, 3):
        if part.verdict != EXPLORATORY:
            by_size.setdefault(part.n_real, []).append(part)
    return by_size


def _shown(parts: Iterable[Verdict]) -> list[Verdict]:
    """Without unfiltered images of generators that are filtered, too."""
    arms = {p: Arm.parse(p.arm) for p in parts}
    filtered = {arm.generator for arm in arms.values() if arm.filtered}
    return [p for p, arm in arms.items() if arm.filtered or arm.generator not in filtered]


def _in_the_paper(runs: SelectedRuns, claim: int, arms: tuple[str, ...], about: str, metric: str = "accuracy") -> str:
    """What the paper's protocol shows of a claim, and why it is no equal comparison; empty without such a study."""
    parts = [p for p in _of(runs.paper, claim) if p.arm in arms and p.metric == metric]
    if not parts:
        return ""
    figures = ", ".join(f"{f.label} {f.words}" for f in _figures(parts))
    return (
        f"The paper's protocol: {figures} points {about}; not equal, since its generators have seen "
        f"{parts[0].n_labelled:,} labelled images and the other OCR model {parts[0].n_real:,}."
    )


def _figure(part: Verdict, label: str, model: str = "", scale: float = 1, form: str = "+.2f") -> Figure:
    low, high = (None if bound is None else scale * bound for bound in (part.low, part.high))
    return Figure(label, scale * part.figure, low, high, form, model)


def _figures(parts: Iterable[Verdict], suffix: str = "") -> tuple[Figure, ...]:
    """One figure for each comparison, shares in points, labelled with its generator, and with the pool's labels."""
    arms = {p: Arm.parse(p.arm) for p in parts}
    return tuple(
        _figure(p, Arm(pool=arm.pool, generator=arm.generator).title + suffix, arm.generator or arm.pool, 100)
        for p, arm in arms.items()
    )
