"""How the intervals of a declared family come along: seed by seed, looks apart, and what time is left."""

import math

import pandas as pd
import pytest

from ocrgen.report.cards import progress
from ocrgen.report.progress import grouped, how_decided
from ocrgen.study.arms import Arm
from ocrgen.study.config import QUICK, StudyConfig
from ocrgen.study.decision import ALPHA
from ocrgen.study.family import declared
from ocrgen.study.forecast import STEP, TimeLeft, first_cells, measured_seconds, seconds_left, seconds_of_seed
from ocrgen.study.formatting import seen_words, size_words
from ocrgen.study.plan import plan, plan_seed
from ocrgen.study.progress import courses, level
from tests.helpers.tables import made, read, table

UNTIL = StudyConfig(n=[100], generators=["cvae", "cgan"], until_decided=True, n_robustness=0)


@pytest.fixture(scope="module")
def going():
    """Nine seeds of a study until decided: the CVAE's way is clearly better, the CGAN's hardly differs."""
    return read(seeds=9, images=400, noise=0.02, config=UNTIL, cvae=0.06)


def test_each_step_is_the_interval_of_the_first_seeds_at_the_level_of_a_look(going):
    found = {c.way.generator: c for c in courses(going)}
    assert set(found) == {"cvae", "cgan"}
    assert level(going) == pytest.approx(1 - ALPHA / 4 / 2)  # four looks, two comparisons
    for course in found.values():
        assert [s.seeds for s in course.steps] == list(range(2, 10))
        assert [s.seeds for s in course.steps if s.look] == [8]
        for step in course.steps:
            estimate = going.measured.estimate(course.way.name, "real+aug", 100, seeds=step.seeds)
            assert (step.low, step.high) == estimate.interval(level(going))
    # Whatever later seeds say, the look's interval is the one that the decision stands on.
    cvae = found["cvae"]
    assert cvae.decided_at == 8 and cvae.decision.word == "better"
    look = next(s for s in cvae.steps if s.look)
    assert (look.low, look.high) == pytest.approx((cvae.decision.low, cvae.decision.high))
    assert found["cgan"].decided_at is None


def test_nothing_is_decided_before_the_first_look():
    before = read(seeds=7, images=400, noise=0.02, config=UNTIL, cvae=0.3)
    assert [c.decided_at for c in courses(before)] == [None, None]
    assert not any(s.look for c in courses(before) for s in c.steps)
    assert "better" not in progress(before)


def test_a_seed_without_one_of_the_mixes_ends_the_course():
    values = {arm.name: dict.fromkeys(range(4), 0.5) for arm in UNTIL.arms}
    way = next(arm.name for arm in UNTIL.arms if arm.primary)
    del values[way][1]
    of_way = next(c for c in courses(made(UNTIL, table(values))) if c.way.name == way)
    # Its first two seeds are 0 and 2 now: of a table alone, whose seeds are the study's only word, so many count.
    assert [s.seeds for s in of_way.steps] == [2, 3]


def test_places_lie_on_their_line_and_in_order(going):
    for row in (r for g in grouped(going) for r in g.rows):
        start, width = row.bar
        assert 0 <= start <= row.dot <= start + width <= 100
        assert row.band[0] <= row.zero <= row.band[0] + row.band[1]
        assert all(0 <= t.low <= t.low + t.height <= 100 for t in row.ticks)
        assert row.ticks[-1].left + row.ticks[-1].width <= 100
    words = progress(going)
    assert "decided at 8 seeds" in words and words.count('class="tick look"') == 2
    assert "8, 12, 16 and 20 seeds" in how_decided(going)


def test_one_seed_has_a_mean_and_no_interval():
    one = read(seeds=1, config=UNTIL)
    (group,) = grouped(one)
    assert all(r.bar is None and not r.ticks and math.isfinite(r.dot) for r in group.rows)
    assert "one seed: no interval" in progress(one) and "nan" not in progress(one)


def test_a_forecast_counts_the_steps_of_all_readers():
    config = StudyConfig(**QUICK | {"generators": ["rendered"], "n_saliency": 0})
    more = config.model_copy(update={"readers_per_task": config.readers_per_task + 1})
    readers = sum(c.kind == "reader" and c.arm.real != "all" for c in plan_seed(config, 0))
    gained = seconds_of_seed(more, 10, 1317) - seconds_of_seed(config, 10, 1317)
    assert gained == pytest.approx(readers * config.steps * STEP)
    trained = config.model_copy(update={"generators": ["rendered", "cvae"]})
    assert seconds_of_seed(trained, 10, 1317) > seconds_of_seed(config, 10, 1317)


def test_the_time_left_is_told_by_complete_seeds_alone():
    config = StudyConfig(n=[100], generators=["rendered"], n_robustness=0, n_saliency=0, workers=2)
    cells = plan_seed(config, 0)
    parts = [table({c.arm.name: {0: 5.0, 1: 7.0}}, "seconds", c.n) for c in cells]
    whole = made(config, pd.concat(parts))
    assert measured_seconds(whole) == pytest.approx(6 * len(cells))
    assert seconds_left(whole, 4) == pytest.approx(4 * 6 * len(cells) / 2)
    assert measured_seconds(made(config, whole.table.iloc[:1])) is None


def test_the_time_left_is_told_by_the_time_of_the_tasks_alike():
    """Tasks of one kind take 100 times as long as the others: their mean over all would be far off."""
    config = StudyConfig(n=[100], generators=["cvae"], n_robustness=0, seeds=4)
    cells, truth = plan(config), {"generator": 100.0, "reader": 1.0, "saliency": 3.0}
    took = {c.key: truth[c.kind] for c in cells}
    time_left = TimeLeft(config, cells, 10, 60_000)
    assert time_left.seconds({}, [], 5.0) is None
    assert time_left.seconds({cells[0].key: 0.0}, [cells[0].key], 5.0) is None  # it failed at once
    one = len(plan_seed(config, 0))
    for done in (one, one + 3, len(cells) - 1):
        ended = {c.key: took[c.key] for c in cells[:done]}
        rest = sum(took[c.key] for c in cells[done:])
        assert time_left.seconds(ended, ended, sum(ended.values())) == pytest.approx(rest)
        # Resumed, or at half the speed because the machine is busy: what has ended since tells.
        last = cells[done - 1].key
        assert time_left.seconds(ended, [last], 2 * took[last]) == pytest.approx(2 * rest)


def test_the_first_comparison_takes_the_tasks_before_it_only():
    config = StudyConfig(n=[100, 500], generators=["cvae"])
    first = [c.key for c in first_cells(config)]
    assert first[-1] == "reader-real+aug-n100-s0" and "reader-real-n100-s0" in first
    assert len(first) < len(plan_seed(config, 0)) / 2


def test_the_time_left_is_told_by_seeds_that_a_processor_worked_on():
    """A GPU's are not counted with them; where there are no others, they are."""
    config = StudyConfig(n=[100], generators=["rendered"], n_robustness=0, n_saliency=0)
    cells = plan_seed(config, 0)
    parts = [table({c.arm.name: {0: 50.0, 1: 2.0}}, "seconds", c.n) for c in cells]
    by_processor = [table({c.arm.name: {0: 49.0}}, "cpu_seconds", c.n) for c in cells]
    assert measured_seconds(made(config, pd.concat([*parts, *by_processor]))) == pytest.approx(50 * len(cells))
    assert measured_seconds(made(config, pd.concat(parts))) == pytest.approx(26 * len(cells))


def test_ways_without_labels_are_not_taken_for_all_labels():
    assert size_words("all+aug", 0) == "all" and size_words("cvae", 0) == "all" and size_words("real", 500) == "500"
    for alone in ("aug+rendered", "aug+own"):
        assert Arm.parse(alone).alone and size_words(alone, 0) == "none"
        assert seen_words(alone, 0) == "no labelled image"
    assert seen_words("real+aug", 500) == "500 labelled images"
    assert declared(UNTIL) == [("real+aug+cvae-filtered", 100), ("real+aug+cgan-filtered", 100)]
