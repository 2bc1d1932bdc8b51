"""A benchmark's time left: by what its benches take, at the pace of those that are done."""

import pytest

from ocrgen.benchmark.forecast import SECONDS, seconds_left
from ocrgen.benchmark.plan import BENCHES, BenchmarkConfig

PARTS = {"train": 7, "limit": 1, "scaling": 7, "quality": 3}
TRAIN, REST = SECONDS["train"][0], sum(SECONDS[bench][0] for bench in ("limit", "scaling", "quality"))


def test_every_bench_has_its_seconds():
    assert SECONDS.keys() == set(BENCHES)
    assert all(SECONDS[bench][1] > 0 for bench in BenchmarkConfig(quick=True).benches)


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
def test_a_slow_machine_takes_longer_in_proportion(pace):
    """A count of parts would say a third of the truth here: what comes last takes longest."""
    assert seconds_left(PARTS, False, 0, 7, TRAIN * pace) == pytest.approx(REST * pace)


def test_before_anything_has_ended_it_is_as_elsewhere():
    assert seconds_left(PARTS, False, 0, 0, 3.0) == pytest.approx(TRAIN + REST)


def test_a_resumed_one_goes_by_what_it_did_in_this_go():
    left = seconds_left(PARTS, False, 7, 8, 2.0 * SECONDS["limit"][0])
    assert left == pytest.approx(2 * (REST - SECONDS["limit"][0]))


def test_at_the_end_nothing_is_left():
    assert seconds_left(PARTS, False, 0, 18, 999.0) == 0
