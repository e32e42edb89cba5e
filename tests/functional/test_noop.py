"""A `realize` with nothing to do: answered at once from a memo, and never when anything might be otherwise."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.store.layout import Layout
from envmgr.store.path_lock import alone
from envmgr.store.roots import PRINTED_SECONDS
from tests.functional.conftest import TOP, Checkout, Result

NOTES = "[sources]\nnotes = { kind = 'local', path = '../notes' }"
INNER = "[inputs]\ninner = 'inner'"
SIZED = """
[build]
builder = "tree"
settings.texts = { file = "small" }
[variants.size]
default = "small"
small = {}
large = { settings = { texts = { file = "large" } } }
"""
Change = Callable[[Checkout], object]


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """Nothing is forked: answers are remembered only if a start of Python lies before them."""
    return checkout.afresh()


@pytest.fixture
def outer(checkout: Checkout) -> Checkout:
    """`outer` refers to `inner`, which is made from a local folder; both are there."""
    checkout.write("notes/deep/notes.txt", "first\n")
    checkout.script("inner", 'read -r line < "{notes}/deep/notes.txt"; echo "$line" > "{out}/file"', head=NOTES)
    checkout.script("outer", 'echo "{inner.name}" > "{out}/file"', head=INNER)
    checkout("realize", "outer")
    return checkout


RECALL = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from envmgr.realize_hot import recall
for path in recall(sys.argv[1:]) or sys.exit("a doubt"):
    print(path)
print(*sorted(sys.modules), file=sys.stderr)
"""


def recall(checkout: Checkout, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Ask the memos alone, in a bare interpreter."""
    command = [sys.executable, "-IS", "-c", RECALL, str(TOP), "realize", *(arguments or ["outer"])]
    environ = {**checkout.environ, "ENVMGR_STORE": str(checkout.store), **environ}
    return subprocess.run(command, cwd=checkout.top, env=environ, capture_output=True, text=True, check=False)


def at_once(checkout: Checkout, *arguments: str, **environ: str) -> str | None:
    """What is answered at once; None where there is a doubt."""
    said = recall(checkout, *arguments, **environ)
    assert said.returncode == 0 or said.stderr == "a doubt\n"
    return said.stdout or None


def object_of(checkout: Checkout, name: str) -> Path:
    (found,) = (checkout.store / "objects").glob(f"*-{name}-1")
    return found


def test_what_is_there_is_answered_without_the_index_and_in_the_same_words(outer: Checkout) -> None:
    path = object_of(outer, "outer")
    (outer.store / "db.sqlite").unlink()
    assert outer("realize", "outer") == Result(0, f"{path}\n", "")
    assert at_once(outer) == f"{path}\n"
    assert outer.fails(7, "realize", "inner")["class"] == "DamagedIndexError"


@pytest.mark.parametrize("options", [["--lock", "recipes.lock"], ["-j1", "--offline"], ["inner"]])
def test_options_and_more_names_are_questions_of_their_own(outer: Checkout, options: list[str]) -> None:
    outer("lock", "outer", "inner")
    assert at_once(outer, "outer", *options) is None
    first = outer("realize", "outer", *options)
    assert at_once(outer, "outer", *options) == first.stdout


def test_each_value_of_an_axis_has_its_own_answer(checkout: Checkout) -> None:
    checkout.recipe("sized", SIZED)
    answers = [checkout("realize", "sized", "--set", f"size={size}").stdout for size in ("small", "large")]
    assert [at_once(checkout, "sized", "--set", f"size={size}") for size in ("small", "large")] == answers
    assert len(set(answers)) == 2


@pytest.mark.parametrize("options", [["--json"], ["--json=stream"], ["--rebuild"], ["--dry-run"]])
def test_what_does_more_than_print_paths_is_always_worked_out(outer: Checkout, options: list[str]) -> None:
    outer("realize", "outer", *options)
    assert at_once(outer, "outer", *options) is None


def edit_recipe(checkout: Checkout) -> None:
    checkout.script("inner", 'echo other > "{out}/file"')


def edit_a_file_in_place(checkout: Checkout) -> None:
    """The same inode, the same size, the same time of writing."""
    file = checkout.top / "notes/deep/notes.txt"
    before = file.stat()
    with file.open("r+") as opened:
        opened.write("other")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def configure(checkout: Checkout) -> None:
    folder = Path(checkout.environ["HOME"], ".config/envmgr")
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[store]\noptimise = false\n")


def replace_by(make: Callable[[Path], object]) -> Change:
    """Put something else where the object of `inner` was."""

    def change(checkout: Checkout) -> None:
        place = object_of(checkout, "inner")
        place.rename(checkout.store / "gone")
        make(place)

    return change


CHANGES: dict[str, Change] = {
    "a recipe is edited": edit_recipe,
    "a recipe is gone": lambda checkout: (checkout.top / "recipes/inner.toml").unlink(),
    "a file of a source is edited in place": edit_a_file_in_place,
    "a file is added to a source": lambda checkout: checkout.write("notes/deep/more.txt", "more\n"),
    "the user writes a configuration": configure,
    "an object that the printed one refers to is gone": replace_by(lambda _place: None),
    "a file is in the place of an object": replace_by(Path.touch),
    "a link that leads nowhere is in the place of an object": replace_by(lambda place: place.symlink_to("nowhere")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_is_a_doubt(outer: Checkout, change: Change) -> None:
    assert at_once(outer) is not None
    change(outer)
    assert at_once(outer) is None


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _memo: b"",
    "torn": lambda memo: memo[: len(memo) // 2],
    "one bit": lambda memo: memo[:100] + bytes([memo[100] ^ 1]) + memo[101:],
    "zeros": lambda memo: bytes(len(memo)),
    "something else": lambda _memo: b"path\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_memo_is_a_doubt_and_the_next_call_mends_it(
    outer: Checkout, damage: Callable[[bytes], bytes]
) -> None:
    (memo,) = (outer.store / "memos").iterdir()
    memo.write_bytes(damage(memo.read_bytes()))
    assert at_once(outer) is None
    first = outer("realize", "outer")
    assert at_once(outer) == first.stdout


def test_other_folders_variables_and_cores_are_other_questions(outer: Checkout) -> None:
    assert at_once(outer, ENVMGR_OTHER="set") is None
    assert at_once(outer, ENVMGR_CONFIG=str(outer.top)) is None
    deeper = replace(outer, top=outer.top / "notes")
    assert at_once(deeper) is None
    cores = os.sched_getaffinity(0)
    if len(cores) > 1:
        os.sched_setaffinity(0, {min(cores)})
        try:
            assert at_once(outer) is None
        finally:
            os.sched_setaffinity(0, cores)
    assert at_once(outer) is not None


def test_a_checkout_that_comes_to_lie_nearer_is_asked(outer: Checkout) -> None:
    deeper = replace(outer, top=outer.top / "notes")
    deeper("realize", "outer")
    assert at_once(deeper) is not None
    (deeper.top / "recipes").mkdir()
    assert at_once(deeper) is None
    assert deeper.fails(3, "realize", "outer")["class"] == "UnknownNameError"


def test_a_root_of_a_lockfile_that_was_removed_comes_back(outer: Checkout) -> None:
    outer("lock", "outer", "inner")
    first = outer("realize", "outer", "--lock", "recipes.lock")
    assert at_once(outer, "outer", "--lock", "recipes.lock") == first.stdout
    (root,) = (outer.store / "roots/lockfile").iterdir()
    root.unlink()
    assert at_once(outer, "outer", "--lock", "recipes.lock") is None
    outer("realize", "outer", "--lock", "recipes.lock")
    assert root.exists()


def test_a_recipe_behind_a_link_is_the_file_that_is_read(outer: Checkout) -> None:
    recipe = outer.top / "recipes/inner.toml"
    elsewhere = outer.top / "elsewhere.toml"
    shutil.copy(recipe, elsewhere)
    recipe.unlink()
    recipe.symlink_to(elsewhere)
    assert at_once(outer) is None


def test_a_store_that_was_moved_says_where_things_lie_now(outer: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(outer.store)
    linked = outer.with_store(link)
    first = linked("realize", "outer")
    assert at_once(linked) == first.stdout
    outer.store.rename(tmp_path / "moved")
    link.unlink()
    link.symlink_to(tmp_path / "moved")
    assert linked("realize", "outer").path == tmp_path / "moved/objects" / first.path.name


def test_a_link_to_a_folder_is_an_object_that_is_there(outer: Checkout) -> None:
    place = object_of(outer, "inner")
    place.rename(outer.store / "below")
    place.symlink_to(outer.store / "below")
    assert at_once(outer) is not None


def test_what_was_just_printed_stays_and_an_answer_at_once_is_a_print_too(outer: Checkout) -> None:
    printed = outer.store / "roots/printed"
    objects = {object_of(outer, name).name for name in ("outer", "inner")}
    grow_old(printed)
    assert at_once(outer) is not None
    outer("gc")
    assert outer.objects() == objects
    grow_old(printed)
    outer("gc")
    assert outer.objects() == set()
    assert list(printed.iterdir()) == []


def grow_old(folder: Path) -> None:
    then = time.time() - PRINTED_SECONDS - 1
    for file in folder.iterdir():
        os.utime(file, (then, then))


def test_a_collection_forgets_the_answers_whatever_it_keeps(outer: Checkout) -> None:
    outer("root", "add", "outer")
    outer("gc", "--now")
    assert list((outer.store / "memos").iterdir()) == []
    assert at_once(outer) is None
    outer("realize", "outer")
    assert at_once(outer) is not None


def test_while_garbage_is_collected_nothing_is_said_at_once(outer: Checkout) -> None:
    with alone(Layout(outer.store).collector_lock, holder="this test", timeout=10):
        assert at_once(outer) is None
    assert at_once(outer) is not None


def test_an_answer_at_once_reads_next_to_no_module(outer: Checkout) -> None:
    bare = [sys.executable, "-IS", "-c", "import sys; print(*sys.modules)"]
    before = subprocess.run(bare, capture_output=True, text=True, check=True).stdout.split()
    read = set(recall(outer).stderr.split()) - set(before)
    assert read <= {"envmgr", "envmgr.places", "envmgr.realize_hot", "fcntl"}
