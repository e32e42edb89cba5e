"""Builds that try to reach what they were not given: each a real recipe in the full sandbox, with what became of it."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from uuid import uuid4

import pytest

from tests.faults.conftest import assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.faults.system_calls import SYNCS
from tests.functional.conftest import Checkout
from tests.loopback import Origin

pytestmark = pytest.mark.usefixtures("sandboxed")

ABI = f"cp3{sys.version_info.minor}"
HEAD = """
import ctypes, errno, os, signal, socket, sys, time
OUT, INPUT, OBJECTS = sys.argv[1], sys.argv[2], os.path.dirname(sys.argv[2])
LIBC = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    done = getattr(LIBC, name)(*arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done

def attack():
"""
TAIL = """
try:
    said = attack()
except OSError as error:
    said = errno.errorcode[error.errno]
with open(OUT + "/said", "w") as file:
    file.write(str(said))
"""


def hostile(checkout: Checkout, attack: str) -> Checkout:
    """A checkout with the recipe `hostile`, and `input`, which it needs.

    The attack is the body of a function in Python; it knows OUT and INPUT (a folder with a `file`), and `call`.
    """
    checkout.recipe("input", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'input' }\n")
    checkout.write("program/attack.py", HEAD + indent(attack, "    ") + TAIL)
    checkout.recipe(
        "hostile",
        "[sources]\nprogram = { kind = 'local', path = '../program' }\n[inputs]\ninput = 'input'\n[build]\n"
        f"builder = 'script'\nsettings.python = '{ABI}'\n"
        "settings.argv = ['{python}', '{program}/attack.py', '{out}', '{input}']\n",
    )
    return checkout


def attacked(forks: Forks, checkout: Checkout, attack: str) -> str:
    """What came of an attack: the value that it returned, or the name of the error that it met; the store is whole."""
    path = forks(hostile(checkout, attack), "realize", "hostile", "--sandbox", "required", calls=SYNCS).path
    assert_nothing_is_lost(checkout, {path.name})
    return (path / "said").read_text()


SHUT = {
    "the network": ("socket.create_connection(('192.0.2.1', 80), 5)", {"ENETUNREACH"}),
    "names": ("return os.path.exists('/etc/resolv.conf') or os.path.exists('/etc/hosts')", {"False"}),
    "files of the host": ("return open('/etc/passwd').read()", {"ENOENT"}),
    "homes": ("return os.listdir('/root') + os.listdir('/home')", {"ENOENT"}),
    "an input": ("open(INPUT + '/file', 'w')", {"EROFS", "EACCES"}),
    "the mode of an input": ("os.chmod(INPUT + '/file', 0o777)", {"EROFS", "EPERM"}),
    "the name of an input": ("os.rename(INPUT, OBJECTS + '/other')", {"EROFS", "EBUSY", "EACCES"}),
    "a second name for an input's file": ("os.link(INPUT + '/file', OUT + '/file')", {"EXDEV", "EPERM"}),
    "a new object": ("os.mkdir(OBJECTS + '/new')", {"EROFS", "EACCES"}),
    "other objects": ("return len(os.listdir(OBJECTS))", {"2"}),
    "other builds": ("return sorted(os.listdir(os.path.dirname(OUT)))", {"['build', 'out', 'python', 'store']"}),
    "processes": ("return [name for name in os.listdir('/proc') if name.isdecimal() and int(name) > 9]", {"[]"}),
    "another user": ("os.setuid(0)", {"EPERM", "EINVAL"}),
    "more groups": ("os.setgroups([0])", {"EPERM"}),
    "devices": ("os.mknod(OUT + '/disk', 0o60666, os.makedev(8, 0))", {"EPERM"}),
    "the kernel's settings": ("open('/proc/sys/kernel/hostname', 'w').write('x')", {"EROFS", "EACCES", "EPERM"}),
    "the kernel's alarm keys": ("open('/proc/sysrq-trigger', 'w')", {"EROFS", "EACCES", "ENOENT"}),
    "the clock": ("time.clock_settime(time.CLOCK_REALTIME, 0)", {"EPERM"}),
    "the root folder": ("os.chroot(OUT)", {"EPERM"}),
}


@pytest.mark.parametrize(("attack", "ends"), SHUT.values(), ids=SHUT)
def test_it_is_shut(forks: Forks, checkout: Checkout, attack: str, ends: set[str]) -> None:
    assert attacked(forks, checkout, attack) in ends


def test_no_port_of_the_host_answers(forks: Forks, checkout: Checkout, origin: Origin) -> None:
    attack = f"socket.create_connection(('127.0.0.1', {origin.port}), 5)"
    assert attacked(forks, checkout, attack) == "ECONNREFUSED"
    assert origin.requests == []


def test_no_abstract_socket_of_the_host_answers(forks: Forks, checkout: Checkout) -> None:
    name = f"envmgr-{uuid4()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        attack = f"socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        assert attacked(forks, checkout, attack) == "ECONNREFUSED"


def test_no_process_of_the_host_can_be_signalled_or_traced(forks: Forks, checkout: Checkout) -> None:
    pid = os.getpid()
    assert attacked(forks, checkout, f"os.kill({pid}, 0)") == "ESRCH"
    assert attacked(forks, checkout, f"call('ptrace', 16, {pid}, 0, 0)") == "ESRCH"


def test_a_build_that_kills_all_that_it_can_ends_itself_only(forks: Forks, checkout: Checkout) -> None:
    checkout.script("deadly", "kill -9 -1", 'echo alive > "{out}/file"')
    checkout.script("other", 'echo other > "{out}/file"')
    forks(checkout, "realize", "deadly", "other", "--keep-going", "-j2", expect=5)
    assert [name.partition("-")[2] for name in checkout.objects()] == ["other-1"]


def test_a_namespace_of_its_own_does_not_make_an_input_writable(forks: Forks, checkout: Checkout) -> None:
    attack = """
try:
    call("unshare", 0x10020000)  # user and mount
except OSError:
    return "refused"
try:
    call("mount", None, INPUT.encode(), None, 0x1020, None)  # remount, bind, writable
except OSError as error:
    return errno.errorcode[error.errno]
open(INPUT + "/file", "w")
"""
    assert attacked(forks, checkout, attack) in {"refused", "EPERM", "EINVAL", "EACCES"}


KEYCTL, ADD_KEY, JOIN, SEARCH, READ, SESSION = 250, 248, 1, 10, 11, -3
WITH_A_KEY = f"""
import ctypes, os, sys
syscall = ctypes.CDLL(None).syscall
if syscall({KEYCTL}, {JOIN}, None) < 0 or syscall({ADD_KEY}, b"user", b"envmgr", b"secret", 6, {SESSION}) < 0:
    sys.exit("no key")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_key_of_the_users_stays_with_the_user(checkout: Checkout, tmp_path: Path) -> None:
    attack = f"""
read = ctypes.create_string_buffer(20)
key = LIBC.syscall({KEYCTL}, {SEARCH}, {SESSION}, b"user", b"envmgr", 0)
LIBC.syscall({KEYCTL}, {READ}, key, read, 20)
return read.value.decode()
"""
    hostile(checkout, attack)
    found = {}
    for sandbox in ("none", "required"):
        store = tmp_path / f"store-{sandbox}"
        envmgr = [sys.executable, "-m", "envmgr", "--store", str(store), "realize", "hostile", "--sandbox", sandbox]
        command = [sys.executable, "-c", WITH_A_KEY, *envmgr]
        done = subprocess.run(
            command, cwd=checkout.top, env=checkout.environ, capture_output=True, text=True, check=False
        )
        if "no key" in done.stderr:
            pytest.skip("no key can be made here")
        found[sandbox] = Path(done.stdout.strip(), "said").read_text()
    assert found == {"none": "secret", "required": ""}


def test_the_environment_of_envmgr_is_seen_nowhere(checkout: Checkout) -> None:
    attack = """
files = ["/proc/" + name + "/environ" for name in os.listdir("/proc") if name.isdecimal()]
return "secret" in "".join(open(file).read() for file in files) + str(os.environ)
"""
    path = hostile(checkout, attack)("realize", "hostile", "--sandbox", "required", TOLD="secret").path
    assert (path / "said").read_text() == "False"


def test_a_process_that_a_build_leaves_behind_changes_nothing_afterwards(forks: Forks, checkout: Checkout) -> None:
    """It would swap a folder for a link that leads out, for ever, and write into a file that it holds open."""
    attack = """
os.mkdir(OUT + "/folder")
os.mkdir(OUT + "/aside")
os.symlink("/", OUT + "/aside/link")
file = open(OUT + "/file", "w")
places = ["folder", "aside/folder", "aside/link", "folder", "folder", "aside/link", "aside/folder", "folder"]
if os.fork() == 0:
    os.setsid()
    while True:
        for before, after in zip(places[::2], places[1::2]):
            os.rename(OUT + "/" + before, OUT + "/" + after)
        file.write("more")
        file.flush()
"""
    assert attacked(forks, checkout, attack) == "None"


def test_special_bits_do_not_reach_the_store(forks: Forks, checkout: Checkout) -> None:
    attack = """
file = OUT + "/tool"
open(file, "w").close()
os.chmod(file, 0o6755)
return oct(os.stat(file).st_mode)
"""
    assert attacked(forks, checkout, attack) == "0o106755"
    (path,) = (checkout.store / "objects").glob("*-hostile-1")
    assert (path / "tool").stat().st_mode == stat.S_IFREG | 0o555
