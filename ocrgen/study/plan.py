"""The plan of a study: its training mixes, seeds and sizes, divided into tasks (cells)."""

from dataclasses import dataclass
from typing import Literal

from ocrgen.study.arms import BAR, PSEUDO, Arm
from ocrgen.study.config import StudyConfig
from ocrgen.study.sequential import LOOKS

Kind = Literal["generator", "epoch", "pseudo", "reader", "saliency"]
ALL_AUGMENTED = Arm("all", True)
EXPLAINED = ("fair", "paper")  # protocols whose readers are explained by Grad-CAM


@dataclass(frozen=True)
class Cell:
    """One task of a study, done as a whole by one process.

    kind: train a generator; train a reader on one epoch's samples and score these; label the pool by readers; train and
    grade the readers of a training mix; or explain one by Grad-CAM. n: real labelled images, 0 for the whole training
    set, or for none where the training mix has none. epoch: of the generator, for kind "epoch" only. needs: keys of the
    tasks whose results it uses.
    """

    kind: Kind
    seed: int
    n: int
    arm: Arm
    epoch: int = 0
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The task's unique name, which its result file bears too."""
        middle = f"-e{self.epoch:03d}" if self.epoch else ""
        return f"{self.kind}-{self.arm.name}-n{self.n}-s{self.seed}{middle}"

    def identity(self) -> dict:
        """The fields by which a result file identifies its task, whether the task succeeded or failed."""
        return {"key": self.key, "kind": self.kind, "arm": self.arm.name, "n_real": self.n, "seed": self.seed}


def plan(config: StudyConfig) -> list[Cell]:
    """All tasks of a study, each after those it needs; seed by seed, so that early results span all training mixes."""
    return [cell for seed in range(config.most_seeds) for cell in plan_seed(config, seed)]


def plan_seed(config: StudyConfig, seed: int) -> list[Cell]:
    """The tasks of one seed."""
    all_augmented = Cell("reader", seed, 0, ALL_AUGMENTED)  # the upper bound, and grades generated images (GAN-test)
    paper = config.protocol == "paper"
    cells = [all_augmented, *[Cell("reader", seed, 0, Arm("all"))] * (paper or config.rules == 1)]
    cells += [Cell("reader", seed, 0, arm, needs=(all_augmented.key,)) for arm in config.arms_alone]
    for n in config.sizes():
        cells += _at_size(config, seed, n, all_augmented.key, cells[1].key if paper else "")
    return cells


def _at_size(config: StudyConfig, seed: int, n: int, all_augmented: str, all_real: str) -> list[Cell]:
    """The tasks of one seed at n labelled images; all_real: key of the reader by which the paper's protocol filters."""
    cells: list[Cell] = []
    paper, arms = config.protocol == "paper", config.arms
    bar = Cell("reader", seed, n, Arm.parse(BAR))
    judge = bar.key  # whose reader filters: it has learned from what the generator learns from
    if config.protocol == "pool":
        cells += [bar, Cell("pseudo", seed, n, Arm(pool=PSEUDO), needs=(bar.key,))]
        judge = cells[-1].key
    made: dict[str, list[Cell]] = {}  # the training, and each epoch's task, by generator
    for name in config.trained:
        training = Cell("generator", seed, 0 if paper else n, Arm(generator=name), needs=(judge,) * (judge != bar.key))
        epochs = config.scored_epochs() if paper else ()
        by_epoch = [Cell("epoch", seed, 0, training.arm, e, (training.key, all_augmented)) for e in epochs]
        made[name] = [training, *by_epoch]
        cells += made[name]
    for arm in arms:
        if arm == bar.arm and bar in cells:
            continue
        needs = [judge] * (arm.pool == PSEUDO)
        if arm.generator:
            needs += [c.key for c in made.get(arm.generator, [])] + [all_augmented]
        if arm.filtered:
            needs.append(all_real if paper else judge)
        cells.append(Cell("reader", seed, n, arm, needs=tuple(dict.fromkeys(needs))))
    if config.n_saliency and config.protocol in EXPLAINED:
        reader_of_real = Cell("reader", seed, n, Arm("real")).key
        for arm in filter(lambda arm: explained(config, arm), arms):
            keys = dict.fromkeys((reader_of_real, Cell("reader", seed, n, arm).key))
            cells.append(Cell("saliency", seed, n, arm, needs=tuple(keys)))
    return cells


def explained(config: StudyConfig, arm: Arm) -> bool:
    """Whether Grad-CAM explains a mix's reader: of real images, and of synthetic ones on top of augmentation."""
    if config.protocol == "paper":  # as the paper did: of real images alone, and of each generator's alone
        return not arm.augmented and not arm.filtered and not arm.mixed
    return arm.name in ("real", BAR) or arm.primary


def blocks(config: StudyConfig) -> list[list[Cell]]:
    """The tasks, divided where the study may end: at each look if it is to go on until decided."""
    looks = LOOKS if config.until_decided else (config.seeds,)
    starts = (0, *looks[:-1])
    return [
        [cell for seed in range(start, end) for cell in plan_seed(config, seed)]
        for start, end in zip(starts, looks, strict=True)
    ]
