"""The ways of training that a study compares (arms): what a reader learns from, and which belong to its question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ocrgen.generators import generators

OWN = "own"  # in place of a generator's name: the engineer's own synthetic images
PSEUDO, LABELS = "pseudo", "labels"  # of the pool: with labels that readers gave it, or with its true ones
BAR, NOISE_BAR = "real+aug", "real+aug+noise"  # what synthetic images must be better than; the same under corruption
TITLES = {OWN: "own synthetic", PSEUDO: "pseudo-labels", LABELS: "the pool's true labels"}


@dataclass(frozen=True)
class Arm:
    """A training mix: real images or none, classical augmentation, a pool, one generator's images or none.

    real: "" for none, "real" for the n labelled images, "all" for the whole training set. augmented: whether images
    that make up the mix (without real ones, the generated ones) are distorted at random; noise: and made noisy. pool:
    "" for none, PSEUDO or LABELS. generator: its name, OWN, or "" for none. filtered: whether only generated images are
    kept whose label a reader confirms.
    """

    real: str = ""
    augmented: bool = False
    generator: str = ""
    filtered: bool = False
    pool: str = ""
    noise: bool = False

    @property
    def name(self) -> str:
        """The name in tables and files, for example `real+aug+cvae-filtered`."""
        parts = [self.real, "aug" * self.augmented, "noise" * self.noise, self.pool]
        return "+".join(p for p in (*parts, self.generator + "-filtered" * self.filtered) if p)

    @property
    def title(self) -> str:
        """The name for people, for example `real + augmentation + CVAE, filtered`."""
        real = {"": "", "real": "real", "all": "all real"}[self.real]
        source = source_title(self.generator) + ", filtered" * self.filtered
        changed = ["augmentation" * self.augmented, "noise" * self.noise]
        pool = TITLES.get(self.pool, "")
        parts = [real, *changed, pool, source] if real else [pool, source, *changed]
        return " + ".join(p for p in parts if p)

    @property
    def mixed(self) -> bool:
        """Whether its batches hold both real and generated images."""
        return bool(self.real and self.generator)

    @property
    def synthetic(self) -> bool:
        """Whether it learns from anything but labelled real images: generated ones, or labels that readers gave."""
        return bool(self.generator or self.pool == PSEUDO)

    @property
    def alone(self) -> bool:
        """Whether it learns without any real image, from a source that needs none of the n labelled ones either."""
        return not self.real and bool(self.generator) and not trained(self.generator)

    @property
    def primary(self) -> bool:
        """Whether it answers the question of a study: synthetic images on top of real ones and augmentation."""
        return self.real == "real" and self.augmented and not self.noise and self.synthetic

    @classmethod
    def parse(cls, name: str) -> "Arm":
        """The inverse of `name`."""
        parts = name.split("+")
        pool = next((p for p in parts if p in (PSEUDO, LABELS)), "")
        real = next((p for p in parts if p in ("real", "all")), "")
        generator = next((p for p in parts if p not in ("real", "all", "aug", "noise", pool)), "")
        filtered = generator.endswith("-filtered")
        return cls(real, "aug" in parts, generator.removesuffix("-filtered"), filtered, pool, "noise" in parts)


def source_title(name: str) -> str:
    """What a source of synthetic images is called: a generator's title, or that of the engineer's own images."""
    known = generators()
    if not name:
        return ""
    title = known[name].title if name in known else TITLES.get(name, name.upper())
    return title if title[:2].isupper() else title[:1].lower() + title[1:]  # in the middle of a line, not an acronym


def trained(name: str) -> bool:
    """Whether images come from a generator that learns from labelled ones, and are filtered before use."""
    return name not in generators() and name != OWN or name in generators() and generators()[name].trains


def compared(protocol: str, sources: Sequence[str], robust: bool = True) -> list[Arm]:
    """The training mixes compared at each n; `real` and `real+aug` come first.

    sources: generators, and OWN if the engineer brings images. robust: whether readers are tested on corrupted images,
    against which noise is the bar.
    """
    arms = [Arm("real"), Arm("real", True)]
    if protocol == "paper":
        for name in filter(trained, sources):
            for real, augmented in (("", False), ("real", False), ("real", True)):
                arms += [Arm(real, augmented, name, filtered) for filtered in (False, True)]
        return arms
    arms += [Arm("real", True, noise=True)] * robust
    pool = protocol == "pool"
    if pool:
        arms += [Arm("real", True, pool=PSEUDO), Arm("real", True, pool=LABELS)]
    for name in sources:
        on_top = Arm("real", True, name, trained(name))
        arms.append(on_top)
        if pool:
            arms.append(replace(on_top, pool=PSEUDO))
        if trained(name):
            arms.append(replace(on_top, real=""))
    return arms


def alone(protocol: str, sources: Sequence[str]) -> list[Arm]:
    """The training mixes that need no labelled image at all, and are therefore compared with every n."""
    return [] if protocol == "paper" else [Arm("", True, name) for name in sources if not trained(name)]
