"""Small data of one's own: every image is tested in some seed, and no writer on both sides."""

import numpy as np
import pytest

from ocrgen.datasets import load_data
from ocrgen.datasets.base import DataError
from ocrgen.datasets.repeated import SMALL, n_folds, repeated_split, whole_if_small
from ocrgen.study.config import StudyConfig
from ocrgen.study.data import check_data, first_split, own_images
from ocrgen.utils.errors import UserError

DIGITS = load_data("digits").train


def own(folder, n=600, **extra) -> str:
    data = DIGITS.subset(n, 0)
    np.savez(folder / "own.npz", images=data.images, labels=data.labels, **extra)
    return str(folder / "own.npz")


@pytest.mark.parametrize("folds", [3, 6])
def test_every_image_is_tested_once_in_as_many_seeds_as_parts(folds):
    whole = DIGITS.subset(601, 0)
    tested = []
    for seed in range(2 * folds):
        splits, index = repeated_split(whole, seed, folds)
        assert np.array_equal(splits.test.images, whole.images[index])
        assert sum(map(len, splits)) == 601 and (splits.train.counts > 0).all() and (splits.test.counts > 0).all()
        assert abs(len(index) - 601 / folds) <= 1
        tested.append(index)
    for start in (0, folds):
        assert np.array_equal(np.sort(np.concatenate(tested[start : start + folds])), np.arange(601))
    assert not np.array_equal(tested[0], tested[folds]), "then the data is divided anew"
    assert np.array_equal(repeated_split(whole, 1, folds)[1], tested[1])


def test_no_writer_is_on_both_sides(tmp_path):
    whole = whole_if_small(own(tmp_path, writer=np.arange(600) % 24))
    for seed in range(6):
        splits, _ = repeated_split(whole, seed, 6)
        test = set(splits.test.writers)
        assert len(test) == 4 and not test & {*splits.train.writers, *splits.validation.writers}
    with pytest.raises(DataError, match="too few images"):
        repeated_split(whole_if_small(own(tmp_path, writer=np.zeros(600))), 0, 6)


def test_only_small_data_that_sets_no_test_apart_is_split_again(tmp_path):
    assert whole_if_small("digits") is None and whole_if_small("mnist") is None
    assert len(whole_if_small(own(tmp_path))) == 600
    assert whole_if_small(own(tmp_path, part=np.arange(600) % 3)) is None
    many = np.tile(np.arange(600), 1 + 6 * SMALL // 600)
    data = DIGITS.subset(600, 0)[many]
    np.savez(tmp_path / "many.npz", images=data.images, labels=data.labels)
    assert whole_if_small(str(tmp_path / "many.npz")) is None
    assert [n_folds(k) for k in (1, 3, 5, 8, 20)] == [3, 3, 5, 6, 6]


def test_a_study_takes_the_split_of_its_seed_or_says_what_is_wrong(tmp_path):
    path = own(tmp_path)
    config = StudyConfig(dataset=path, n=[60], seeds=6)
    assert len(first_split(config).test) == 100
    check_data(config)
    assert len(first_split(config.model_copy(update={"protocol": "paper"})).train) == len(load_data(path).train)
    with pytest.raises(UserError, match="choose n up to that"):
        check_data(config.model_copy(update={"n": [550]}))
    with pytest.raises(UserError, match="is not there"):
        check_data(config.model_copy(update={"synthetic": str(tmp_path / "none.npz")}))
    # All images are tested at some time, so that none of them may be among the synthetic ones.
    with pytest.raises(UserError, match="600 of the 600 images in own.npz are test images"):
        check_data(config.model_copy(update={"synthetic": path}))
    letters = tmp_path / "letters.npz"
    np.savez(letters, images=DIGITS.images[:60], labels=np.arange(60) % 3, classes=np.array(["A", "B", "C"]))
    with pytest.raises(UserError, match="A"):
        own_images(config.model_copy(update={"synthetic": str(letters)}), load_data("digits").test)
