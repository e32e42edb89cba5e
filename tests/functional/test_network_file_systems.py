"""Stores on file systems that more hosts than this one may write to: locks are proved, or the store is refused."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout
from tests.functional.test_doctor import finding
from tests.odd_file_system import Fault, mounted

SHARED = "fuse.glusterfs"
"""A kind whose locks are known to hold between hosts, if they hold at all."""
UNKNOWN = "fuse.sshfs"
"""A kind of which nobody knows."""
BROKEN: dict[Fault, str] = {
    "flock refused": "can't be locked by flock",
    "flock granted": "another one can lock, too",
    "flock orphaned": "killed is not freed",
    "fcntl refused": "SQLite can't lock",
    "fcntl granted": "SQLite lets two processes write",
    "rename": "can't be replaced",
}

Mount = Callable[[str, Fault], Checkout]


@pytest.fixture
def mount(checkout: Checkout, tmp_path: Path) -> Iterator[Mount]:
    """Put the store on a file system of a kind, with a fault; skip where nothing can be mounted."""
    with ExitStack() as stack:

        def mount(kind: str, fault: Fault) -> Checkout:
            for folder in (tmp_path / "below", checkout.store):
                folder.mkdir()
            why = stack.enter_context(mounted(tmp_path / "below", checkout.store, kind=kind, fault=fault))
            if why:
                pytest.skip(why)
            artifact(checkout, "tool", {"bin/tool": "echo tool"})
            return checkout

        yield mount


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_system_on_which_locks_do_not_hold_is_refused(mount: Mount, fault: Fault) -> None:
    checkout = mount(SHARED, fault)
    error = checkout.fails(12, "realize", "tool")
    assert error["class"] == "LocksFailError"
    assert (SHARED in error["message"], BROKEN[fault] in error["message"]) == (True, True)
    assert checkout.objects() == set()


def test_where_locks_hold_the_store_is_as_any_other(mount: Mount) -> None:
    checkout = mount(SHARED, "none")
    assert checkout("exec", "tool", "--", "tool").stdout == "tool\n"
    assert checkout("verify", "--json").data == {"objects": 2, "damages": [], "runs": [], "proved": []}
    checkout("verify", "--rebuild-db")
    assert len(checkout("gc", "--json").data["objects"]) == 2


def test_what_was_proved_is_not_asked_again(mount: Mount, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here")
    checkout = mount(SHARED, "none")
    said = [_programs(checkout, tmp_path / name) for name in ("first", "second")]
    assert ["witness.py" in text for text in said] == [True, False]


def test_a_kind_of_which_nobody_knows_needs_the_users_word(mount: Mount, tmp_path: Path) -> None:
    checkout = mount(UNKNOWN, "none")
    for arguments in (["realize", "tool"], ["verify", "--rebuild-db"]):
        error = checkout.fails(12, *arguments)
        assert (error["class"], UNKNOWN in error["message"]) == ("LocksUnsureError", True)
        assert "trust_locks = true" in error["fix"]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[store]\ntrust_locks = true\n")
    assert checkout("realize", "tool", ENVMGR_CONFIG=str(tmp_path / "config")).path.is_dir()


def test_a_word_does_not_help_where_locks_fail_here_already(mount: Mount, tmp_path: Path) -> None:
    checkout = mount(UNKNOWN, "flock granted")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[store]\ntrust_locks = true\n")
    error = checkout.fails(12, "realize", "tool", ENVMGR_CONFIG=str(tmp_path / "config"))
    assert error["class"] == "LocksFailError"


def test_doctor_says_what_it_found(mount: Mount) -> None:
    checkout = mount(SHARED, "flock refused")
    found = finding(checkout("doctor", "--json", expect=12), "file system")
    assert (found["ok"], SHARED in found["found"], "flock" in found["found"]) == (False, True, True)


def test_doctor_takes_a_local_one_as_it_is(checkout: Checkout) -> None:
    assert "local" in finding(checkout("doctor", "--json", expect=None), "file system")["found"]


def _programs(checkout: Checkout, log: Path) -> str:
    """The programs that a `list` of the roots starts, as strace sees them."""
    tool = shutil.which("strace") or ""
    command = [tool, "-f", "-e", "trace=execve", "-s", "500", "-o", str(log), *checkout.command("root", "list")]
    environ = {**checkout.environ, "ENVMGR_STORE": str(checkout.store)}
    subprocess.run(command, cwd=checkout.top, env=environ, check=True, capture_output=True)
    return log.read_text()
