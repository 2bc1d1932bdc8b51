"""The images of a study: its data set, or repeated splits of it; a pool without labels; the user's synthetic ones."""

import json
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ocrgen.datasets import Characters, Splits, existing_path, load_data
from ocrgen.datasets.own import open_data
from ocrgen.datasets.repeated import n_folds, repeated_split, whole_if_small
from ocrgen.generators.base import MAX_SAMPLES
from ocrgen.runs.run import Run
from ocrgen.study.config import StudyConfig
from ocrgen.study.plan import Cell
from ocrgen.study.sizes import check
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically


def small_data(config: StudyConfig) -> Characters | None:
    """All images of small data of the user's own, of which another part is the test set for each seed; else None.

    The paper's protocol has one test set only. DataError if the data cannot be read.
    """
    return None if config.protocol == "paper" else whole_if_small(config.dataset)


def first_split(config: StudyConfig) -> Splits:
    """The data of a study's first seed. DataError if it cannot be read."""
    whole = small_data(config)
    return load_data(config.dataset) if whole is None else repeated_split(whole, 0, n_folds(config.most_seeds))[0]


def own_images(config: StudyConfig, tested: Characters) -> Characters | None:
    """The engineer's own synthetic images, with the classes of `tested`, all that the study tests; None without any.

    UserError if they cannot be read, have other classes, or images of `tested` are among them.
    """
    if not config.synthetic:
        return None
    path = existing_path(config.synthetic)
    if path is None:
        raise UserError(f"{config.synthetic} is not there: give the path of your synthetic images.")
    images = open_data(path, least=1).whole.relabelled(tested.classes)
    known = {image.tobytes() for image in tested.images if image.any()}
    if copies := sum(image.tobytes() in known for image in images.images):
        raise UserError(
            f"{copies:,} of the {len(images):,} images in {path.name} are test images of {config.dataset}: bring "
            "images that were made without them."
        )
    return images.subset(MAX_SAMPLES, 0) if len(images) > MAX_SAMPLES else images


def check_data(config: StudyConfig) -> None:
    """Check that a study can begin. UserError if its data, or its synthetic images, cannot be used as it says."""
    whole, splits = small_data(config), first_split(config)
    check(config, splits.train)
    own_images(config, splits.test if whole is None else whole)


class StudyData:
    """The data and result files of one study. Everything is drawn with a task's seed."""

    def __init__(self, run: Run):
        self.run = run
        self.config = StudyConfig.model_validate(run.request.settings)

    @cached_property
    def whole(self) -> Characters | None:
        """As `small_data`."""
        return small_data(self.config)

    @cached_property
    def data(self) -> Splits:
        """The data set, of small data the split of the first seed.

        UserError if it is too small, or has changed since the study began.
        """
        data = load_data(self.config.dataset) if self.whole is None else self._split(0)[0]
        check(self.config, data.train)
        if self.run.request.data not in (None, self._facts(data)):
            raise UserError(f"{self.config.dataset} is not what it was when {self.run.name} began: start a new study.")
        return data

    @cached_property
    def own(self) -> Characters | None:
        """As `own_images`."""
        return own_images(self.config, load_data(self.config.dataset).test if self.whole is None else self.whole)

    def _facts(self, data: Splits) -> dict:
        facts = data.facts()
        if self.own is not None:
            facts["synthetic"] = {"n": len(self.own), "fingerprint": self.own.fingerprint}
        return facts

    def begin(self) -> None:
        """Note in the run what data it is about: fingerprints, classes, and whose the test images are."""
        if self.run.request.data is None:
            self.run.amend(data=self._facts(self.data), classes=self.data.train.classes)
        whole = self.data.test if self.whole is None else self.whole
        writers = None if whole.writers is None else whole.writers.tolist()
        write_atomically(self.run.path / "tested.json", json.dumps({"n": len(whole), "writers": writers}))

    @lru_cache(maxsize=2)  # noqa: B019 - one object for the life of a process
    def _split(self, seed: int) -> tuple[Splits, np.ndarray]:
        assert self.whole is not None
        return repeated_split(self.whole, seed, n_folds(self.config.most_seeds))

    def splits(self, seed: int) -> Splits:
        """Training, validation and test images of a seed."""
        return self.data if self.whole is None else self._split(seed)[0]

    def tested(self, seed: int) -> np.ndarray:
        """The index of a seed's test images in all that the study tests, int64 (n,)."""
        return np.arange(len(self.data.test)) if self.whole is None else self._split(seed)[1]

    def result_file(self, key: str) -> Path:
        """The result file of the task `key`."""
        return self.run.path / "cells" / f"{key}.json"

    def result(self, key: str) -> dict:
        """The result of the task `key`, which must have ended."""
        return json.loads(self.result_file(key).read_bytes())

    def labelled(self, cell: Cell) -> Characters:
        """The task's real labelled images: n of the training set; all if n is 0.

        Of repeated splits some have an image or two less than n.
        """
        train = self.splits(cell.seed).train
        return train.subset(min(cell.n, len(train)), cell.seed) if cell.n else train

    def pool(self, cell: Cell) -> Characters:
        """The task's unlabelled images: of the training set, but none of the labelled ones.

        Their labels are for the ceiling, and to tell how many pseudo-labels are right; they decide nothing.
        """
        train = self.splits(cell.seed).train
        rest = np.setdiff1d(np.arange(len(train)), train.chosen(min(cell.n, len(train)), cell.seed))
        if not len(rest):
            raise UserError(f"Of {len(train):,} training images none is left for the pool: choose a smaller n.")
        chosen = np.random.default_rng((cell.seed, cell.n)).permutation(rest)[: self.config.unlabelled]
        return train[np.sort(chosen)]

    def validation(self, cell: Cell) -> Characters:
        """The validation images; only the paper's protocol chooses by them."""
        return self.splits(cell.seed).validation

    def robust(self, seed: int) -> tuple[Characters, np.ndarray]:
        """The test images to corrupt, the same for all training mixes, and their index in the seed's test images."""
        test = self.splits(seed).test
        index = np.sort(test.chosen(min(self.config.n_robustness, len(test)), 0))
        return test[index], index
