"""What a word of the command line chooses among the runs."""

from pathlib import Path

import pytest

from envmgr.model.run_record import SeriesPlace
from envmgr.results.chosen import (
    AmbiguousSeriesError,
    NoSuchRunError,
    NothingCountsError,
    UnknownConfigurationError,
    chosen,
)
from envmgr.results.records import AmbiguousRunError
from tests.records import record

PLACES = {
    "20260101-000000-aaaaaa": None,
    "20260102-000000-000000": ("s-20260102-000000-bbbbbb", "baseline", 0),
    "20260102-000000-000001": ("s-20260102-000000-bbbbbb", "baseline", 1),
    "20260102-000000-000002": ("s-20260102-000000-bbbbbb", "threads=2", 1),
    "20260102-000000-000003": ("s-20260102-000000-bbbbbb", "baseline", 2),
    "20260103-000000-000003": ("s-20250101-000000-eeeeee", "baseline", 0),
    "20260103-000000-000004": ("s-20260103-000000-cccccc", "baseline", 1),
    "20260104-000000-000005": ("s-20260104-000000-dddddd", "baseline", 1),
    "20260104-000000-000006": ("s-20260104-000000-dddddd-1", "baseline", 1),
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run that stands alone, a series of two configurations, a series of one."""
    for run, place in PLACES.items():
        series = place and SeriesPlace(series=place[0], configuration=place[1], round=place[2])
        (tmp_path / run).mkdir()
        (tmp_path / run / "record.json").write_text(record(run).model_copy(update={"series": series}).text())
    return tmp_path


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("20260101", ["20260101-000000-aaaaaa"]),
        ("20260102-000000-000000", ["20260102-000000-000000"]),
        ("s-20260102-000000-bbbbbb:baseline", ["20260102-000000-000001", "20260102-000000-000003"]),
        ("s-20260102:threads=2", ["20260102-000000-000002"]),
        ("s-20260103", ["20260103-000000-000004"]),
        ("s-20260104-000000-dddddd", ["20260104-000000-000005"]),
        ("last", ["20260104-000000-000006"]),
    ],
)
def test_a_run_or_all_counted_runs_of_a_configuration_are_chosen(runs: Path, text: str, ids: list[str]) -> None:
    assert [run.id for run in chosen(runs, text)] == ids


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("20270101", NoSuchRunError),
        ("s-2027", NoSuchRunError),
        ("20260102", AmbiguousRunError),
        ("s-2026:baseline", AmbiguousSeriesError),
        ("s-", AmbiguousSeriesError),
        ("s-20260104", AmbiguousSeriesError),
        ("s-20260102", UnknownConfigurationError),
        ("s-20260102:threads=3", UnknownConfigurationError),
        ("s-2025", NothingCountsError),
    ],
)
def test_what_names_nothing_or_several_is_refused(runs: Path, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        chosen(runs, text)


def test_a_misspelt_configuration_gets_the_nearest_one(runs: Path) -> None:
    with pytest.raises(UnknownConfigurationError) as caught:
        chosen(runs, "s-20260102:threds=2")
    assert caught.value.fix == "name one: s-20260102:threads=2"
    assert caught.value.known == ("baseline", "threads=2")


def test_a_damaged_record_hides_no_series(runs: Path) -> None:
    (runs / "20260101-000000-aaaaaa" / "record.json").write_text("{")
    assert len(chosen(runs, "s-20260102:baseline")) == 2
