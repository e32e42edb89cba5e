"""The dashboard: what can be compared stands together, and noise is no difference."""

import json
from typing import Any

from envmgr.model.digest import Digest
from envmgr.model.run_record import RunInput
from envmgr.model.store_path import StorePath
from envmgr.results.fields import fields
from envmgr.results.ledger import Entry
from envmgr.results.pages.dashboard import columns, dashboard
from envmgr.results.pages.history import Ran, groups, histories
from envmgr.results.pages.pareto import Configuration, fronts, judged
from tests.records import HOST, record
from tests.unit.results.pages.elements import EVIL, Elements


def ran(place: int, **changes: Any) -> Ran:  # noqa: ANN401  fields of a record
    kept = record(f"20260101-{place:06}-aaaaaa", started=f"2026-01-01T00:{place % 60:02}:00+00:00", **changes)
    return Ran(kept.id, fields(kept))


def fast(place: int, rate: float, share: float = 60.0, **changes: Any) -> Ran:  # noqa: ANN401  fields of a record
    metrics = {"samples_per_second": rate, "mAP": share, "result_valid": True}
    return ran(place, **{"axes": {"scenario": "Offline"}, "metrics": metrics, **changes})


def test_runs_are_one_history_where_the_same_was_asked_on_the_same_host() -> None:
    other = HOST.model_copy(update={"kernel": "6.2"})
    runs = [fast(0, 10), fast(1, 11), fast(2, 12, settings={"batch": 2}), fast(3, 9, host=other), fast(4, 12)]
    assert [[run.number for run in group] for group in groups(runs)] == [[10, 11, 12], [12], [9]]


def test_warm_up_is_no_history_and_an_invalid_run_counts_for_nothing() -> None:
    warm = fast(0, 999, series={"series": "s-1", "configuration": "x", "round": 0})
    invalid = fast(1, 5, metrics={"samples_per_second": 5.0, "result_valid": False})
    (history,) = histories([warm, invalid, *(fast(place, 10 + place) for place in range(2, 6))])
    assert len(history.runs) == 5
    assert [mark.kind for mark in history.chart.marks] == [2, 1, 1, 1, 1]
    assert "4 runs count: too few" in history.says


def test_a_change_of_level_is_told_with_the_run_it_began_at() -> None:
    rates = [100, 101, 99, 100, 102, 98, 80, 81, 79, 80, 82, 78]
    (history,) = histories([fast(place, rate) for place, rate in enumerate(rates)])
    (change,) = history.changes
    assert change.run == "20260101-000006-aaaaaa"
    assert (change.before, change.after, change.times) == ("100 /s", "80 /s", "0.8 times")
    assert len(history.chart.lines) == 2
    assert "changed once" in history.chart.says


def test_a_change_names_the_inputs_that_are_others_from_that_run_on() -> None:
    def part(name: str) -> RunInput:
        path = StorePath.parse(f"{'a' * 31}{name}-harness-1")
        return RunInput(derivation=Digest.of(b""), store_path=path, manifest=Digest.of(b""), isolation="sandboxed")

    rates = [100, 101, 99, 100, 102, 98, 80, 81, 79, 80, 82, 78]
    runs = [
        fast(place, rate, inputs={"harness": part("b" if rate < 90 else "c"), "rules": part("d")})
        for place, rate in enumerate(rates)
    ]
    (history,) = histories(runs)
    assert history.changes[0].inputs == ("harness",)


def test_configurations_of_a_series_have_histories_of_their_own() -> None:
    runs = [
        fast(place, 10 + place, series={"series": f"s-{place}", "configuration": name, "round": 1})
        for place, name in enumerate(["baseline", "mix", "baseline", "mix"])
    ]
    assert [len(history.runs) for history in histories(runs)] == [2, 2]


def test_noise_alone_is_no_change() -> None:
    rates = [100, 101, 99, 100, 102, 98] * 3
    (history,) = histories([fast(place, rate) for place, rate in enumerate(rates)])
    assert history.changes == ()
    assert len(history.chart.lines) == 1
    assert "no change of their level can be told from noise" in history.says


def config(name: str, rates: list[float], share: float) -> Configuration:
    return Configuration(name, tuple(rates), share)


def test_a_configuration_is_beaten_only_by_more_than_noise() -> None:
    steady = [[100.0 + place % 3 for place in range(6)], [80.0 + place % 3 for place in range(6)]]
    found = judged(
        [
            config("fast", steady[0], 50), config("good", [10], 70), config("slow", steady[1], 50),
            config("near", [102, 99, 101, 100, 102, 99], 49), config("once", [20], 40),
        ]
    )  # fmt: skip
    assert {item.name: item.kind for item in found} == {"fast": 1, "good": 1, "slow": 3, "near": 2, "once": 2}


def test_a_front_holds_what_can_be_compared_and_takes_medians() -> None:
    runs = [
        fast(0, 10), fast(1, 30), fast(2, 20), fast(3, 5, 70, settings={"batch": 2}),
        fast(4, 7, axes={"scenario": "Server"}), fast(5, 8, metrics={"samples_per_second": 9.0}),
    ]  # fmt: skip
    (front,) = fronts(runs)
    assert front.name == "bench · Offline"
    assert [(item.name, item.rate, len(item.rates)) for item in front.configurations] == [
        ("as most", 20, 3), ("batch=2", 5, 1),
    ]  # fmt: skip


def test_what_is_compared_is_kept_once_a_value() -> None:
    found = columns([fast(0, 10), fast(1, 10), ran(2, metrics={"said": "x"})])
    listed = {item["name"]: item for item in json.loads(json.dumps(found))["fields"]}
    assert listed["Samples per second"] == {
        "name": "Samples per second", "metric": True, "values": ["10 /s"], "of": [0, 0, -1],
    }  # fmt: skip
    assert listed["recipe"]["of"] == [0, 0, 0]


def test_nothing_in_a_record_becomes_markup() -> None:
    evil = [
        fast(place, 10 + place, recipe=EVIL, axes={"scenario": EVIL, EVIL: EVIL}, settings={EVIL: place // 2})
        for place in range(4)
    ]
    entries = [*(Entry(run.id, run.fields) for run in evil), Entry(EVIL, {}, EVIL)]
    page = dashboard(entries, {evil[0].id})
    elements = Elements(page)
    assert EVIL not in page
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert elements.text.count("alert(1)") > 10
    links = {item["href"] for tag, item in elements.found if tag == "a" and not str(item["href"]).startswith("#")}
    assert links == {f"runs/{evil[0].id}.html"}


def test_no_run_at_all_is_a_page_that_says_so() -> None:
    text = Elements(dashboard([], set())).text
    assert "0 of 0 runs" in text
    assert "Nothing ran twice." in text
