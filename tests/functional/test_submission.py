"""`envmgr submission`: from recorded runs to a tree, its preflight, and its archive."""

import json
import sys
import tarfile
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout
from tests.loadgen_logs import leave_run
from tests.records import imported, keep
from tests.submission_trees import DESCRIPTION, FORMS, leave_runs

CHECKER = """
import argparse, logging, os, pathlib, sys
logging.basicConfig(format="[%(asctime)s %(filename)s:%(lineno)d %(levelname)s] %(message)s")
parser = argparse.ArgumentParser()
for option in ("--input", "--version", "--csv"):
    parser.add_argument(option, required=True)
given = parser.parse_args()
pathlib.Path(given.csv).write_text("seen")
if (pathlib.Path(given.input) / "crash").exists():
    raise KeyError("crash")
if given.version != "v5.1":
    logging.error("%s has a version %s", given.input, given.version)
    sys.exit(1)
"""
"""What is asked of a checker: MLPerf's own is never part of this project."""


@pytest.fixture
def made(checkout: Checkout) -> Checkout:
    """A store with a closed edge submission's runs, and the description of its system."""
    leave_runs(checkout.store / "runs", FORMS["closed edge"])
    (checkout.top / "box.json").write_text(
        json.dumps(DESCRIPTION | dict.fromkeys(("division", "submitter", "system_type"), ""))
    )
    return checkout


RUNS = ("20260101-000000", "20260101-000001", "20260101-000002")
CREATE = ("submission", "create", "--submitter", "we", "--system", "box.json", "--division", "closed")


def contents(tree: Path) -> dict[str, bytes]:
    return {str(file.relative_to(tree)): file.read_bytes() for file in tree.rglob("*") if file.is_file()}


def test_the_same_runs_give_the_same_tree_and_the_same_archive(made: Checkout) -> None:
    first = made(*CREATE, "-o", "first", *RUNS, "--json").data
    made(*CREATE, "-o", "second", *reversed(RUNS))
    assert (first["files"], first["breaches"], first["trial"]) == (len(contents(made.top / "first")), [], False)
    assert contents(made.top / "first") == contents(made.top / "second")
    text = (made.top / "first/closed/we/results/box/retinanet/Offline/accuracy/accuracy.txt").read_text()
    assert text.splitlines()[-1].startswith("hash=")
    packed = [
        made("submission", "package", tree, "-o", f"{tree}.tar.gz", "--json").data for tree in ("first", "second")
    ]
    assert packed[0]["digest"] == packed[1]["digest"]
    with tarfile.open(made.top / "first.tar.gz") as archive:
        assert set(archive.getnames()) == contents(made.top / "first").keys()
    count = packed[0]["files"]
    assert made.fails(2, "submission", "package", "first", "-o", "first.tar.gz")["class"] == "TakenError"
    (made.top / "first/notes.md").symlink_to(made.top / "box.json")
    assert made.fails(10, "submission", "package", "first", "-o", "linked.tar.gz")["class"] == "RefusedTreeError"
    assert made("submission", "package", "first", "-o", "linked.tar.gz", "--anyway", "--json").data["files"] == count
    assert (made.top / "linked.tar.gz").read_bytes() == (made.top / "first.tar.gz").read_bytes()
    (made.top / "first/notes.md").unlink()
    assert made.fails(2, *CREATE, "-o", "first", *RUNS)["class"] == "TakenError"
    assert made.fails(12, *CREATE, "-o", "box.json/tree", *RUNS)["class"] == "NotWrittenThereError"
    assert made.fails(12, "submission", "package", "first", "-o", "box.json/a")["class"] == "NotWrittenThereError"


def test_what_nobody_can_probe_is_asked_of_a_person_and_never_made_up(made: Checkout) -> None:
    asked = [word.replace("box.json", "auto") for word in CREATE]
    error = made.fails(10, *asked, "-o", "tree", *RUNS)
    assert error["class"] == "UnfilledError"
    begun = json.loads((made.top / error["where"]).read_text())
    assert {key for key, value in begun.items() if value == ""} > {"cooling", "status", "host_storage_type"}
    assert begun["host_memory_capacity"] == "8.0 GiB"
    assert not (made.top / "tree").exists()
    half = made.fails(3, *CREATE[:-3], error["where"], *CREATE[-2:], "-o", "tree", *RUNS)
    assert (half["class"], "cooling" in half["message"]) == ("DescriptionError", True)


def test_runs_of_which_no_tree_can_be_made_are_refused_with_the_reason(made: Checkout) -> None:
    runs = made.store / "runs"
    keep(runs, imported("20260102-000000-aaaaaa", axes={"round": "v5.1"}))
    leave_run(runs, "20260102-000001-aaaaaa", "v5.0", "Offline")
    other = leave_run(runs, "20260102-000002-aaaaaa", "v5.1", "Server")
    host = other.host.model_copy(update={"kernel": "7.0"})
    (runs / other.id / "record.json").write_text(other.model_copy(update={"host": host}).text())
    for run, reason in (
        ("20260102-000000", "20260102-000000-aaaaaa was made elsewhere"),
        ("20260102-000001", "20260102-000001-aaaaaa is of round v5.0"),
        ("20260102-000002", "20260102-000002-aaaaaa has kernel '7.0', 20260101-000000-aaaaaa '6.1'"),
    ):
        error = made.fails(10, *CREATE, "-o", "tree", RUNS[0], run)
        assert (error["class"], reason in error["message"]) == ("UnfitRunsError", True)
    assert "needs one accuracy run, and 2 were named" in twice(made)
    missing = made(*CREATE, "-o", "tree", *RUNS[:2], "--json", expect=10)
    assert [item["rule"] for item in missing.data["breaches"]] == ["scenarios.missing"]
    assert not (made.top / "tree").exists()


def twice(made: Checkout) -> str:
    leave_run(made.store / "runs", "20260103-000000-aaaaaa", "v5.1", "Offline")
    message: str = made.fails(10, *CREATE, "-o", "tree", *RUNS, "20260103")["message"]
    return message


def test_a_log_that_was_changed_is_no_part_of_a_tree(made: Checkout) -> None:
    file = made.store / "runs/20260101-000002-aaaaaa/performance/mlperf_log_detail.txt"
    file.write_text(file.read_text().replace("41.5", "99.5"))
    assert made.fails(7, *CREATE, "-o", "tree", *RUNS)["where"] == str(file.parents[1])


def test_a_short_run_makes_a_trial_that_says_so_everywhere(made: Checkout) -> None:
    run = leave_run(made.store / "runs", "20260104-000000-aaaaaa", "v5.1", "Offline")
    short = run.model_copy(update={"settings": {"count": 20, "min_duration_ms": 1000}})
    (made.store / "runs" / run.id / "record.json").write_text(short.text())
    create = ("submission", "create", "--submitter", "we", "--system", "auto", "--division", "open", "-o", "trial")
    assert "it looks at 20 samples only" in made.fails(10, *create, run.id)["message"]
    trial = made(*create, run.id, "--short", "--json")
    assert trial.json()["warnings"] == ["not submittable: made with --short, as the tree says"]
    readmes = sorted((made.top / "trial").rglob("README.md"))
    assert len(readmes) == 2
    assert all(file.read_text().startswith("**NOT SUBMITTABLE**: made with --short. it looks") for file in readmes)
    breaches = made("submission", "check", "trial", "--json", expect=10).data["breaches"]
    assert {"trial", "system.meaning"} <= {item["rule"] for item in breaches}
    assert made.fails(10, "submission", "package", "trial", "-o", "a.tar.gz")["class"] == "RefusedTreeError"
    forced = made("submission", "package", "trial", "-o", "a.tar.gz", "--anyway")
    assert "not submittable" in forced.stderr


def test_a_check_names_each_broken_rule_with_its_file_and_its_fix(made: Checkout) -> None:
    made(*CREATE, "-o", "tree", *RUNS)
    assert made("submission", "check", "tree").stdout == "envmgr: it may be submitted by the rules of v5.1\n"
    (made.top / "tree/closed/we/calibration.md").unlink()
    said = made("submission", "check", "tree", expect=10)
    assert "measurements.calibration: closed/we/calibration.md: there is no word on calibration\n  fix: " in said.stdout
    assert made.fails(2, "submission", "check", "tree", "--round", "0.5")["class"] == "UnknownRoundError"


def test_mlperfs_checker_is_asked_and_its_verdict_is_shown_beside_ours(made: Checkout) -> None:
    checker = made.top / "submission_checker.py"
    checker.write_text(CHECKER)
    made(*CREATE, "-o", "tree", *RUNS)
    check = ("submission", "check", "tree", "--checker", str(checker))
    assert made.fails(2, *check)["class"] == "NoCheckerError"
    (made.top / "log_parser.py").touch()
    assert "MLPerf's checker: it may be submitted (exit code 0)" in made(*check).stdout
    other = made(*check, "--round", "5.0", expect=10)
    assert "  tree has a version v5.0\n" in other.stdout.replace(f"{made.top.resolve()}/", "")
    (made.top / "tree/crash").mkdir()
    (made.top / "tree/crash/notes.md").touch()
    broken = made(*check, "--json", expect=10).data["checker"]
    assert broken == {"exit_code": 1, "errors": ["it broke down: KeyError: 'crash'"]}
    (made.top / "tree/crash/notes.md").unlink()
    (made.top / "tree/crash").rmdir()
    (made.top / "tree/closed/we/code/retinanet/empty").mkdir()
    assert "they differ: the checker lets pass what the rules above refuse" in made(*check, expect=10).stdout


def test_a_checker_that_is_a_package_gets_what_the_recipe_pins(made: Checkout) -> None:
    site = f"lib/python3.{sys.version_info.minor}/site-packages"
    made.recipe("python-submission-checker", f"build = {{ builder = 'tree', settings.texts.'{site}/pinned.py' = '' }}")
    made(*CREATE, "-o", "tree", *RUNS)
    package = made.top / "submission_checker"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "main.py").write_text(f"import pinned\nfrom . import __name__ as own\n{CHECKER}")
    said = made("submission", "check", "tree", "--checker", "submission_checker")
    assert said.stdout.endswith("MLPerf's checker: it may be submitted (exit code 0)\n")
