"""`envmgr realize --rebuild`: whether what was built comes out the same again."""

import os
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout

RANDOM = 'read -r id < /proc/sys/kernel/random/uuid; echo "$id" > "{out}/random"; echo same > "{out}/steady"'


@pytest.fixture
def tower(checkout: Checkout) -> Checkout:
    """`top` is made from `shaky`, which never comes out twice the same, and from `steady`, of a local file."""
    checkout.write("notes/notes.txt", "words\n")
    head = "sources.notes = { kind = 'local', path = '../notes' }"
    checkout.script("steady", 'read -r line < "{notes}/notes.txt"; echo "$line" > "{out}/file"', head=head)
    checkout.script("shaky", RANDOM)
    checkout.script("top", 'echo top > "{out}/file"', head="inputs = { shaky = 'shaky', steady = 'steady' }")
    return checkout


def test_a_rebuild_that_gives_the_same_is_a_success(tower: Checkout) -> None:
    again = tower("realize", "steady", "--rebuild")
    assert again.stdout == tower("realize", "steady").stdout
    (line,) = (line for line in again.stderr.splitlines() if "rebuilt" in line)
    assert "rebuilt steady-1" in line
    assert line.endswith("the same again, bit for bit")


def test_a_rebuild_that_comes_out_different_says_how_and_changes_nothing(tower: Checkout) -> None:
    path = tower("realize", "shaky").path
    before = (path / "random").read_text()
    result = tower("realize", "shaky", "--rebuild", "--json", expect=11)
    assert result.error["class"] == "RebuildDiffersError"
    assert "random" in result.error["message"]
    assert "steady" not in result.error["message"]
    (rebuilt,) = result.data["rebuilt"]
    (entry,) = rebuilt["entries"]
    assert (rebuilt["label"], rebuilt["store_path"], entry["path"]) == ("shaky-1", path.name, "random")
    assert f"-{before.strip()}" in entry["text"]["lines"]
    assert (path / "random").read_text() == before
    assert len(tower.objects()) == 1


def test_the_second_build_is_kept_if_it_is_asked_for(tower: Checkout) -> None:
    result = tower("realize", "shaky", "--rebuild", "--keep-failed", "--json", expect=11)
    (rebuilt,) = result.data["rebuilt"]
    (kept,) = Path(rebuilt["kept"]).rglob("random")
    assert f"+{kept.read_text().strip()}" in rebuilt["entries"][0]["text"]["lines"]


def test_the_closure_is_all_that_was_built_and_a_difference_does_not_end_it(tower: Checkout) -> None:
    result = tower("realize", "top", "--rebuild", "--closure", "--json", expect=11)
    assert result.fetched == ["notes-0"]  # once, for the first build
    found = {item["label"]: [entry["path"] for entry in item["entries"]] for item in result.data["rebuilt"]}
    assert found == {"shaky-1": ["random"], "steady-1": [], "top-1": []}
    assert {item["label"] for item in tower("realize", "top", "--rebuild", "--json").data["rebuilt"]} == {"top-1"}


def test_of_a_run_the_inputs_are_built_again(tower: Checkout) -> None:
    tower.recipe("bench", "inputs.top = 'top'\n[[run.steps]]\nname = 'go'\nargv = ['/bin/true']\n")
    data = tower("realize", "bench", "--rebuild", "--json").data
    assert [item["label"] for item in data["rebuilt"]] == ["top-1"]


def test_rebuilds_run_side_by_side(checkout: Checkout, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)  # writing to it waits for a reader, and reading for a writer
    checkout.script("left", f'echo met > {meeting}; echo left > "{{out}}/file"')
    checkout.script("right", f'read -r said < {meeting}; echo "$said" > "{{out}}/file"')
    data = checkout("realize", "left", "right", "--rebuild", "-j2", "--sandbox", "none", "--json").data
    assert [item["entries"] for item in data["rebuilt"]] == [[], []]


def test_closure_without_rebuild_is_a_usage_error(tower: Checkout) -> None:
    assert tower.fails(2, "realize", "top", "--closure")["class"] == "UsageError"
