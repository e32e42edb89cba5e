"""What Landlock holds of an action, on this kernel and on older ones, and what a host without it is told."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.builders import landlock
from envmgr.builders.action import BUILD_PLACE, STORE_PLACE, Executor, Exited
from envmgr.builders.bare_host import bare_host
from envmgr.builders.confined import Confined
from envmgr.builders.interpreter import interpreter
from envmgr.builders.policy import Policy
from envmgr.builders.sandbox import Confinement, ConfinementRefusedError, probe_landlock
from tests.unit.builders.box import ABI, Box
from tests.unit.builders.conftest import executor_or_skip

REFUSED = "PermissionError"
KNOWN_SIGNALS = 2**31 - 1
"""Those that have names; the two after them are the C library's own."""


@pytest.fixture
def confined() -> Executor:
    return executor_or_skip("confined")


@pytest.fixture
def box(confined: Executor, tmp_path: Path) -> Box:
    return Box(confined, tmp_path)


def attempt(statement: str) -> str:
    """A program that tries something, and prints `done` or the error's class."""
    lines = ("import os, socket", "try:", f"    {statement}", "    print('done')")
    return "\n".join([*lines, "except OSError as error:", "    print(type(error).__name__)"])


def test_an_input_can_be_read_and_run_but_not_changed_and_what_lies_beside_it_is_shut(box: Box, tmp_path: Path) -> None:
    for name in ("lent", "beside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "program").write_text(f"#!/bin/sh\necho {name}\n")
        (tmp_path / name / "program").chmod(0o755)
    script = (
        f"cd {tmp_path}/lent; ./program; read -r line < program && echo $line\n"
        "echo x 2>/dev/null >> program || echo unchanged\n"
        f"read -r line 2>/dev/null < {tmp_path}/beside/program || echo unread\n"
        f"{tmp_path}/beside/program 2>/dev/null || echo not run"
    )
    action = replace(box.action(script), readable={f"{STORE_PLACE}/a": tmp_path / "lent"})
    assert box.said(action).splitlines() == ["lent", "#!/bin/sh", "unchanged", "unread", "not run"]


def test_a_file_moves_from_one_writable_folder_to_another(box: Box, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    program = f"import os; open('{tmp_path}/build/new', 'w').close(); os.rename('{tmp_path}/build/new', 'moved')"
    action = box.python(program)
    box.said(replace(action, writable={**action.writable, BUILD_PLACE: tmp_path / "build"}))
    assert (box.out / "moved").exists()


def test_its_temporary_folder_is_its_own_and_empty(box: Box) -> None:
    program = "import os, tempfile; print(os.listdir(os.environ['HOME'])); tempfile.TemporaryFile().write(b'x')"
    assert box.said(box.python(program)) == "[]\n"


def test_what_the_host_installed_into_its_interpreter_is_shut(box: Box) -> None:
    found = interpreter(ABI)
    library = next(path for place, path in found.readable.items() if place.endswith(found.library_name))
    file = next((file for folder in found.hidden for file in (library / Path(folder).name).rglob("*.py")), None)
    if file is None:
        pytest.skip("this interpreter's library holds nothing that is to be hidden")
    assert box.said(box.python(attempt(f"open({str(file)!r})"))) == f"{REFUSED}\n"


@pytest.mark.parametrize("policy", ["confined", "none"])
def test_an_interpreter_brings_its_library_and_looks_for_packages_nowhere(policy: Policy, tmp_path: Path) -> None:
    box = Box(executor_or_skip(policy), tmp_path)
    program = "import ssl, sqlite3, ctypes, sys; print([place for place in sys.path if place.endswith('-packages')])"
    assert box.said(box.python(program)) == "[]\n"


@pytest.mark.parametrize("policy", ["required", "confined"])
def test_nothing_privileged_is_left_and_nothing_can_be_gained(policy: Policy, tmp_path: Path) -> None:
    box = Box(executor_or_skip(policy), tmp_path)
    keep = 'case $name in CapEff:|CapPrm:|CapBnd:|CapInh:|NoNewPrivs:) echo "$name $value";; esac'
    said = box.said(box.action(f"while read -r name value; do {keep}; done < /proc/$$/status"))
    assert set(said.splitlines()) == {
        *(f"Cap{which}: {0:016x}" for which in ("Eff", "Prm", "Bnd", "Inh")),
        "NoNewPrivs: 1",
    }


def test_no_signal_is_ignored_beforehand(any_executor: Executor, tmp_path: Path) -> None:
    box = Box(any_executor, tmp_path)
    keep = "case $name in SigIgn:) echo $value;; esac"
    said = box.said(box.action(f"while read -r name value; do {keep}; done < /proc/$$/status"))
    assert int(said, 16) & KNOWN_SIGNALS == 0


FAMILIES = """
import errno, os, socket
for family in range(64):
    try:
        socket.socket(family, socket.SOCK_RAW if family == socket.AF_PACKET else socket.SOCK_DGRAM).close()
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EPERM):
            continue
    print(family)
"""


@pytest.mark.parametrize(("policy", "families"), [("required", {1, 2, 10, 16}), ("confined", {1})])
def test_no_sockets_are_to_be_had_that_lead_elsewhere(policy: Policy, families: set[int], tmp_path: Path) -> None:
    """1 is for files and names on this machine; 2, 10 and 16 are the network, where it is the box's own."""
    box = Box(executor_or_skip(policy), tmp_path)
    assert {1} <= set(map(int, box.said(box.python(FAMILIES)).split())) <= families
    pair = "import socket; one, other = socket.socketpair(); one.send(b'x'); print(other.recv(1))"
    (tmp_path / "log").unlink()
    assert box.said(box.python(pair)) == "b'x'\n"


@pytest.mark.parametrize("policy", ["required", "confined"])
def test_no_ring_of_calls_is_to_be_had(policy: Policy, tmp_path: Path) -> None:
    box = Box(executor_or_skip(policy), tmp_path)
    program = "import ctypes; libc = ctypes.CDLL(None, use_errno=True); libc.syscall(425, 1, bytes(120))"
    assert box.said(box.python(f"{program}; print(ctypes.get_errno())")) == f"{errno.ENOSYS}\n"


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6])
def test_an_older_kernel_holds_what_it_can_and_says_what_it_cannot(
    confined: Executor, tmp_path: Path, version: int
) -> None:
    if version > probe_landlock().version:
        pytest.skip(f"this kernel's Landlock is older: {probe_landlock().version}")
    box = Box(Confined(bare_host(), version), tmp_path)
    (tmp_path / "outside").write_text("kept")
    tries = {
        "files": f"open('{tmp_path}/outside', 'a')",
        "emptying files": f"os.truncate('{tmp_path}/outside', 4)",
        "signals": f"os.kill({os.getpid()}, 0)",
    }
    said = box.said(box.python("\n".join(attempt(statement) for statement in tries.values())))
    open_here = {what for what, word in zip(tries, said.split(), strict=True) if word == "done"}
    assert open_here == set(landlock.left_open(version)) & set(tries)


def test_a_path_that_is_not_there_fails_the_action_and_is_named(box: Box, tmp_path: Path) -> None:
    action = replace(box.action(""), readable={"/envmgr/store/a": tmp_path / "gone"})
    assert box.runner.run(action, box.log) == Exited(1)
    assert f"{tmp_path}/gone" in box.log.read_text()


def test_a_refusal_names_the_reason_and_the_remedy() -> None:
    refused = ConfinementRefusedError(Confinement(0, "no Landlock", "another kernel"))
    assert (refused.reason, refused.remedy, refused.exit_code) == ("no Landlock", "another kernel", 12)
    assert "another kernel" in refused.fix
