"""`envmgr sweep`: all combinations, the best of them, and going on after an interruption."""

import csv
import io
import os
import signal
from collections import Counter

import pytest

from tests.functional.conftest import Checkout, until
from tests.functional.test_run_repeat import recorded
from tests.functional.toy import toy


@pytest.fixture
def bench(checkout: Checkout) -> Checkout:
    toy(checkout)
    return checkout


def turns(checkout: Checkout) -> Counter[tuple[str, int]]:
    return Counter((run.series.configuration, run.series.round) for run in recorded(checkout) if run.series)


def test_every_combination_is_measured_and_the_best_valid_one_is_named(bench: Checkout) -> None:
    data = bench("sweep", "toy", "--set", "pace=90,110", "--threads", "1,2", "--repeat", "3", "--json").data
    labels = [f"pace={pace},threads={threads}" for pace in (90, 110) for threads in (1, 2)]
    assert turns(bench) == {(label, number): 1 for label in labels for number in (1, 2, 3)}
    assert [point["configuration"] for point in data["points"]] == labels
    assert data["best"] == "pace=110,threads=1"
    assert data["within_noise"] == ["pace=110,threads=2"]
    assert [point["value"]["median"] for point in data["points"]] == [90, 90, 110, 110]
    assert data["points"][0]["ratio"]["median"] == pytest.approx(90 / 110)


def test_what_is_refused_is_left_out_and_what_fails_or_is_invalid_stops_nothing(bench: Checkout) -> None:
    swept = ["sweep", "toy", "--set", "state=whole,broken", "--set", "verdict=VALID,INVALID", "--set", "pace=100"]
    result = bench(*swept, "--json", expect=5)
    assert [item["configuration"] for item in result.data["refused"]] == ["state=broken,verdict=INVALID"]
    assert "no verdict" in result.data["refused"][0]["why"]
    assert [item["configuration"] for item in result.data["failed"]] == ["state=broken,verdict=VALID"]
    assert result.data["best"] == "state=whole,verdict=VALID"
    assert result.data["points"][1]["valid"] == 0
    assert result.error["class"] == "BuildError"
    text = bench(*swept, expect=5).stdout
    assert "left out: state=broken,verdict=INVALID: " in text
    assert "failed: state=broken,verdict=VALID: " in text
    rows = list(csv.DictReader(io.StringIO(bench(*swept, "--csv", expect=5).stdout)))
    assert [(row["set.state"], row["set.verdict"], bool(row["refused"]), bool(row["failed"])) for row in rows] == [
        ("whole", "VALID", False, False),
        ("whole", "INVALID", False, False),
        ("broken", "INVALID", True, False),
        ("broken", "VALID", False, True),
    ]


def test_where_nothing_is_valid_there_is_no_best_and_the_code_is_8(bench: Checkout) -> None:
    result = bench("sweep", "toy", "--set", "verdict=INVALID", "--threads", "1,2", "--json", expect=8)
    assert (result.data["best"], result.data["within_noise"]) == (None, [])


def test_points_of_different_numbers_have_no_best(bench: Checkout) -> None:
    result = bench("sweep", "toy", "--scenario", "Offline,SingleStream")
    assert "no best, as latency_p90_ns and samples_per_second can't be compared" in result.stdout


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_was_ended_goes_on_and_repeats_nothing_that_is_recorded(
    bench: Checkout, ending: signal.Signals
) -> None:
    swept = ["sweep", "toy", "--set", "pace=90,110,100", "--repeat", "2"]
    with bench.start(*swept) as process:
        said = until(process, "measured pace=110 in")
        os.kill(process.pid, ending)
        rest = process.communicate()[1]
    done = turns(bench)
    assert 1 <= sum(done.values()) < 6
    series = next(word.rstrip(",") for line in said for word in line.split() if word.startswith("s-"))
    told = f"--resume {series}" in rest
    assert (told, process.returncode) == ((True, 130) if ending == signal.SIGINT else (False, -signal.SIGKILL))
    data = bench(*swept, "--resume", series, "--json").data
    assert data["series"] == series
    assert set(turns(bench).values()) == {1}
    assert sum(turns(bench).values()) == 6


@pytest.mark.parametrize("given", [["--threads", "1,1"], ["--set", "pace=1,,2"]])
def test_values_that_are_no_list_are_a_usage_error(bench: Checkout, given: list[str]) -> None:
    bench.fails(2, "sweep", "toy", *given)
    bench.fails(2, "sweep", "toy", "--set", "state=broken", "--set", "verdict=INVALID")
    assert recorded(bench) == []


def test_what_cannot_be_built_is_tried_once_and_fails_every_point_that_needs_it(bench: Checkout) -> None:
    bench.script("broken", "exit 3")
    toy(bench, head="inputs.broken = 'broken'")
    result = bench("sweep", "toy", "--threads", "1,2", expect=5)
    assert [line for line in result.stdout.splitlines() if line.startswith("failed: threads=")] != []
    assert sum("failed broken-1" in line for line in result.stderr.splitlines()) == 1
    assert recorded(bench) == []
