"""`envmgr gc`: the contract of garbage collection."""

import shutil
import signal
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

    planned = checkout("gc", "--dry-run", "--json").data
    assert [dead["store_path"] for dead in planned["objects"]] == [loose]
    assert not planned["deleted"]
    assert checkout.objects() == before

    done = checkout("gc", "--json").data
    assert done == planned | {"deleted": True}
    assert checkout.objects() == {tool, library}
    assert (checkout.store / "objects" / library / "file").read_text() == "text\n"

    checkout("root", "remove", "tool")
    assert "2 objects" in checkout("gc").stdout
    assert _left(checkout.store) == []


def test_what_a_dry_run_names_is_for_people_too(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    tool = checkout("realize", "tool").path.name
    lines = checkout("gc", "--dry-run").stdout.splitlines()
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
        checkout("gc")
        assert checkout.objects() == {library}
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
    checkout("gc")
    assert checkout.objects() == set()


def test_a_run_keeps_its_closure_until_its_folder_is_removed(library_and_tool: Checkout) -> None:
    checkout = library_and_tool
    checkout.recipe(
        "bench", "inputs.tool = 'tool'\n[[run.steps]]\nname = 'step'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    )
    record = Path(checkout("run", "bench", "--json").data["record"])
    checkout("gc")
    assert {name.partition("-")[2] for name in checkout.objects()} == {"library-1", "tool-1"}
    shutil.rmtree(record.parent)
    checkout("gc")
    assert checkout.objects() == set()


def test_there_is_nothing_to_collect_where_there_is_no_store(checkout: Checkout) -> None:
    assert checkout("gc").stdout == "0 objects, 0.0 MB freed\n"


def _left(store: Path) -> list[str]:
    """The files that are left in a store, but for its index, its locks and remembered answers."""
    kept = {"db.sqlite", "locks", "answers"}
    return [str(file) for top in store.iterdir() if top.name not in kept for file in top.rglob("*") if file.is_file()]
