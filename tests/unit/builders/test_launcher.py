"""Who starts boxes: what they are shown, and that none outlives the envmgr that ordered it."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from envmgr.builders.action import STORE_PLACE, Executor
from envmgr.builders.launcher import LauncherGoneError, Launchers

from .box import Box

HANGS = "kill -STOP $$"
"""A shell that does this waits for ever, and uses no processor meanwhile."""


def processes_with(word: str) -> set[int]:
    """The processes of this machine that have a word on their command line."""
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            if word.encode() in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[1])


def wait_for(word: str, count: int) -> set[int]:
    """Return when so many processes have the word; what hangs is ended by the clock of the test run."""
    while len(found := processes_with(word)) != count:
        Event().wait(0.01)
    return found


KILLED = """
import os, sys, threading
from pathlib import Path
from envmgr.builders.action import Action
from envmgr.builders.launcher import Launcher
from envmgr.builders.sandbox import executor

class Last(Launcher):
    def start(self, order, output):
        ordered = super().start(order, output)
        os.kill(os.getpid(), 9)

runner, word = executor("required"), sys.argv[1]
action = Action(("/bin/sh", "-c", ": " + word + "; kill -STOP $$"), {}, {}, {}, "/", 60, 1000)
runner._launchers._by_limit[1001] = Last(1001)
runner.run(action, Path(sys.argv[2]))
"""


@pytest.mark.usefixtures("sandbox")
def test_a_box_ends_with_the_process_that_was_killed_as_it_ordered_it(tmp_path: Path) -> None:
    word = f"word-{uuid4()}"
    for number in range(5):
        command = [sys.executable, "-c", KILLED, word, str(tmp_path / f"log-{number}")]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    wait_for(word, 0)


def test_a_launcher_that_was_killed_is_said_to_be_gone_and_takes_its_boxes_along(
    sandbox: Executor, tmp_path: Path
) -> None:
    box, word = Box(sandbox, tmp_path), f"word-{uuid4()}"

    def killed(_line: str) -> None:
        above = ancestors(max(processes_with(word)))
        launcher = next(process for process in above if "builders.launch" in text(process))
        os.kill(launcher, signal.SIGKILL)

    with pytest.raises(LauncherGoneError):
        sandbox.run(box.action(f": {word}; echo up; {HANGS}"), box.log, killed)
    wait_for(word, 0)
    assert box.said(box.action("echo again")) == "up\nagain\n"


def ancestors(process: int) -> list[int]:
    found = []
    while process > 1:
        process = parent(process)
        found.append(process)
    return found


def text(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def test_every_object_of_a_large_closure_is_seen_and_nothing_else_of_the_store(
    sandbox: Executor, tmp_path: Path
) -> None:
    box, store = Box(sandbox, tmp_path), tmp_path / "store"
    for number in range(302):
        (store / f"object-{number}").mkdir(parents=True)
        (store / f"object-{number}" / "file").write_text(str(number))
    readable = {f"{STORE_PLACE}/object-{number}": store / f"object-{number}" for number in range(300)}
    script = f'sum=0; for file in {STORE_PLACE}/*/file; do read -r n < "$file" || :; sum=$((sum + n)); done; echo $sum'
    assert box.said(replace(box.action(script), readable=readable)) == f"{sum(range(300))}\n"


def test_what_one_box_was_shown_is_not_there_for_the_next(sandbox: Executor, tmp_path: Path) -> None:
    box = Box(sandbox, tmp_path)
    (tmp_path / "object").mkdir()
    place = f"{STORE_PLACE}/object"
    box.said(replace(box.action(f"cd {place}"), readable={place: tmp_path / "object"}))
    assert box.said(box.action("echo /envmgr/*")) == "/envmgr/out\n"


def test_what_is_to_be_lent_and_is_not_there_fails_with_its_name(sandbox: Executor, tmp_path: Path) -> None:
    box = Box(sandbox, tmp_path)
    action = replace(box.action(":"), readable={f"{STORE_PLACE}/absent": tmp_path / "absent"})
    sandbox.run(action, box.log)
    assert "could not be started" in box.log.read_text()
    assert box.said(box.action("echo /envmgr/*")).endswith("/envmgr/out\n")


REFUSED = """
import ctypes, struct, sys
from dataclasses import replace
from pathlib import Path
program = b"".join(struct.pack("<HBBI", *line) for line in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 442), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7FFF0000)
))
code = ctypes.create_string_buffer(program)
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, ctypes.c_char_p(struct.pack("<H6xQ", 4, ctypes.addressof(code))), 0, 0) == 0
from envmgr.builders.action import STORE_PLACE
from envmgr.builders.sandbox import executor
from tests.unit.builders.box import Box
folder = Path(sys.argv[1])
(folder / "object").mkdir()
(folder / "object" / "file").write_text("seen")
box = Box(executor("required"), folder)
place = f"{STORE_PLACE}/object"
action = box.python(f"print(open('{place}/file').read()); open('{place}/other', 'w')")
print(box.runner.run(replace(action, readable={**action.readable, place: folder / "object"}), box.log))
print(box.log.read_text())
"""
"""mount_setattr fails with ENOSYS, as on Linux before 5.12."""


@pytest.mark.usefixtures("sandbox")
def test_where_the_kernel_has_no_views_the_box_is_the_same(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", REFUSED, str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Exited(code=1)\n")
    assert "seen\n" in done.stdout
    assert "Read-only file system" in done.stdout


def test_a_forgotten_launcher_ends() -> None:
    def mine() -> set[int]:
        return {process for process in processes_with("builders.launch") if parent(process) == os.getpid()}

    before = mine()
    launchers = [Launchers().of(limit) for limit in (1, 2)]
    while len(mine()) < len(before) + 2:  # one that has just begun has no command line yet
        Event().wait(0.01)
    launchers.clear()
    assert mine() == before
