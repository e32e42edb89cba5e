"""`envmgr runs verify`: whether runs are still what their records say."""

from tests.functional.conftest import Checkout
from tests.records import imported, keep

RUN = """
inputs.model = "model"
run.files."user.conf" = "a line"
[[run.steps]]
name = "go"
argv = ["/bin/sh", "-c", "echo log > {step}/mlperf_log_detail.txt"]
"""


def test_runs_that_nobody_touched_are_as_their_records_say(checkout: Checkout) -> None:
    checkout.script("model", 'echo weights > "{out}/weights"')
    checkout.recipe("bench", RUN)
    run = checkout("run", "bench", "--json").data["run"]["id"]
    keep(checkout.store / "runs", imported("20260101-000000-aaaaaa"))
    assert checkout("runs", "verify", "--json").data == {"runs": ["20260101-000000-aaaaaa", run], "faults": []}
    assert checkout("runs", "verify", run[:-2]).stdout == "1 runs are as their records say\n"


def test_every_file_and_object_that_is_gone_or_changed_is_named(checkout: Checkout) -> None:
    checkout.script("model", 'echo weights > "{out}/weights"')
    checkout.recipe("bench", RUN)
    run = checkout("run", "bench", "--json").data["run"]
    folder = checkout.store / "runs" / run["id"]
    (folder / "go" / "mlperf_log_detail.txt").write_text("better\n")
    (folder / "go" / "output.txt").unlink()
    (folder / "user.conf").write_text("another line")
    checkout("root", "remove", run["id"])
    checkout("gc", "--now")
    error = checkout("runs", "verify", run["id"], "--json", expect=7)
    assert error.error["class"] == "AlteredRunsError"
    assert [(fault["kind"], fault["name"], fault["why"]) for fault in error.data["faults"]] == [
        ("file", "go/mlperf_log_detail.txt", "is changed"),
        ("file", "go/output.txt", "is gone"),
        ("file", "user.conf", "is changed"),
        ("object", run["closure"][0], "is not in the store"),
    ]
    (folder / "record.json").write_text("{}")
    (damaged,) = checkout("runs", "verify", "--json", expect=7).data["faults"]
    assert (damaged["kind"], damaged["run"]) == ("record", run["id"])
    assert checkout.fails(2, "runs", "verify", "2025")["class"] == "NoSuchRunError"
