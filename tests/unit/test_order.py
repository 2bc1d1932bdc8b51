"""Whether distances are to be trusted on other classes than digits, and what scores say of it."""

import numpy as np
import pytest

from ocrgen.__main__ import main
from ocrgen.generators.scoring import read_scores
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.metrics.reference import load_reference, save_reference
from ocrgen.metrics.scores import Reference, trust
from tests.helpers.alphabets import alphabet
from tests.helpers.runs import train_here


@pytest.fixture(scope="module")
def extractor():
    return load_extractor()


class Blind:
    """An extractor that sees nothing of the images."""

    identifier = "blind/0"

    def features(self, images, taps):
        return {d: np.random.default_rng(int(images.sum())).normal(size=(len(images), 2)) for d in taps}


@pytest.mark.slow
def test_distances_to_letters_are_trusted_if_they_grow_as_images_get_worse(extractor, tmp_path):
    reference = Reference.of(alphabet(26), extractor, (64, 2048))
    told = trust(reference)
    assert (
        not told["distrusted"] and set(told["order"]) == {"lfid_64", "fid_2048"} and min(told["order"].values()) > 0.95
    )
    save_reference(reference, tmp_path)
    assert trust(load_reference(tmp_path)) == told
    assert trust(Reference.of(alphabet(10), extractor, (64,))) == {"order": None, "distrusted": ""}


def test_distances_that_do_not_order_images_are_not_trusted(extractor):
    reference = Reference.of(alphabet(26), extractor, (64,))
    reference.extractor = Blind()
    reference.stats = {64: GaussianStats.of(Blind().features(alphabet(26).train.images, [64])[64])}
    told = trust(reference)
    assert told["order"]["lfid_64"] < 0.9
    assert told["distrusted"].startswith("On 26 letters, LFID-64 does not grow as images get worse")


@pytest.mark.slow
def test_score_verb_on_letters_of_ones_own(store, tmp_path, capsys):
    letters = alphabet(26).train[: 15 * 26]
    np.savez(tmp_path / "letters.npz", images=letters.images, labels=letters.labels, classes=np.array(letters.classes))
    run = train_here(store, dataset=str(tmp_path / "letters.npz"))
    assert main(["score", run.name, "--epoch", "2", "--n", "600"]) == 0
    told = capsys.readouterr().out
    assert "lfid_192" in told and "Classes with under 20 images, without distances: 26." in told
    (row,) = read_scores(run)
    assert not row["distrusted"] and row["per_class"]["lfid_64"] == [None] * 26 and row["per_class_left_out"] == 26


@pytest.mark.slow
@pytest.mark.parametrize("trusted", [True, False])
def test_distances_that_are_not_trusted_are_not_shown(store, capsys, monkeypatch, trusted):
    run = train_here(store)
    if not trusted:
        monkeypatch.setattr(Reference, "order", {64: 0.31, 192: 0.95})
    assert main(["score", run.name, "--epoch", "2", "--n", "200"]) == 0
    told = capsys.readouterr().out
    assert ("lfid_192" in told) == ("Real against real" in told) == trusted
    assert ("No distances are shown. On digits, LFID-64 does not grow" in told) != trusted
    assert bool(read_scores(run)[0]["distrusted"]) != trusted
