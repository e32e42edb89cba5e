"""`envmgr report`: runs of a store as one page."""

from envmgr.model.run_record import SeriesPlace
from tests.functional.conftest import Checkout
from tests.loadgen import write_measurement
from tests.records import keep, record


def test_a_report_is_one_file_of_the_runs_that_were_named(checkout: Checkout) -> None:
    runs = checkout.store / "runs"
    for place, run in enumerate(("20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260103-000000-cccccc")):
        series = SeriesPlace(series="s-1", configuration="batch=2", round=place) if place else None
        folder = keep(runs, record(run, series=series, metrics={"samples_per_second": 100.0 + place}))
        write_measurement(folder / "performance", [(0, 1000)])
    answer = checkout("report", "20260101", "s-1", "-o", "page.html", "--json").data
    page = (checkout.top / "page.html").read_text()
    assert answer["runs"] == ["20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260103-000000-cccccc"]
    assert answer["bytes"] == len(page.encode())
    assert "Of 2 runs this is the one whose number is nearest to their median." in page
    assert page.startswith("<!doctype html>")


def test_a_run_that_is_not_there_is_named_and_nothing_is_written(checkout: Checkout) -> None:
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    assert checkout.fails(2, "report", "20270101", "-o", "page.html")["class"] == "NoSuchRunError"
    assert checkout.fails(2, "report", *["20260101"] * 13, "-o", "page.html")["class"] == "TooManyRunsError"
    assert not (checkout.top / "page.html").exists()
