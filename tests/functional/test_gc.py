"""`envmgr gc`: the contract of garbage collection."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout


@pytest.fixture
def library_and_tool(checkout: Checkout) -> Checkout:
    """A checkout with `library`, `tool`, which refers to it, and `loose`, which nothing refers to."""
    checkout.script("library", 'echo text > "{out}/file"')
    checkout.script("tool", 'echo "{library.name}" > "{out}/uses"', head="inputs.library = 'library'")
    checkout.recipe("loose", "[build]\nbuilder = 'tree'\nsettings.texts = { loose = 'loose' }\n")
    return checkout


def test_a_root_keeps_its_closure_and_without_roots_nothing_stays(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    checkout("root", "add", "tool")
    tool = checkout("realize", "tool").path.name
    library = checkout("realize", "library").path.name
    loose = checkout("realize", "loose").path.name
    before = checkout.objects()
    assert before == {tool, library, loose}

    planned = checkout("gc", "--now", "--dry-run", "--json").data
    assert [dead["store_path"] for dead in planned["objects"]] == [loose]
    assert not planned["deleted"]
    assert checkout.objects() == before

    done = checkout("gc", "--now", "--json").data
    assert done == planned | {"deleted": True}
    assert checkout.objects() == {tool, library}
    assert (checkout.store / "objects" / library / "file").read_text() == "text\n"

    checkout("root", "remove", "tool")
    assert "2 objects" in checkout("gc", "--now").stdout
    assert _left(checkout.store) == []


def test_what_a_dry_run_names_is_for_people_too(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    tool = checkout("realize", "tool").path.name
    lines = checkout("gc", "--now", "--dry-run").stdout.splitlines()
    assert lines[0].startswith(tool)
    assert lines[0].endswith("no root keeps it")
    assert lines[1].endswith(f"named only by {tool}")
    assert lines[-1].endswith("would be freed")


def test_what_a_running_command_uses_stays(library_and_tool: Checkout, sandboxed: None) -> None:
    checkout = library_and_tool
    library = checkout("realize", "library").path.name
    checkout.script("endless", "kill -STOP $$", head="inputs.library = 'library'")
    with checkout.start("realize", "endless") as process:
        assert process.stderr
        next(line for line in process.stderr if "build endless-1" in line)
        checkout("gc", "--now")
        assert checkout.objects() == {library}
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
    checkout("gc", "--now")
    assert checkout.objects() == set()


def test_a_lockfile_keeps_all_that_its_uses_came_to_until_it_pins_something_else(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    checkout("lock", "tool", "loose", "library")
    uses = [checkout("realize", name, "--lock", "recipes.lock").path.name for name in ("tool", "loose", "library")]
    assert checkout("realize", "loose", "--lock", "recipes.lock").path.name == uses[1]
    checkout("gc", "--now")
    assert checkout.objects() == set(uses)
    checkout.recipe("loose", "[build]\nbuilder = 'tree'\nsettings.texts = { loose = 'otherwise' }\n")
    checkout("lock", "loose")
    uses[1] = checkout("realize", "loose", "--lock", "recipes.lock").path.name
    checkout("gc", "--now")
    assert checkout.objects() == set(uses)


def test_a_run_keeps_its_closure_until_its_folder_is_removed(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    checkout.recipe(
        "bench", "inputs.tool = 'tool'\n[[run.steps]]\nname = 'step'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    )
    record = Path(checkout("run", "bench", "--json").data["record"])
    checkout("gc", "--now")
    assert {name.partition("-")[2] for name in checkout.objects()} == {"library-1", "tool-1"}
    shutil.rmtree(record.parent)
    checkout("gc", "--now")
    assert checkout.objects() == set()


def test_of_each_name_the_last_ones_that_were_used_can_be_kept(checkout: Checkout) -> None:
    paths = [version(checkout, name, number) for number in range(3) for name in ("words", "other")]
    assert checkout("realize", "words").path == paths[4]
    version(checkout, "words", 0)  # used again
    checkout("gc", "--now", "--keep-last", "2")
    kept = {path.name for path in paths if path.exists()}
    assert kept == {path.name for path in (paths[0], paths[3], paths[4], paths[5])}


def test_only_what_was_not_used_for_long_can_be_deleted(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    tool, loose = checkout("realize", "tool").path, checkout("realize", "loose").path
    library = checkout("realize", "library").path
    age(checkout, loose, 40)
    age(checkout, library, 50)
    assert checkout("gc", "--older-than", "41d", "--json").data["objects"] == []
    checkout("gc", "--older-than", "30d")
    assert checkout.objects() == {tool.name, library.name}  # the tool refers to the library, so that was used, too
    age(checkout, tool, 31)
    checkout("gc", "--older-than", "30d")
    assert checkout.objects() == set()


def test_what_was_not_used_for_longest_goes_until_so_much_was_freed(checkout: Checkout) -> None:
    paths = [version(checkout, f"n{number}", number, kilobytes=100) for number in range(4)]
    for path, days in zip(paths, (1, 4, 2, 3), strict=True):
        age(checkout, path, days)
    assert checkout("gc", "--max-free", "150kB", "--json").data["bytes"] == 200_000
    assert checkout.objects() == {paths[0].name, paths[2].name}


def test_what_was_not_used_for_longest_goes_until_the_store_is_small_enough(checkout: Checkout) -> None:
    paths = [version(checkout, f"n{number}", number, kilobytes=100) for number in range(4)]
    for path, days in zip(paths, (1, 4, 2, 3), strict=True):
        age(checkout, path, days)
    checkout("root", "add", "n1")
    age(checkout, paths[1], 4)
    assert checkout("gc", "--max-size", "400 kB", "--json").data["objects"] == []
    planned = checkout("gc", "--max-size", "0.2MB", "--dry-run", "--json").data
    assert [dead["store_path"] for dead in planned["objects"]] == [paths[3].name, paths[2].name]
    checkout("gc", "--max-size", "0.2MB")
    assert checkout.objects() == {paths[0].name, paths[1].name}
    checkout("gc", "--max-size", "0")
    assert checkout.objects() == {paths[1].name}


def test_all_that_is_said_must_allow_that_something_goes(checkout: Checkout) -> None:
    paths = [version(checkout, "words", number) for number in range(3)]
    for path, days in zip(paths, (50, 40, 1), strict=True):
        age(checkout, path, days)
    checkout("gc", "--older-than", "30d", "--keep-last", "2")
    assert [path.exists() for path in paths] == [False, True, True]


@pytest.mark.parametrize("option", [("--max-size", "many"), ("--max-free", "20XB"), ("--older-than", "-3d")])
def test_what_is_no_size_or_age_is_refused(checkout: Checkout, option: tuple[str, str]) -> None:
    error = checkout.fails(2, "gc", *option)
    assert option[1] in error["message"]
    assert "such as" in error["fix"]


def test_collections_one_after_the_other_take_nothing_from_a_realize_beside_them(checkout: Checkout) -> None:
    names = [f"n{number}" for number in range(8)]
    for before, name in zip(["", *names], names, strict=False):
        head = f"inputs.before = '{before}'" if before else ""
        checkout.script(name, 'echo "{before.name}" > "{out}/uses"' if before else 'echo > "{out}/uses"', head=head)
    with checkout.start("realize", names[-1]) as process:
        while process.poll() is None:
            checkout("gc")
        stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert Path(stdout.strip()).name.endswith("-n7-1")
    assert checkout("verify", "--json").data["damages"] == []


def test_there_is_nothing_to_collect_where_there_is_no_store(checkout: Checkout) -> None:
    assert checkout("gc", "--now").stdout == "0 objects, 0.0 MB freed\n"


def version(checkout: Checkout, name: str, number: int, *, kilobytes: int = 0) -> Path:
    """Realise a recipe of that name which says that number; its size is that of its one file."""
    text = str(number) + "." * (1000 * kilobytes - 1)
    checkout.recipe(name, f"[build]\nbuilder = 'tree'\nsettings.texts = {{ text = '{text}' }}\n")
    return checkout("realize", name).path


def age(checkout: Checkout, path: Path, days: float) -> None:
    """Let it be so long since an object was used, and printed."""
    then = time.time() - 86400 * days
    printed = [root for root in (checkout.store / "roots/printed").iterdir() if path.name in root.read_text()]
    for file in (checkout.store / "records" / path.name, *printed):
        os.utime(file, (then, then))


def _left(store: Path) -> list[str]:
    """The files that are left in a store, but for its index and its locks."""
    kept = {"db.sqlite", "locks"}
    return [str(file) for top in store.iterdir() if top.name not in kept for file in top.rglob("*") if file.is_file()]
