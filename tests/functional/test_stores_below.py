"""Stores of others below the user's own: used in place, and never written."""

import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout
from tests.functional.test_doctor import finding

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounting and giving files away are root's")
NOBODY = 65534
"""The user `nobody` of every Linux."""
TEXT = "what the library says\n"


@dataclass(frozen=True)
class Stores:
    """A checkout with the user's own store, and another one of it with the store below."""

    mine: Checkout
    theirs: Checkout

    @property
    def below(self) -> Path:
        """The store below."""
        return self.theirs.store

    def objects(self) -> dict[str, bool]:
        """The objects of the own store by what people call them, and whether they are links."""
        found = (self.mine.store / "objects").glob("*")
        return {path.name.partition("-")[2]: path.is_symlink() for path in found}


@pytest.fixture
def stores(checkout: Checkout, tmp_path: Path) -> Stores:
    """Recipes `library`, `tool` that refers to it, and `mine`, which the store below does not have."""
    artifact(checkout, "library", {"words": TEXT})
    checkout.script("tool", 'echo "cat {library.name}" > "{out}/uses"', head="[inputs]\nlibrary = 'library'")
    build = ("read said < {library}/words", 'echo "$said {tool.name}" > "{out}/said"')
    checkout.script("mine", *build, head="[inputs]\ntool = 'tool'\nlibrary = 'library'")
    theirs = checkout.with_store(tmp_path / "shared")
    theirs("realize", "tool")
    environ = {**checkout.environ, "ENVMGR_BELOW": str(theirs.store)}
    return Stores(replace(checkout, environ=environ), theirs)


def state(folder: Path) -> dict[Path, os.stat_result]:
    """Every file below a folder with what is known of it, but for when it was read."""
    found = {path: path.lstat() for path in [folder, *folder.rglob("*")]}
    return {path: os.stat_result((*tuple(s)[:7], 0, *tuple(s)[8:])) for path, s in found.items()}


def make_damaged(tree: Path) -> None:
    """Change a byte of an object."""
    (file,) = (path for path in tree.rglob("*") if path.is_file())
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().swapcase())


def remove(tree: Path) -> None:
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)
    shutil.rmtree(tree)


def test_what_is_below_is_used_in_place_and_nothing_is_written_there(stores: Stores) -> None:
    before = state(stores.below)
    result = stores.mine("realize", "tool")
    assert (result.built, result.fetched) == ([], [])
    assert result.path.parent == stores.mine.store / "objects"
    assert (result.path / "uses").is_file()
    assert stores.objects() == {"tool-1": True, "library-1": True}
    assert stores.mine("verify", "--json").data == {"objects": 2, "damages": [], "runs": [], "proved": []}
    assert state(stores.below) == before


@pytest.mark.parametrize("sandbox", ["preferred", "none"])
def test_builds_use_linked_objects_and_refer_to_them(stores: Stores, sandbox: str) -> None:
    result = stores.mine("realize", "mine", "--sandbox", sandbox)
    assert result.built == ["mine-1"]
    assert (result.path / "said").read_text().startswith(TEXT.strip())
    assert stores.objects() == {"mine-1": False, "tool-1": True, "library-1": True}
    assert len(stores.mine("show", result.path.name, "--json").data["closure"]) == 3


@root_only
def test_a_store_on_a_read_only_file_system_serves(stores: Stores) -> None:
    mount = ["mount", "--bind", "-o", "ro", str(stores.below), str(stores.below)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        stores.mine("realize", "mine")
    finally:
        subprocess.run(["umount", "--lazy", str(stores.below)], check=True)
    assert stores.objects() == {"mine-1": False, "tool-1": True, "library-1": True}


def test_a_dry_run_says_what_is_there_and_links_nothing(stores: Stores) -> None:
    data = stores.mine("realize", "mine", "--dry-run", "--json").data
    assert (data["present"], data["build"]) == (2, ["mine-1"])
    assert stores.objects() == {}


def test_garbage_collection_drops_links_and_frees_nothing(stores: Stores) -> None:
    stores.mine("realize", "tool")
    before = state(stores.below)
    data = stores.mine("gc", "--json", "--now").data
    assert (len(data["objects"]), data["bytes"]) == (2, 0)
    assert stores.objects() == {}
    assert state(stores.below) == before


def test_when_the_store_below_goes_away_all_is_built_and_the_place_is_named(stores: Stores, tmp_path: Path) -> None:
    stores.mine("realize", "tool")
    stores.below.rename(tmp_path / "moved")
    result = stores.mine("realize", "tool")
    assert (result.built, result.fetched) == (["library-1", "tool-1"], ["library-0"])
    assert str(stores.below) in result.stderr
    assert stores.objects() == {"tool-1": False, "library-1": False, "library-0": False}


def test_when_it_moves_the_links_follow(stores: Stores, tmp_path: Path) -> None:
    stores.mine("realize", "tool")
    moved = stores.below.rename(tmp_path / "moved")
    result = stores.mine("--below", str(moved), "realize", "tool")
    assert (result.built, (result.path / "uses").is_file()) == ([], True)


def test_what_is_collected_below_is_noticed_in_whatever_refers_to_it(stores: Stores) -> None:
    tool = stores.mine("realize", "tool").path
    (library,) = (stores.below / "objects").glob("*-library-1")
    remove(library)
    assert tool.is_dir()
    result = stores.mine("realize", "tool", ENVMGR_BELOW="")
    assert result.built == ["library-1"]
    assert stores.objects() == {"tool-1": True, "library-1": False, "library-0": False}


def test_stores_are_asked_in_their_order_and_one_may_have_what_another_lacks(stores: Stores, tmp_path: Path) -> None:
    other = stores.theirs.with_store(tmp_path / "other")
    other("realize", "mine", "tool")
    both = f"{stores.below}{os.pathsep}{other.store}"
    path = stores.mine("realize", "tool", ENVMGR_BELOW=both).path
    assert path.resolve().is_relative_to(stores.below)
    path = stores.mine("realize", "mine", ENVMGR_BELOW=both).path
    assert path.resolve().is_relative_to(other.store)


def test_a_store_below_a_store_below_is_reached(stores: Stores, tmp_path: Path) -> None:
    middle = stores.mine.with_store(tmp_path / "middle")
    middle("realize", "mine")
    stores.mine("realize", "mine", ENVMGR_BELOW=str(middle.store))
    assert stores.objects() == {"mine-1": True, "tool-1": True, "library-1": True}
    assert stores.mine("verify", "--json").data == {"objects": 3, "damages": [], "runs": [], "proved": []}


def test_the_configuration_names_stores_for_all_commands(stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(f'[stores]\nbelow = ["{stores.below}"]\n')
    result = stores.mine("exec", "tool", "--", "true", ENVMGR_BELOW="", ENVMGR_CONFIG=str(tmp_path / "config"))
    assert (result.built, stores.objects()["tool-1"]) == ([], True)


@pytest.mark.parametrize("kind", ["missing", "newer", "damaged", "a name that cannot be"])
def test_a_store_that_cannot_be_used_is_said_and_left_alone(stores: Stores, kind: str, tmp_path: Path) -> None:
    below = stores.below
    if kind == "missing":
        below = tmp_path / "missing"
    elif kind == "a name that cannot be":
        below = tmp_path / ("x" * 300)
    elif kind == "newer":
        with sqlite3.connect(below / "db.sqlite") as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        for file in (below / "records").iterdir():
            file.write_text("{}")
    result = stores.mine("--below", str(below), "realize", "tool")
    assert result.built == ["library-1", "tool-1"]
    assert f"store {below} is left alone" in result.stderr


@root_only
@pytest.mark.parametrize("readable", [True, False])
def test_a_store_of_another_user_is_used_if_it_may_be_read(stores: Stores, *, readable: bool) -> None:
    for path in [stores.below, *stores.below.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    stores.below.chmod(0o755 if readable else 0o700)
    powers = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"]
    call = ["setpriv", *powers, *stores.mine.command("realize", "library")]
    environ = {**stores.mine.environ, "ENVMGR_STORE": str(stores.mine.store)}
    said = subprocess.run(call, cwd=stores.mine.top, env=environ, check=True, capture_output=True, text=True).stderr
    assert stores.objects()["library-1"] is readable
    assert ("left alone: Permission denied" in said) is not readable


def test_doctor_looks_at_the_stores_below(stores: Stores, tmp_path: Path) -> None:
    for root, ok in ((stores.below, True), (tmp_path / "missing", False)):
        found = finding(stores.mine("--below", str(root), "doctor", "--json", expect=None), "store below")
        assert found["ok"] is ok


@pytest.mark.parametrize("index", ["missing", "older"])
def test_a_store_whose_index_cannot_be_used_is_read_by_its_files(stores: Stores, index: str) -> None:
    if index == "missing":
        (stores.below / "db.sqlite").unlink()
    else:
        with sqlite3.connect(stores.below / "db.sqlite") as connection:
            connection.execute("PRAGMA user_version = 1")
        connection.close()
    result = stores.mine("realize", "tool")
    assert (result.built, stores.objects()) == ([], {"tool-1": True, "library-1": True})
    assert "its files are read instead" in result.stderr


def test_what_comes_from_below_must_be_what_the_lockfile_pins(stores: Stores) -> None:
    stores.theirs("lock", "tool")
    lock = stores.theirs.top / "recipes.lock"
    (tool,) = (line for line in lock.read_text().splitlines() if line.startswith("store_path") and "-tool-" in line)
    lock.write_text(lock.read_text().replace(tool, tool.replace(tool[14:18], "aaaa")))
    error = stores.mine.fails(4, "realize", "tool", "--lock", "recipes.lock")
    assert error["class"] == "OutputMismatchError"
    assert stores.objects()["tool-1"] is False


def test_no_object_of_mine_may_name_the_place_of_the_store_below(stores: Stores) -> None:
    stores.mine("realize", "library")
    leak = 'echo "{library} $(cd {library} && pwd -P)" > "{out}/leak"'
    stores.mine.script("leak", leak, head="[inputs]\nlibrary = 'library'")
    error = stores.mine.fails(5, "realize", "leak", "--sandbox", "none")
    assert (error["class"], str(stores.below / "objects") in error["message"]) == ("LocationLeakError", True)


def test_verify_names_the_place_of_what_is_damaged_below(stores: Stores) -> None:
    stores.mine("realize", "tool")
    (library,) = (stores.below / "objects").glob("*-library-1")
    make_damaged(library)
    (damage,) = stores.mine("verify", "--json", expect=7).data["damages"]
    assert (damage["store_path"], str(library) in damage["what"]) == (library.name, True)


def test_an_index_made_again_knows_the_links(stores: Stores) -> None:
    stores.mine("realize", "mine")
    assert stores.mine("verify", "--rebuild-db", "--json").data["objects"] == 3
    assert stores.mine("realize", "mine", "tool").built == []


def test_detached_objects_need_no_other_store(stores: Stores, tmp_path: Path) -> None:
    stores.mine("realize", "mine")
    data = stores.mine("detach", "tool", "--json").data
    assert {path.partition("-")[2] for path in data["objects"]} == {"tool-1", "library-1"}
    stores.below.rename(tmp_path / "moved")
    assert stores.objects() == {"mine-1": False, "tool-1": False, "library-1": False}
    assert stores.mine("verify", "--json").data == {"objects": 3, "damages": [], "runs": [], "proved": []}
    assert stores.mine("detach", "--json").data == {"objects": [], "bytes": 0}


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_what_is_not_whole_below_is_not_detached(stores: Stores, how: str) -> None:
    stores.mine("realize", "library")
    (library,) = (stores.below / "objects").glob("*-library-1")
    (remove if how == "gone" else make_damaged)(library)
    error = stores.mine.fails(7, "detach")
    assert (error["class"], error["where"]) == ("NotLentError", str(library))
    assert stores.objects() == {"library-1": True}


def test_a_closure_with_links_is_exported_whole(stores: Stores, tmp_path: Path) -> None:
    stores.mine("export", "mine", "-o", str(tmp_path / "file"))
    far = stores.theirs.with_store(tmp_path / "far")
    assert len(far("import", str(tmp_path / "file"), "--json").data["new"]) == 3
    assert not any(path.is_symlink() for path in (far.store / "objects").iterdir())


def test_an_out_link_keeps_a_linked_object(stores: Stores, tmp_path: Path) -> None:
    stores.mine("realize", "tool", "--out-link", str(tmp_path / "result"))
    assert stores.mine("gc", "--json", "--now").data["objects"] == []
    (tmp_path / "result").unlink()
    assert len(stores.mine("gc", "--json", "--now").data["objects"]) == 2


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_repair_puts_a_whole_object_in_place_of_the_link_and_leaves_the_other_store_alone(
    stores: Stores, how: str
) -> None:
    stores.mine("realize", "tool")
    (library,) = (stores.below / "objects").glob("*-library-1")
    (remove if how == "gone" else make_damaged)(library)
    before = state(stores.below)
    stores.mine("verify", "--repair")
    assert stores.objects() == {"tool-1": True, "library-1": False, "library-0": True}
    assert stores.mine("verify", "--json").data["damages"] == []
    assert state(stores.below) == before
