"""What charts and tables of a study show of ways without labelled images, of words and of errors."""

import pandas as pd
import pytest

from ocrgen.plots.section import arm_names, bars, word_of
from ocrgen.plots.study import arms_chart, symbol
from ocrgen.plots.views import by_arm, by_size, ceiling
from ocrgen.report import tables
from ocrgen.report.cards import differences
from ocrgen.report.glossary import glossary
from ocrgen.study.arms import Arm
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import UNTESTED
from ocrgen.study.headline import headline
from tests.helpers.tables import made, read, table

ALONE = "aug+rendered"


@pytest.fixture(scope="module")
def study():
    """Two sizes and two ways, of which the rendered one clearly helps; and what has no n: all images, and none."""
    config = StudyConfig(n=[100, 500], generators=["rendered", "cvae"], seeds=4, n_robustness=0)
    found = read(seeds=4, images=1000, config=config, rendered=0.05)
    apart = table({"all+aug": dict.fromkeys(range(4), 0.99), ALONE: dict.fromkeys(range(4), 0.6)}, n=0)
    apart.loc[apart.arm == ALONE, "n_labelled"] = 0
    apart.loc[apart.arm != ALONE, "n_labelled"] = 5000
    whole = pd.concat([found.table, apart]).assign(n_validation=0)
    return made(config, whole, correct=found.correct, n_test=1000, done=1, total=1)


def test_a_way_without_labels_is_a_line_across_and_never_a_point_at_no_images(study):
    assert ALONE in arm_names(study) and "all+aug" not in arm_names(study)
    (view,) = by_size(study, names=["real+aug", ALONE], errors=False).views
    curve, line = view.figure.data
    assert list(curve.x) == [100, 500] and list(line.x) == [100, 500]
    assert set(line.y) == {0.6} and line.mode == "lines" and "no labelled image" in line.name
    assert "Without labelled images: rendered + augmentation 60.00%" in view.alt
    assert all("no labelled image" in custom[3] for custom in line.customdata)


def test_charts_and_tables_tell_all_images_from_none(study):
    labels = {trace.y[0].replace("<br>", " ").replace("\xa0", " ") for trace in by_arm(study, 100).views[0].figure.data}
    assert "all real + aug. · n = 5,000" in labels and "rendered + aug. · no labelled image" in labels
    for t in tables.every_arm(study):
        n = {str(row[0]).rpartition("</span>")[0].rpartition(">")[2]: row[1] for row in t.rows}
        assert n["all real + augmentation"] == "all" and n["rendered + augmentation"] == "none"
        assert str(t.rows[-1][0]).count("all real")  # the ceiling stands last
        assert "Test images" in t.heads and "More, to choose by" not in t.heads


def test_only_what_was_declared_has_a_word(study):
    assert word_of(study, "real+aug+rendered", "real+aug", 100, "accuracy") == "better"
    for arm, against in (("aug+cvae-filtered", "real+aug"), ("real+aug", "real"), ("real+aug+rendered", "real")):
        assert word_of(study, arm, against, 100, "accuracy") == "exploratory"
    gains = by_arm(study, 100).views[1]
    told = {trace.name: trace.hovertemplate for trace in gains.figure.data}
    assert (
        "<br>better" in told["real + augmentation + rendered"]
        and "exploratory" in told["CVAE, filtered + augmentation"]
    )
    cards = differences(headline(study))
    assert cards.count("exploratory") == 2 and cards.count("1,000 test images") == len(headline(study)) == 4


def test_captions_say_which_errors_intervals_hold(study):
    assert "of up to 4 seeds and of 1,000 test images" in bars(study, "accuracy")
    assert "do not hold the error of the test images" in bars(study, "f1_macro")
    assert "holds both errors" in glossary(study)["[low, high]"]
    seeds_alone = made(study.config, study.table)
    assert "do not hold" in bars(seeds_alone, "accuracy") and "seeds alone" in glossary(seeds_alone)["[low, high]"]
    assert "their error only" in differences(headline(seeds_alone))
    until = made(study.config.model_copy(update={"until_decided": True}), study.table)
    assert "8, 12, 16 and 20 seeds" in glossary(until)["Look"] and "Look" not in glossary(study)


def test_symbols_tell_mixes_of_one_generator_apart():
    names = (
        "real+aug+cvae-filtered",
        "real+aug+pseudo+cvae-filtered",
        "real+aug+cvae",
        "aug",
        "real",
        "real+aug+noise",
    )
    assert len({symbol(Arm.parse(name)) for name in names[:3]}) == 3
    assert symbol(Arm.parse("real+aug+rendered")) == "diamond"  # never filtered, so that it is not the lesser of two
    assert len({symbol(Arm.parse(name)) for name in ("real", "real+aug", "real+aug+noise")}) == 3


def test_an_interval_of_errors_that_reaches_none_runs_out_of_the_log_axis():
    rows = table({"real": {0: 0.98}, "real+aug": {0: 0.999}}).rename(columns={"value": "mean"})
    rows = rows.assign(low=[0.97, 0.996], high=[0.99, 1.002], n=3, n_labelled=100)
    figure = arms_chart(rows, "Error rate", errors=True)
    best, left = figure.data[1], 10 ** figure.layout.xaxis.range[0]
    assert best.name == "real + augmentation" and best.x[0] == pytest.approx(0.001)
    assert best.x[0] - best.error_x.arrayminus[0] < left < 0.001  # as far as the axis goes, and beyond
    assert best.customdata[0][:2] == [0, pytest.approx(0.004)]  # what is told is not what is drawn
    assert [note.text for note in figure.layout.annotations] == ["◂ 0"] and figure.layout.annotations[0].y.startswith(
        "real + aug."
    )
    perfect = arms_chart(rows.assign(mean=1.0, low=1.0, high=1.0), "Error rate", errors=True)
    assert len(perfect.layout.annotations) == 2 and all(t.x[0] > 0 for t in perfect.data)


def test_near_the_ceiling_errors_are_shown_first(study):
    assert ceiling(study, "accuracy", 100)
    assert by_arm(study, 100).views[0].title.startswith("Error rate")
    assert by_arm(study, 100, errors=False).views[0].title.startswith("Accuracy")
    gains = by_arm(study, 100).views[1]
    assert "in points" in gains.alt and not any("%" in str(trace.x) for trace in gains.figure.data)
    (rendered,) = [t for t in gains.figure.data if t.name == "real + augmentation + rendered"]
    assert 3 < rendered.x[0] < 7  # points, not shares


def test_only_images_that_some_seed_has_tested_are_counted():
    found = read(seeds=2, images=600)
    for counts in found.correct.counts.values():
        counts[0, 100:], counts[1, :300], counts[1, 400:] = UNTESTED, UNTESTED, UNTESTED
    found = made(found.config, found.table, correct=found.correct, n_test=600)
    assert found.n_tested == 200 and "of 200 test images" in bars(found, "accuracy")
