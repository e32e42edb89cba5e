"""Where things stand in a drawing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.results.pages import chart, words

FINITE = st.floats(-1e9, 1e9)


@given(FINITE, FINITE)
def test_a_scale_has_a_few_round_values_between_its_ends(one: float, other: float) -> None:
    scale = chart.across(min(one, other), max(one, other))
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))
    assert all(chart.LEFT - 0.1 <= scale(value) <= chart.WIDTH - chart.RIGHT + 0.1 for value in ticks)


def test_a_logarithmic_scale_counts_in_powers() -> None:
    assert chart.across(1, 1e6, log=True).ticks() == [10.0**power for power in range(7)]
    assert chart.across(1, 30, log=True).ticks() == [1, 2, 5, 10, 20]
    assert chart.upward(1, 100, log=True)(10) == pytest.approx((chart.TOP + chart.HEIGHT - chart.BOTTOM) / 2, abs=0.1)


def test_bars_stand_on_the_ground_and_empty_ones_are_left_out() -> None:
    x, y = chart.across(0, 10), chart.upward(0, 4)
    low, high = chart.bars([(0, 5, 2, "two"), (5, 6, 0, "none"), (6, 10, 4, "four")], x, y)
    assert (low.text, high.text) == ("two", "four")
    assert low.y + low.height == high.y + high.height == chart.HEIGHT - chart.BOTTOM
    assert high.height == pytest.approx(2 * low.height, abs=0.2)


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("latency_p90_ns", 5_866_821, "5.867 ms"),
        ("latency_p90_ns", 12, "12 ns"),
        ("latency_p90_ns", 4_326_000_000, "4.326 s"),
        ("samples_per_second", 1234567.8, "1,234,568 /s"),
        ("mAP", 61.8272, "61.827 %"),
        ("AP_small", -1.0, "none there"),
        ("result_valid", False, "INVALID"),
        ("audit_passed", True, "yes"),
        ("said", "text", "text"),
        ("answered", 24781, "24,781"),
    ],
)
def test_a_metric_is_said_with_its_unit(metric: str, value: float | str, said: str) -> None:
    assert words.figure(metric, value) == said
