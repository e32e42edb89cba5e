"""`envmgr runs rm`: remove runs for good."""

import shutil

from tests.functional.conftest import Checkout, until
from tests.records import keep, record

STEP = "[[run.steps]]\nname = 'go'\nargv = ['/bin/sh', '-c', 'echo COMMAND']\n"


def test_a_run_goes_with_its_root_and_what_only_it_kept_goes_with_the_next_collection(checkout: Checkout) -> None:
    checkout.script("model", 'echo weights > "{out}/weights"')
    checkout.recipe("bench", f"inputs.model = 'model'\n{STEP}")
    first, second = (checkout("run", "bench", "--json").data["run"]["id"] for _ in range(2))
    removed = checkout("runs", "rm", first, "--json").data
    assert [(item["id"], item["ended"], item["bytes"] > 0) for item in removed["removed"]] == [(first, True, True)]
    assert removed["unkept"] == []
    assert [root["name"] for root in checkout("root", "list", "--json").data["roots"] if root["kind"] == "run"] == [
        second
    ]
    removed = checkout("runs", "rm", second, "--json").data
    assert [item["store_path"].partition("-")[2] for item in removed["unkept"]] == ["model-1"]
    assert removed["unkept"][0]["bytes"] == 8
    assert not [*(checkout.store / "runs").glob("*/"), *(checkout.store / "roots" / "run").iterdir()]
    assert [item["bytes"] for item in checkout("gc", "--now", "--json").data["objects"]] == [8]
    assert checkout("runs", "list", "--json").data["runs"] == []


def test_nothing_is_removed_where_a_name_is_none_or_a_run_has_not_ended(checkout: Checkout) -> None:
    checkout.recipe("bench", STEP.replace("COMMAND", "begun; kill -STOP $$"))
    runs = checkout.store / "runs"
    with checkout.start("run", "bench") as process:
        until(process, "run go")
        (under_way,) = (path.name for path in runs.glob("*/"))
        keep(runs, record("20260101-000000-aaaaaa"))
        assert checkout.fails(2, "runs", "rm", "20260101", under_way)["class"] == "RunUnderWayError"
        assert checkout.fails(2, "runs", "rm", "20260101", "2025")["class"] == "NoSuchRunError"
        assert {path.name for path in runs.glob("*/")} == {under_way, "20260101-000000-aaaaaa"}
    assert checkout("runs", "rm", "20260101").stdout.startswith("removed 20260101-000000-aaaaaa")
    (broken,) = checkout("runs", "rm", under_way, "--json").data["removed"]
    assert (broken["id"], broken["ended"]) == (under_way, False)
    assert [*runs.glob("*/")] == []


def test_what_an_interrupted_removal_left_goes_with_the_next(checkout: Checkout) -> None:
    checkout.recipe("bench", STEP)
    run = checkout("run", "bench", "--json").data["run"]["id"]
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    shutil.move(checkout.store / "runs" / run, checkout.store / "staging" / "trash" / "garbage-interrupted")
    assert [path.name for path in (checkout.store / "roots" / "run").iterdir()] == [run]
    assert checkout("runs", "rm", "20260101", "--json").data["unkept"] == []
    assert [*(checkout.store / "roots" / "run").iterdir()] == []
    assert [*(checkout.store / "staging" / "trash").iterdir()] == []


def test_a_damaged_record_can_be_removed(checkout: Checkout) -> None:
    folder = keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    checkout("root", "list")
    (folder / "record.json").write_text("{}")
    assert checkout("runs", "rm", "20260101", "--json").data["removed"][0]["id"] == folder.name
    assert not folder.exists()
