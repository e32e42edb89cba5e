"""`envmgr realize`: what is built, in which order, how often, and what is printed."""

import os
import shutil
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout, until

NOTES = "[sources]\nnotes = { kind = 'local', path = '../notes' }"
INNER = "[inputs]\ninner = 'inner'"
FIRST_LINE = 'read -r line < "{notes}/notes.txt"; echo "$line" > "{out}/file"'


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """Nothing is forked: answers are remembered only if a start of Python lies before them."""
    return checkout.afresh()


@pytest.fixture
def chain(checkout: Checkout) -> Checkout:
    """`outer` is made from `inner`, which is the first line of a local file."""
    checkout.write("notes/notes.txt", "first\nsecond\n")
    checkout.script("inner", FIRST_LINE, head=NOTES)
    checkout.script("outer", 'read -r line < "{inner}/file"; echo "outer of $line" > "{out}/file"', head=INNER)
    return checkout


def test_the_path_stands_alone_on_stdout_and_leads_to_the_output(chain: Checkout) -> None:
    result = chain("realize", "outer")
    assert result.stdout == f"{result.path}\n"
    assert result.path.parent == chain.store / "objects"
    assert (result.path / "file").read_text() == "outer of first\n"


def test_a_plan_line_comes_first_and_inputs_come_before_what_needs_them(chain: Checkout) -> None:
    result = chain("realize", "outer")
    assert result.stderr.splitlines()[0].endswith("2 to build, 1 to fetch (0 MB), 0 present")
    assert result.fetched == ["notes-0"]
    assert result.built == ["inner-1", "outer-1"]


def test_the_second_call_builds_nothing_and_answers_the_same(chain: Checkout) -> None:
    first = chain("realize", "outer")
    second = chain("realize", "outer")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    worked_out = chain("realize", "outer", "--json")
    assert [Path(output["store_path"]).name for output in worked_out.data["outputs"]] == [first.path.name]
    assert worked_out.built == []


def test_several_recipes_are_answered_in_the_order_of_the_question(chain: Checkout) -> None:
    lines = chain("realize", "outer", "inner").stdout.splitlines()
    assert [line.rpartition("/")[2].partition("-")[2] for line in lines] == ["outer-1", "inner-1"]


def test_an_edited_local_file_is_noticed_right_after_an_answer(chain: Checkout) -> None:
    chain("realize", "outer")
    chain("realize", "outer")
    chain.write("notes/notes.txt", "other\nsecond\n")
    assert (chain("realize", "outer").path / "file").read_text() == "outer of other\n"


def test_an_edited_recipe_is_noticed_right_after_an_answer(chain: Checkout) -> None:
    chain("realize", "outer")
    chain.script("outer", 'echo edited > "{out}/file"', head=INNER)
    assert (chain("realize", "outer").path / "file").read_text() == "edited\n"


def test_an_edited_lockfile_is_noticed_right_after_an_answer(chain: Checkout) -> None:
    chain("lock", "outer")
    chain("realize", "outer", "--lock", "recipes.lock")
    lock = chain.top / "recipes.lock"
    lock.write_text(lock.read_text().replace("version = 1", "version = 99", 1))
    chain("realize", "outer", "--lock", "recipes.lock", expect=3)


def test_an_object_that_is_gone_is_noticed_right_after_an_answer(chain: Checkout) -> None:
    path = chain("realize", "inner").path
    path.rename(path.with_name("gone"))
    again = chain("realize", "inner")
    assert again.built == ["inner-1"]
    assert (again.path / "file").read_text() == "first\n"


def test_an_object_that_the_asked_one_refers_to_is_made_again_if_it_is_gone(chain: Checkout) -> None:
    chain.script("outer", 'echo "{inner.name}" > "{out}/file"', head=INNER)
    outer = chain("realize", "outer").path
    inner = chain("realize", "inner").path
    inner.rename(inner.with_name("gone"))
    assert chain("realize", "outer", "--dry-run", "--json").data["build"] == ["inner-1", "outer-1"]
    again = chain("realize", "outer")
    assert (again.path, again.built) == (outer, ["inner-1"])
    assert (inner / "file").read_text() == "first\n"


def test_an_input_that_comes_out_the_same_again_stops_the_rebuild_there(chain: Checkout) -> None:
    before = chain("realize", "outer")
    chain.write("notes/notes.txt", "first\na comment\n")
    after = chain("realize", "outer")
    assert after.built == ["inner-1"]
    assert after.stdout == before.stdout
    assert chain("realize", "outer", "--json").built == []


def test_two_inputs_are_built_at_the_same_time(checkout: Checkout, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)  # writing to it waits for a reader, and reading for a writer
    checkout.script("left", f'echo met > {meeting}; echo left > "{{out}}/file"')
    checkout.script("right", f'read -r said < {meeting}; echo "$said" > "{{out}}/file"')
    checkout.script("both", 'echo both > "{out}/file"', head="[inputs]\nleft = 'left'\nright = 'right'")
    result = checkout("realize", "both", "-j2", "--sandbox", "none")
    assert sorted(result.built[:2]) == ["left-1", "right-1"]
    assert result.built[2] == "both-1"


def test_of_two_processes_that_want_one_object_one_builds_and_the_other_uses_it(
    checkout: Checkout, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    checkout.script("wanted", f'read -r said < {gate}; echo "$said" > "{{out}}/file"')
    arguments = ("realize", "wanted", "--sandbox", "none")
    with checkout.start(*arguments) as first:
        until(first, "build wanted-1")
        with checkout.start(*arguments) as second:
            until(second, "waiting wanted-1: for wanted-1 (process")
            gate.write_text("opened\n")
            assert first.communicate()[0] == second.communicate()[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(checkout.objects()) == 1
    assert (checkout.store / "objects" / checkout.objects().pop() / "file").read_text() == "opened\n"


def test_the_same_recipes_give_the_same_store_paths_in_another_checkout_and_store(
    chain: Checkout, tmp_path: Path
) -> None:
    chain("realize", "outer")
    shutil.copytree(chain.top, tmp_path / "else where" / "checkout")
    other = Checkout(tmp_path / "else where" / "checkout", tmp_path / "else where" / "store", chain.environ)
    other("realize", "outer")
    assert other.objects() == chain.objects()


@pytest.mark.usefixtures("sandboxed")
def test_an_unsandboxed_build_gives_the_same_store_path_and_is_marked(chain: Checkout, tmp_path: Path) -> None:
    held = chain("realize", "outer").path.name
    unheld = chain.with_store(tmp_path / "unheld")
    (output,) = unheld("realize", "outer", "--sandbox", "none", "--json").data["outputs"]
    assert (output["store_path"], output["isolation"]) == (held, "unsandboxed")
    for where, level in ((chain, "sandboxed"), (unheld, "unsandboxed")):
        (realisation,) = where("show", held, "--json").data["realisations"]
        assert realisation["isolation"] == level


def test_a_store_that_was_moved_still_answers_and_builds(chain: Checkout, tmp_path: Path) -> None:
    before = chain("realize", "inner").path.name
    chain.store.rename(tmp_path / "moved")
    moved = chain.with_store(tmp_path / "moved")
    result = moved("realize", "outer", "inner")
    assert result.path == tmp_path / "moved" / "objects" / before
    assert result.built == ["outer-1"]
