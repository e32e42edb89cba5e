"""Builds that fail, hang, or leave what no object may hold."""

import json

import pytest

from tests.functional.conftest import Checkout


def test_a_failing_build_shows_its_last_lines_and_where_the_log_is(checkout: Checkout) -> None:
    count = "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done"
    checkout.script("broken", count, "echo worse >&2", "exit 3")
    error = checkout.fails(5, "realize", "broken")
    assert error["class"] == "BuildFailedError"
    shown = [line.strip() for line in error["message"].splitlines()]
    assert shown[1:] == [*(f"line {number}" for number in range(12, 31)), "worse"]
    log = checkout("log", "broken", "--json").data
    assert log["log"] == error["where"]
    assert len(log["text"].splitlines()) == 31
    assert "--keep-failed" in error["fix"]


def test_a_build_that_hangs_is_ended_at_its_time_limit(checkout: Checkout) -> None:
    checkout.script("hanging", "echo waiting", "kill -STOP $$")
    error = checkout.fails(5, "realize", "hanging", "--time-limit", "2")
    assert (error["class"], "after 2 s" in error["message"]) == ("BuildTimeoutError", True)
    assert checkout.objects() == set()


def test_a_program_that_is_not_there_is_named(checkout: Checkout) -> None:
    checkout.recipe("absent", "\n[build]\nbuilder = 'script'\nsettings.argv = ['{out}/no-such-program']\n")
    error = checkout.fails(5, "realize", "absent")
    assert (error["class"], "no-such-program" in error["message"]) == ("BuildFailedError", True)


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("place", ["{out}/lib", "{build}", "/envmgr/store/x"])
def test_an_output_that_names_a_place_of_the_sandbox_is_refused(checkout: Checkout, place: str) -> None:
    checkout.script("leaky", f'echo "prefix={place}/" > "{{out}}/settings"', 'echo fine > "{out}/fine"')
    error = checkout.fails(5, "realize", "leaky", "--sandbox", "required")
    assert error["class"] == "LocationLeakError"
    assert "settings names /envmgr/" in error["message"]
    assert "fine" not in error["message"]
    assert checkout.objects() == set()


def test_an_output_that_names_the_store_is_refused(checkout: Checkout) -> None:
    checkout.script("leaky", 'echo "{out}" > "{out}/unsandboxed"', f'echo "{checkout.store}/objects" > "{{out}}/store"')
    error = checkout.fails(5, "realize", "leaky", "--sandbox", "none")
    assert error["class"] == "LocationLeakError"
    assert f"unsandboxed names {checkout.store}/staging" in error["message"]
    assert f"store names {checkout.store}/objects" in error["message"]
    assert checkout.objects() == set()


def test_an_output_may_name_its_inputs_and_they_are_its_references(checkout: Checkout) -> None:
    checkout.script("library", 'echo library > "{out}/file"')
    line = 'echo "../{library.name}/file" > "{out}/link"'
    checkout.script("program", line, head="[inputs]\nlibrary = 'library'")
    path = checkout("realize", "program").path
    closure = checkout("show", str(path), "--json").data["closure"]
    assert sorted(item.partition("-")[2] for item in closure) == ["library-1", "program-1"]
    assert path.joinpath((path / "link").read_text().strip()).is_file()


def test_a_build_that_writes_nothing_gives_an_empty_object(checkout: Checkout) -> None:
    checkout.script("empty", ":")
    assert list(checkout("realize", "empty").path.iterdir()) == []


@pytest.mark.usefixtures("sandboxed")
def test_a_build_sees_its_inputs_only_and_cannot_change_them(checkout: Checkout) -> None:
    checkout.script("input", 'echo input > "{out}/file"')
    checkout.script("other", 'echo other > "{out}/file"')
    lines = (
        'for path in "{input}"/../* /home/* /opt/*; do [ ! -e "$path" ] || echo "${path##*/}"; done > "{out}/seen"',
        'if (: > "{input}/file") 2>/dev/null; then exit 7; fi',
        'read -r line < "{input}/file"; echo "$line" > "{out}/file"',
    )
    checkout.script("curious", *lines, head="[inputs]\ninput = 'input'")
    result = checkout("realize", "curious", "other", "--json")
    curious = checkout.store / "objects" / result.data["outputs"][0]["store_path"]
    assert [line.partition("-")[2] for line in (curious / "seen").read_text().split()] == ["input-1"]
    assert (curious / "file").read_text() == "input\n"


def test_what_is_mended_builds_after_a_failure(checkout: Checkout) -> None:
    checkout.script("input", 'echo input > "{out}/file"')
    checkout.script("above", "exit 3", head="[inputs]\ninput = 'input'")
    assert checkout("realize", "above", expect=5).built == ["input-1"]
    checkout.script("above", 'echo mended > "{out}/file"', head="[inputs]\ninput = 'input'")
    assert checkout("realize", "above").built == ["above-1"]


def test_an_error_without_json_says_what_where_and_what_to_do(checkout: Checkout) -> None:
    checkout.script("broken", "echo why", "exit 3")
    result = checkout("realize", "broken", expect=5)
    assert result.stdout == ""
    said = result.stderr.splitlines()
    assert [line.split()[0] for line in said[-3:]] == ["why", "where:", "fix:"]
    assert said[-4].startswith("error: broken-1: the process ended with exit code 3")


def test_the_json_error_is_one_object_with_the_same_keys_as_an_answer(checkout: Checkout) -> None:
    checkout.script("broken", "exit 3")
    result = checkout("realize", "broken", "--json", expect=5)
    answer = json.loads(result.stdout)
    assert {"schema", "ok", "data", "warnings", "error"} == answer.keys()
    assert (answer["schema"], answer["ok"]) == ("envmgr.realize/1", False)
