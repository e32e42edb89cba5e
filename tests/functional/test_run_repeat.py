"""`envmgr run --repeat`: configurations that take turns, and what is said of them."""

import json
from collections import Counter

import pytest

from envmgr.model.run_record import RunRecord
from tests.functional.conftest import Checkout, until
from tests.functional.toy import toy


@pytest.fixture
def bench(checkout: Checkout) -> Checkout:
    toy(checkout)
    return checkout


def recorded(checkout: Checkout) -> list[RunRecord]:
    files = sorted((checkout.store / "runs").glob("*/record.json"), key=lambda file: file.stat().st_mtime_ns)
    return [RunRecord.parse(file.read_text()) for file in files]


def test_configurations_take_turns_and_are_held_against_the_first(bench: Checkout) -> None:
    result = bench("run", "toy", "--repeat", "5", "--versus", "pace=80", "--versus", "threads=2,pace=100", "--json")
    data = result.data
    places = [run.series for run in recorded(bench)]
    assert {place.series for place in places if place} == {data["series"]}
    assert Counter((place.configuration, place.round) for place in places if place) == {
        (label, number): 1 for label in ("baseline", "pace=80", "threads=2,pace=100") for number in range(6)
    }
    slower = data["configurations"][1]
    assert slower["value"] == {"median": 80, "low": 80, "high": 80, "count": 5, "confidence": 0.9375}
    assert (slower["ratio"]["median"], slower["verdict"], slower["valid"]) == (0.8, "differs", 5)
    assert [item["verdict"] for item in data["configurations"]] == ["", "differs", "within noise"]
    assert all(seen["others_cores"] is not None for item in data["configurations"] for seen in item["noise"])
    named = bench("diff", f"{data['series']}:baseline", f"{data['series']}:pace=80", "--json").data
    assert named["records"]["metrics"][0]["ratio"]["median"] == 0.8


def test_people_are_told_medians_what_differs_the_noise_and_the_series(bench: Checkout) -> None:
    result = bench("run", "toy", "--repeat", "5", "--warm-up", "0", "--versus", "pace=80")
    head, baseline, slower, noise, series = result.stdout.splitlines()
    assert head.split() == ["CONFIGURATION", "RESULT", "SURE", "VALID", "AGAINST", "baseline"]
    assert baseline.split() == ["baseline", "100", "samples/s", "94", "%", "5", "of", "5"]
    assert slower.endswith("worse")
    assert noise.startswith("noise: load ")
    assert series.startswith("series s-")
    assert "measured pace=80 in" in result.stderr


def test_a_series_that_is_resumed_repeats_nothing_and_may_have_more_rounds(bench: Checkout) -> None:
    first = bench("run", "toy", "--repeat", "1", "--json").data
    again = bench("run", "toy", "--repeat", "2", "--versus", "pace=80", "--resume", first["series"][:12], "--json").data
    assert again["series"] == first["series"]
    assert again["configurations"][0]["runs"][0] == first["configurations"][0]["runs"][0]
    assert len(recorded(bench)) == 6
    error = bench.fails(2, "run", "toy", "--set", "threads=2", "--resume", first["series"])
    assert error["class"] == "ChangedConfigurationError"
    assert bench.fails(2, "run", "toy", "--resume", "s-1999")["class"] == "NoSuchRunError"


def test_nobody_goes_on_with_a_series_that_still_goes_on(bench: Checkout) -> None:
    with bench.start("run", "toy", "--repeat", "1000") as process:
        series = until(process, "measured baseline in")[0].split()[4].rstrip(",")
        error = bench.fails(2, "run", "toy", "--repeat", "1000", "--resume", series)
        assert error["class"] == "SeriesUnderWayError"
        assert f"(process {process.pid})" in error["message"]
    bench("run", "toy", "--repeat", "1", "--resume", series)


def test_a_series_ends_with_the_code_of_its_worst_run(bench: Checkout) -> None:
    invalid = bench("run", "toy", "--repeat", "1", "--warm-up", "0", "--versus", "verdict=INVALID", "--json", expect=8)
    assert [item["valid"] for item in invalid.data["configurations"]] == [1, 0]
    assert invalid.data["configurations"][1]["value"] is None
    said = "LoadGen says INVALID of {} runs: their numbers are no results, and count here"
    names = [f"{invalid.data['series']}:{label}" for label in ("baseline", "verdict=INVALID")]
    assert said.format("1 of 2") in bench("diff", *names, "--json").json()["warnings"]
    assert said.format("5 of 10") in bench("bisect", *names, "--json").json()["warnings"]
    broken = bench("run", "toy", "--repeat", "2", "--warm-up", "0", "--versus", "state=broken", "--json", expect=5)
    assert [item["configuration"] for item in broken.data["failed"]] == ["state=broken"]
    assert [len(item["runs"]) for item in broken.data["configurations"]] == [2, 0]


@pytest.mark.parametrize("versus", ["pace=100", "pace", "pace=80,pace=90", "threads=1,pace=100"])
def test_what_cannot_be_told_apart_or_understood_is_a_usage_error(bench: Checkout, versus: str) -> None:
    assert bench.fails(2, "run", "toy", "--versus", versus)["fix"]
    assert recorded(bench) == []


def test_every_turn_is_an_event_of_the_stream(bench: Checkout) -> None:
    lines = [json.loads(line) for line in bench("run", "toy", "--repeat", "1", "--json=stream").stdout.splitlines()]
    turns = [(line["kind"], line["text"]) for line in lines if line.get("activity") == "measure"][1:]
    assert [kind for kind, _ in turns] == ["started", "finished", "started", "finished"]
    assert turns[-1][1] == "round 1: samples_per_second 100"
    assert lines[-1]["schema"] == "envmgr.run/1"
