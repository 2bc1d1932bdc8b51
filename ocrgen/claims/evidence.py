"""What the newest runs say of each claim: the sub-verdicts that decide, the figures to show, and what else to know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocrgen.benchmark import verdicts as speeds
from ocrgen.benchmark.verdicts import CLAIMED
from ocrgen.claims.rules import HOLDS, UNMEASURED, all_hold, any_holds, combine
from ocrgen.claims.selection import SelectedRuns, Study, nearest
from ocrgen.study.plan import Arm
from ocrgen.study.verdicts import INK

STAND_IN = "lfid_64"  # the distance that the paper's second claim rests on
FAIR = "python -m ocrgen study --dataset mnist --protocol fair --seeds 5"
PAPER = "python -m ocrgen study --dataset mnist --protocol paper --seeds 5"
SPEED = "python -m ocrgen benchmark claim"


@dataclass(frozen=True)
class Figure:
    """One number of a card, with its interval unless it is of one repetition; `model` where it is a generator's."""

    what: str
    value: float
    low: float | None
    high: float | None
    form: str = "+.2f"
    model: str = ""

    @property
    def words(self) -> str:
        """The figure with its interval."""
        bounds = "no interval" if self.low is None else f"{self.low:{self.form}}, {self.high:{self.form}}"
        return f"{self.value:{self.form}} [{bounds}]"


def _figure(part: dict, what: str, model: str = "", scale: float = 1, form: str = "+.2f") -> Figure:
    bounds = (part[k] if part[k] is None else scale * part[k] for k in ("low", "high"))
    return Figure(what, scale * part["figure"], *bounds, form, model)


def _title(arm: str) -> str:
    """The generator of an arm, for people."""
    return Arm(generator=Arm.parse(arm).generator).title


def _figures(parts: Iterable[dict], suffix: str = "") -> tuple[Figure, ...]:
    """One of each generator, shares in points."""
    named = ((p, _title(p["arm"]) + suffix, Arm.parse(p["arm"]).generator) for p in parts)
    return tuple(_figure(*about, scale=100) for about in named)


def _told(parts: Iterable[dict]) -> str:
    """Figures in a sentence."""
    return ", ".join(f"{f.what} {f.words}" for f in _figures(parts))


def _of(study: Study | None, claim: int) -> list[dict]:
    """Sub-verdicts on a claim, in the study's order of generators."""
    if study is None:
        return []
    order = {name: i for i, name in enumerate(study.results.config.generators)}
    found = [v for v in study.verdicts if v["claim"] == claim]
    return sorted(found, key=lambda v: (v["n_real"], order.get(Arm.parse(v["arm"]).generator, len(order))))


def _facts(study: Study, parts: Sequence[dict]) -> dict:
    """What the claims of a study tell alike."""
    seen = [p["n_labelled"] for p in parts if p["n_labelled"]]
    return {
        "n": min(p["n"] for p in parts),
        "n_labelled": max(seen, default=None),
        "run": study.run.name,
        "query": (study.run.name,),
        "note": "" if study.whole else f"Not complete: {study.results.done} of {study.results.total} cells.",
    }


def _unmeasured(page: str, command: str, study: Study | None = None, aside: str = "") -> dict:
    name = study.run.name if study else None
    told = {"verdict": UNMEASURED, "page": page, "run": name, "query": (name,) if name else ()}
    return told | {"aside": aside, "note": f"To measure it: `{command}`"}


def claim_speed(found: SelectedRuns) -> dict:
    """Claim 1: training, timed three ways; sampling is told with it."""
    speed = found.speed
    parts = tuple(
        {"claim": 1, "about": v.words, "verdict": v.verdict, "figure": v.ratio, "low": v.low}
        | {"high": v.high, "n": v.n, "unit": "times", "n_labelled": None, "arm": v.way, "metric": v.what}
        for v in (speeds(speed.rows) if speed else [])
    )
    judged = [p for p in parts if p["metric"] == "training"]
    if not judged:
        return _unmeasured("6_Runtime", SPEED)
    names = {"paper": "the paper's networks", "parameters": "equal weights", "decoder": "same decoder"}
    alone = ", ".join(f"{names.get(p['arm'], p['arm'])} ({p['verdict']})" for p in judged)
    note = "" if speed.whole else "Not complete."
    return {
        "verdict": all_hold(judged),
        "page": "6_Runtime",
        "query": (speed.run.name,),
        "figures": tuple(_figure(p, names.get(p["arm"], p["arm"]), form=".3g") for p in judged),
        "unit": "how many times faster the CVAE trains",
        "mark": CLAIMED,
        "n": min(p["n"] for p in judged),
        "counted": "trainings of each",
        "n_labelled": max(r["size"] or 0 for r in speed.rows if r["subject"].endswith(", training")),
        "run": speed.run.name,
        "aside": f"Taken one by one: {alone}.",
        "note": note or f"Measured quickly; with care: `{SPEED}`" * speed.quick,
        "parts": parts,
    }


def claim_lfid(found: SelectedRuns) -> dict:
    """Claim 2: LFID-64 over all checkpoints of the paper's protocol, and within each generator."""
    page = "5_FID_and_LFID" if found.scored else "4_OCR"
    study, parts = found.paper, _of(found.paper, 2)
    judged = [p for p in parts if p["metric"] == STAND_IN]
    if not judged:
        return _unmeasured(page, PAPER) | {"query": found.scored}
    facts = _facts(study, judged)
    epochs = study.results.table.query("kind == 'epoch'")
    facts |= {"n": max(p["n"] for p in judged), "n_labelled": int(epochs.n_labelled.max())}
    place = {p["arm"]: "over all" if p["arm"] == "all" else f"within {_title(p['arm'])}" for p in judged}
    ranks = {r["scope"]: r["spearman"] for r in study.results.correlations if r["distance"] == "fid_2048"}
    own = ", ".join(f"{ranks[scope]:+.2f} {words}" for scope, words in place.items() if scope in ranks)
    return facts | {
        "verdict": all_hold(judged),
        "page": page,
        "query": found.scored or facts["query"],
        "figures": tuple(_figure(p, place[p["arm"]], p["arm"].replace("all", "")) for p in judged),
        "unit": "rank correlation of LFID-64 with OCR accuracy: -1 perfect, 0 chance",
        "counted": "trainings",
        "aside": f"FID itself: {own}.",
        "parts": tuple(parts),
    }


def _papers(found: SelectedRuns, claim: int, arms: tuple[str, ...], about: str, metric: str = "accuracy") -> str:
    """What the paper's protocol shows of a claim, and why it is no equal comparison; empty without such a study."""
    parts = [p for p in _of(found.paper, claim) if p["arm"] in arms and p["metric"] == metric]
    if not parts:
        return ""
    return (
        f"The paper's protocol: {_told(parts)} points {about}; not equal, since its generators have seen "
        f"{parts[0]['n_labelled']:,} labelled images and the other reader {parts[0]['n_real']:,}."
    )


def _ways(study: Study | None) -> dict[int, list[dict]]:
    """Sub-verdicts on synthetic digits on top of augmentation, by the number of labelled images."""
    found: dict[int, list[dict]] = {}
    for part in _of(study, 3):
        if part["against"] == "real+aug":
            found.setdefault(part["n_real"], []).append(part)
    return found


def _filtered(parts: Iterable[dict]) -> list[dict]:
    return [p for p in parts if Arm.parse(p["arm"]).filtered]


def claim_improvement(found: SelectedRuns) -> dict:
    """Claim 3: on top of augmentation, at the paper's number of labelled images."""
    ways, names = _ways(found.fair), found.paper.results.config.generators if found.paper else ()
    papers = _papers(found, 3, tuple(names), "for synthetic digits alone")
    if not ways:
        return _unmeasured("4_OCR", FAIR, found.paper, papers)
    size = nearest(ways)
    judged = ways[size]
    others = [f"{n:,}: {any_holds(parts)}" for n, parts in sorted(ways.items()) if n != size]
    return _facts(found.fair, judged) | {
        "verdict": any_holds(judged),
        "page": "4_OCR",
        "figures": _figures(_filtered(judged)),
        "unit": f"points of accuracy on top of augmentation, {size:,} labelled images, filtered digits",
        "aside": " ".join(t for t in (f"With other numbers: {'; '.join(others)}." * bool(others), papers) if t),
        "parts": tuple(p for parts in ways.values() for p in parts),
    }


def claim_saliency(found: SelectedRuns) -> dict:
    """Claim 4: the checks of the maps, of all readers at the paper's number of labelled images."""
    study = next((s for s in found.studies if _of(s, 4)), None)
    if study is None:
        return _unmeasured("7_Saliency", FAIR)
    parts = _of(study, 4)
    size = nearest(p["n_real"] for p in parts)
    judged = [p for p in parts if p["n_real"] == size]
    holding = sum(p["verdict"] == HOLDS for p in judged)
    return _facts(study, judged) | {
        "verdict": all_hold(judged),
        "page": "7_Saliency",
        "figures": _figures(p for p in judged if p["unit"] == "share of saliency"),
        "unit": "points of the map on ink, against a reader of real digits",
        "mark": -100 * INK,
        "aside": f"{holding} of {len(judged)} checks hold. They tell where readers look, not that they read better.",
        "parts": tuple(parts),
    }


def claim_robustness(found: SelectedRuns) -> dict:
    """Claim 5: corrupted images at the paper's number of labelled images, and the fewest labelled images."""
    names = found.paper.results.config.generators if found.paper else ()
    arms = tuple(Arm("real", True, name, True).name for name in names)
    papers = _papers(found, 5, arms, "under noise and distortion", "corrupted")
    robust, ways = _of(found.fair, 5), _ways(found.fair)
    if not ways or not robust:
        return _unmeasured("4_OCR", FAIR, found.paper, papers)
    size, least = nearest(ways), min(ways)
    noisy = [p for p in robust if p["n_real"] == size and p["metric"] == "corrupted"]
    by_part = {"noise and distortion": any_holds(noisy), f"scarce data ({least:,} images)": any_holds(ways[least])}
    aside = "; ".join(f"{what}: {verdict}" for what, verdict in by_part.items()).capitalize() + "."
    return _facts(found.fair, [*noisy, *ways[least]]) | {
        "verdict": combine(list(by_part.values())),
        "page": "4_OCR",
        "figures": _figures(noisy, ", noisy") + _figures(_filtered(ways[least]), f", {least:,} images"),
        "unit": "points of accuracy on top of augmentation, filtered digits",
        "aside": " ".join(t for t in (aside, papers) if t),
        "parts": (*robust, *ways[least]),
    }
