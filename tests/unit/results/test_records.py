"""RunRecords on disk."""

import shutil
from pathlib import Path

import pytest

from envmgr.results.records import AmbiguousRunError, DamagedRecordError, find, folder_of
from tests.records import keep, record


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with two runs, and one that did not end."""
    for run in ("20260102-000000-aaaaaa", "20260101-000000-bbbbbb"):
        keep(tmp_path, record(run))
    (tmp_path / "20260103-000000-cccccc").mkdir()
    return tmp_path


def test_a_record_reads_back_as_it_was(runs: Path) -> None:
    assert find(runs, "20260101") == record("20260101-000000-bbbbbb")


def test_no_folder_means_no_runs(tmp_path: Path) -> None:
    assert find(tmp_path / "nothing", "2026") is None


def test_a_run_is_found_by_the_beginning_of_its_id(runs: Path) -> None:
    for beginning in ("20260101", "20260101-000000-bbbbbb"):
        found = find(runs, beginning)
        assert found is not None
        assert found.id == "20260101-000000-bbbbbb"


def test_the_last_run_is_the_newest_that_ended_or_of_folders_the_newest(runs: Path) -> None:
    assert find(runs, "last") == record("20260102-000000-aaaaaa")
    assert folder_of(runs, "last") == runs / "20260103-000000-cccccc"
    assert find(runs / "nothing", "last") is None


@pytest.mark.parametrize("text", ["20260103", "cmake", "", "*", "../x", "2026*"])
def test_what_no_id_begins_with_is_no_run(runs: Path, text: str) -> None:
    assert find(runs, text) is None


def test_a_whole_id_is_that_run_though_another_begins_so(runs: Path) -> None:
    shutil.copytree(runs / "20260101-000000-bbbbbb", runs / "20260101-000000-bbbbbb-old")
    found = find(runs, "20260101-000000-bbbbbb")
    assert found is not None
    assert found.id == "20260101-000000-bbbbbb"
    with pytest.raises(AmbiguousRunError):
        find(runs, "20260101-000000-bbbbb")


def test_a_beginning_of_several_ids_is_refused(runs: Path) -> None:
    with pytest.raises(AmbiguousRunError) as caught:
        find(runs, "2026")
    assert caught.value.ids == ("20260101-000000-bbbbbb", "20260102-000000-aaaaaa")


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ('"mAP": 60.5', '"mAP": NaN'), ('"mAP": 60.5', '"mAP": 1e999'), ('"seconds": 1.0', '"seconds": Infinity'),
        ('"mAP": 60.5', f'"mAP": 1{"0" * 400}'),
        ('"files": {}', f'"files": {{"../x": "{"0" * 64}"}}'), ('"files": {}', f'"files": {{"/x": "{"0" * 64}"}}'),
    ],
)  # fmt: skip
def test_a_record_with_endless_numbers_or_ways_out_of_its_folder_is_damaged(runs: Path, said: str, other: str) -> None:
    file = runs / "20260101-000000-bbbbbb" / "record.json"
    assert said in file.read_text()
    file.write_text(file.read_text().replace(said, other))
    with pytest.raises(DamagedRecordError):
        find(runs, "20260101")


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"schema": "envmgr.run/2"}', record("../elsewhere").text()])
def test_a_damaged_record_is_named(runs: Path, text: str) -> None:
    file = runs / "20260101-000000-bbbbbb" / "record.json"
    file.write_text(text)
    with pytest.raises(DamagedRecordError) as caught:
        find(runs, "20260101")
    assert caught.value.file == file
