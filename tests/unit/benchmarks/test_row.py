import pytest

from benchmarks.row import Row, table


@pytest.mark.parametrize(
    ("value", "sense", "met"),
    [
        (0.9, "<=", True),
        (1.0, "<=", True),
        (1.1, "<=", False),
        (0.9, ">=", False),
        (1.0, ">=", True),
        (1.1, ">=", True),
    ],
)
def test_a_target_is_met_on_its_right_side_and_at_its_edge(value: float, sense: str, *, met: bool) -> None:
    assert Row("a", value, "s", 1.0, sense, 2.0, 1.0).met is met  # type: ignore[arg-type]


def test_the_table_says_what_was_measured_what_it_should_be_and_whether_it_is() -> None:
    rows = [Row("fast", 0.25, "s", 1.0, "<=", 1.25, 1.0), Row("slow", 900_000.4, "/s", 1e6, ">=", 900_000.4, 5e7)]
    assert table(rows).splitlines() == [
        "name  value       target                   ours     peer",
        "fast  0.25 s      <= 1 s           met     1.25     1",
        "slow  900,000 /s  >= 1,000,000 /s  MISSED  900,000  50,000,000",
    ]
