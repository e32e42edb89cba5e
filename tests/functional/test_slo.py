"""`envmgr slo`: the highest rate that stays VALID, of a server whose capacity is known."""

import json

import pytest

from tests.functional.conftest import Checkout, until
from tests.functional.test_run_repeat import recorded

SCRIPT = """\
set -eu
rate=120
. "{results}/rate"
IFS=.
set -- $rate
said=INVALID kept=NO sure=NO
if test $1 -lt {capacity}; then said=VALID kept=Yes sure=Yes; fi
if test {capacity} = 0 && test $1 -lt 90; then kept=Yes; fi
printf 'Scenario : Server\\nMode : %s\\nResult is : %s\\nScheduled samples per second : %s\\n' {loadgen} $said "$rate" \
    > "{step}/mlperf_log_summary.txt"
printf 'Performance constraints satisfied : %s\\nEarly stopping satisfied: %s\\n' $kept $sure \
    >> "{step}/mlperf_log_summary.txt"
"""
RECIPE = f"""
[run.settings]
capacity = 150
min_query_count = ""
target_qps = ""

[run.files]
rate = "rate={{target_qps}}\\n"

[[run.steps]]
name = "performance"
when = {{ mode = "performance" }}
argv = ["/bin/sh", "-c", {json.dumps(SCRIPT.replace("{loadgen}", "PerformanceOnly"))}]

[[run.steps]]
name = "peak"
when = {{ mode = "find-peak-performance" }}
argv = ["/bin/sh", "-c", {json.dumps(SCRIPT.replace("{loadgen}", "FindPeakPerformance"))}]

[variants.scenario]
default = "Offline"
Offline = {{}}
Server = {{}}

[variants.mode]
default = "performance"
performance = {{}}
find-peak-performance = {{}}
"""


@pytest.fixture
def server(checkout: Checkout) -> Checkout:
    checkout.recipe("server", RECIPE)
    checkout.recipe("batch", RECIPE.replace('target_qps = ""\n', "").replace("{target_qps}", "{capacity}"))
    return checkout


def test_the_search_starts_at_the_peak_and_ends_between_what_holds_and_what_does_not(server: Checkout) -> None:
    data = server("slo", "server", "--json").data
    assert data["start"] == 120
    assert data["highest"] < 150 <= data["lowest_refused"] <= 1.051 * data["highest"]
    by_rate = {rate["queries_per_second"]: rate for rate in data["rates"]}
    assert (by_rate[data["highest"]]["valid"], len(by_rate[data["highest"]]["runs"])) == (3, 3)
    refused = by_rate[data["lowest_refused"]]
    assert (refused["valid"], len(refused["runs"]), refused["reason"]) == (0, 2, "the latency bound was broken")
    runs = recorded(server)
    assert {run.series.series for run in runs if run.series} == {data["series"]}
    assert {run.id for run in runs} == {data["peak"], *(run for rate in data["rates"] for run in rate["runs"])}
    assert {run.settings.get("min_query_count") for run in runs if run.id != data["peak"]} == {1001}
    assert runs[0].axes == {"mode": "find-peak-performance", "scenario": "Server"}


def test_people_are_told_the_rate_and_a_search_that_was_ended_goes_on_with_the_same_answer(server: Checkout) -> None:
    searched = ["slo", "server", "--from", "40", "--confirm", "1", "--tolerance", "10", "--set", "capacity=100"]
    whole = server(*searched)
    count = len(recorded(server))
    table, told = whole.stdout.split("the highest rate that stays VALID: ")
    assert table.splitlines()[0].split() == ["QUERIES/S", "VALID"]
    assert 90 < float(told.split()[0]) < 100
    with server.start(*searched) as process:
        said = until(process, "measured target_qps=78.12 in")
        process.kill()
    series = next(word.rstrip(",") for word in said[0].split() if word.startswith("s-"))
    again = server(*searched, "--resume", series)
    assert again.stdout.split("noise")[0] == whole.stdout.split("noise")[0]
    assert len(recorded(server)) == 2 * count


def test_where_nothing_holds_the_code_is_8_and_a_lack_of_queries_is_told_from_a_lack_of_speed(server: Checkout) -> None:
    result = server("slo", "server", "--from", "100", "--confirm", "1", "--set", "capacity=0", "--json", expect=8)
    assert result.data["highest"] is None
    assert result.data["lowest_refused"] == result.data["rates"][0]["queries_per_second"] < 10
    assert result.error["class"] == "NothingHoldsError"
    assert {rate["reason"] for rate in result.data["rates"] if rate["queries_per_second"] < 90} == {
        "too few queries to be sure"
    }
    assert "a longer run may be VALID" in result.json()["warnings"][-1]


def test_what_cannot_be_searched_is_refused_before_anything_runs(server: Checkout) -> None:
    assert server.fails(2, "slo", "server", "--set", "target_qps=5")["fix"] == "--from 5"
    assert server.fails(2, "slo", "server", "--set", "scenario=Offline")["class"] == "UsageError"
    assert server.fails(3, "slo", "batch")["class"] == "NoRateError"
    assert recorded(server) == []
