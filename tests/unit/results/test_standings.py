"""How configurations stand."""

from collections.abc import Sequence

from envmgr.model.run_record import RunRecord, SeriesPlace
from envmgr.results.standings import best, standings
from tests.records import record


def runs(
    label: str, values: Sequence[float], scenario: str = "Offline", invalid: Sequence[int] = ()
) -> list[RunRecord]:
    """The runs of a configuration, round by round; those of some rounds are INVALID."""
    metric = {"Offline": "samples_per_second", "SingleStream": "latency_p90_ns"}[scenario]
    return [
        record(
            f"{label}-{number}",
            axes={"scenario": scenario},
            metrics={metric: value, "result_valid": number not in invalid},
            series=SeriesPlace(series="s-a", configuration=label, round=number),
        )
        for number, value in enumerate(values, 1)
    ]


def test_what_moves_a_whole_round_is_no_difference_and_hides_none() -> None:
    drifting = [100.0, 50.0, 200.0, 80.0, 120.0]
    found = standings({"a": runs("a", drifting), "b": runs("b", [0.9 * value for value in drifting])}, "a")
    assert (found[1].verdict, found[0].verdict) == ("differs", "")
    assert found[1].ratio is not None
    assert found[1].ratio.high == 0.9


def test_an_invalid_run_enters_no_number_and_its_round_no_ratio() -> None:
    one, other = runs("a", [100] * 6, invalid=[2]), runs("b", [100, 100, 1, 100, 100, 100], invalid=[3])
    found = standings({"a": one, "b": other}, "a")
    assert (found[1].valid, found[1].is_valid) == (5, False)
    assert found[1].value is not None
    assert found[1].value.low == 100
    assert found[1].ratio is not None
    assert found[1].ratio.count == 4


def test_the_best_is_the_one_with_the_best_median_of_those_that_are_valid_throughout() -> None:
    rates = {"a": runs("a", [100] * 3), "b": runs("b", [120] * 3), "c": runs("c", [140] * 3, invalid=[1]), "d": []}
    latencies = {"a": runs("a", [7e6] * 3, "SingleStream"), "b": runs("b", [5e6] * 3, "SingleStream")}
    for found in (best(standings(rates, "a")), best(standings(latencies, "a"))):
        assert found is not None
        assert found.configuration == "b"
    assert best(standings({"c": rates["c"], "d": []}, "c")) is None
