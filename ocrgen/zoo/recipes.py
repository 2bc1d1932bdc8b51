"""Recipes of the shipped runs: name, verb and settings of each, after the recipes it needs."""

from dataclasses import dataclass
from string import ascii_uppercase

from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.datasets import classes_of
from ocrgen.datasets.alphabet import ARABIC_DIGITS, DIGITS
from ocrgen.generators import generators
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.scoring import ScoreConfig
from ocrgen.metrics.extractors.digitnet import VERSION
from ocrgen.readers.request import ReaderRequest
from ocrgen.study.config import StudyConfig

SCRIPTS = ("mnist", "arabic")
LETTERS = "arabic-letters"
REFERENCES = (*SCRIPTS, LETTERS)
EPOCHS = 10
# Generators and presets. Of the CGAN's preset `paper`, 3.8 million weights for each script would take the folder past
# 70 MB; whoever adds a generator ships it by adding it here.
TRAININGS = (("cvae", "fast"), ("cvae", "paper"), ("cgan", "fast"), ("rendered", "handwriting"))
# Readers of rendered characters alone, which no labelled image taught.
TYPED = {
    "digits": DIGITS,
    "arabic-digits": ARABIC_DIGITS,
    "capitals": ascii_uppercase,
    "arabic-letters": classes_of(LETTERS),
}
# The reader for pictures that people send learns forms and pens that MNIST lacks; Arabic digits it would read worse.
PENS = {"generator": "rendered", "style": "pens", "share": 0.1, "steps": 8000}


# By the rules of an earlier version, which this one does not follow: what is shipped can be read, not made again.
EARLIER = {
    "study-paper-arabic": {
        "dataset": "arabic", "protocol": "paper", "shares": [0.05, 0.2, 0.5], "seeds": 5, "steps": 400,
        "generators": ["cvae", "cgan"],
    },
}  # fmt: skip
STUDIES = {
    "study-paper-mnist": {"dataset": "mnist", "protocol": "paper", "seeds": 5},
    "study-fair-mnist": {"dataset": "mnist", "n": [100, 500, 5000], "until_decided": True},
    "study-fair-arabic": {"dataset": "arabic", "n": [100, 500], "until_decided": True},
    "study-fair-arabic-letters": {
        "dataset": "arabic-letters", "n": [280, 1400, 5600], "until_decided": True, "n_saliency": 0, "n_robustness": 0,
    },
    "study-pool-mnist": {
        "dataset": "mnist", "protocol": "pool", "n": [100], "generators": ["cvae", "cgan"], "until_decided": True,
        "n_saliency": 0, "n_robustness": 0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """One shipped run. verb, settings: as in its `run.json`. needs: names of the recipes whose runs it uses."""

    name: str
    verb: str
    settings: dict
    needs: tuple[str, ...] = ()


def recipes() -> list[Recipe]:
    """The recipes of all shipped runs, each after those it needs."""
    listed = [Recipe(VERSION, "digitnet", {})]
    listed += [Recipe(f"reference-{s}", "reference", {"dataset": s}, (VERSION,)) for s in REFERENCES]
    for script in REFERENCES:
        measured = (VERSION, f"reference-{script}")
        for model, preset in TRAININGS:
            if script not in SCRIPTS and preset == "paper":
                continue
            kind = generators()[model]
            name = f"{model}-{script}" if preset == kind.default_preset() else f"{model}-{preset}-{script}"
            request = TrainRequest(
                dataset=script,
                model=model,
                preset=preset,
                train=TrainConfig(epochs=EPOCHS) if kind.trains else TrainConfig(),
                config=kind.presets[preset],
            )
            listed.append(Recipe(name, "train", request.model_dump(mode="json"), measured))
            listed.append(Recipe(f"score-{name}", "score", ScoreConfig(run=name).model_dump(), (name,)))
        for name, changes in (
            ("real-500", {"n": 500}),
            ("real", {}),
            ("augmented", {"augment": True} | (PENS if script == "mnist" else {})),
            ("cvae", {"generator": f"cvae-{script}"}),
            ("cgan", {"generator": f"cgan-{script}"}),
        ):
            if script not in SCRIPTS and name == "real-500":
                continue
            request = ReaderRequest.model_validate({"dataset": script, **changes})
            needs = (request.generator,) if request.generator not in ("", "rendered") else ()
            listed.append(Recipe(f"reader-{name}-{script}", "reader", request.model_dump(), needs))
    for name, characters in TYPED.items():
        typed = ReaderRequest(dataset="", characters="".join(characters), generator="rendered")
        listed.append(Recipe(f"reader-rendered-{name}", "reader", typed.model_dump()))
    for name, changes in (EARLIER | STUDIES).items():
        config = StudyConfig.model_validate(changes)
        needs = (VERSION, f"reference-{config.dataset}") if config.protocol == "paper" else ()
        listed.append(Recipe(name, "study", config.model_dump(), needs))
    listed.append(Recipe("benchmark-all", "benchmark", BenchmarkConfig().model_dump()))
    return listed
