"""The ways in which a build is varied: what may differ between two people who build the same lockfile."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.user_mode_linux import PROGRAM, ROOM, UserModeLinux
from envmgr.builders.sandbox import probe

CLOCK = "2031-02-03 04:05:06"
ODD = "où là là/δ ε"
"""A folder with spaces and letters that ASCII has not."""

AS_USER = ("unshare", "--user", "--map-user=4321", "--map-group=8765")
POSIX = {
    "LC_ALL": "POSIX",
    "LANG": "POSIX",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": "Asia/Kathmandu",
}


@dataclass(frozen=True)
class Variation:
    """One way to build: all that is not said is as on this machine."""

    name: str
    what: str
    """For people: what differs."""
    folder: str = "checkout"
    """Where the checkout lies, below the folder of all."""
    store: Path = Path("store")
    """Where the store lies: below a folder of this variation, or elsewhere."""
    before: Sequence[str] = ()
    """What is put in front of the command."""
    python: str = sys.executable
    environ: Mapping[str, str] = field(default_factory=dict)
    umask: int = 0o022
    cores: int = 0
    """Builds at a time; 0: one a core."""
    machine: UserModeLinux | None = None
    """The kernel under which all is done; None: this one's."""
    lacks: str = ""
    """What this machine has not, so that it can't be tried; empty: nothing."""


def variations(work: Path, *, root: Path | None, python: Path | None) -> list[Variation]:
    """All of them, the one first that varies nothing.

    Args:
        work: the folder of all.
        root: the root of another distribution, as debootstrap makes one.
        python: another interpreter of the same ABI as this one.
    """
    memory = Path("/dev/shm")  # noqa: S108  another file system
    kernel = Variation(
        "kernel",
        f"{_other_kernel()} instead of {os.uname().release}, one processor",
        store=ROOM / "store",
        cores=1,
        machine=UserModeLinux(),
        lacks=UserModeLinux.lacks(work),
    )
    clock = f"the clock shows {CLOCK[:4]}, under the kernel of the last"
    return [
        Variation("nothing", "the same machine once more"),
        Variation("folder", f"the checkout lies in `{ODD}`", folder=ODD),
        Variation("store", "the store lies elsewhere, on another file system", store=memory / work.name / ODD),
        Variation("user", "another user and group, and no name for them", before=AS_USER, lacks=_missing("unshare")),
        Variation("umask", "umask 077", umask=0o077),
        Variation("locale", "no UTF-8 anywhere (LC_ALL=POSIX), another time zone", environ=POSIX),
        Variation(
            "cores", "one core, one build at a time", before=("taskset", "-c", "0"), cores=1, lacks=_missing("taskset")
        ),
        kernel,
        replace(kernel, name="clock", what=clock, machine=UserModeLinux(CLOCK)),
        _distribution(work, root),
        _interpreter(python),
    ]


def _missing(program: str) -> str:
    return "" if shutil.which(program) else program


def _other_kernel() -> str:
    if shutil.which(PROGRAM) is None:
        return "user-mode Linux"
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return f"user-mode Linux {said.strip()}"


def _distribution(work: Path, root: Path | None) -> Variation:
    """The loader, libc, libstdc++ and shell that builds are lent are those of another distribution."""
    if root is None:
        return Variation("distribution", "another distribution's libc and shell", lacks="a root: --root DIR")
    bwrap = probe().program
    release = (root / "etc/os-release").read_text().partition('PRETTY_NAME="')[2].partition('"')[0]
    seen = [item for path in {sys.prefix, sys.base_prefix} for item in ("--ro-bind", path, path)]
    within = [str(bwrap), "--bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108
    what = f"the libc, libstdc++ and shell of {release}"
    return Variation("distribution", what, before=(*within, *seen, "--bind", str(work), str(work)))


def _interpreter(python: Path | None) -> Variation:
    """Another build and patch release of the interpreter, with the packages of this one."""
    if python is None:
        return Variation("interpreter", "another patch release of Python", lacks="an interpreter: --python PATH")
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    what = f"{version} instead of Python {sys.version.split()[0]}"
    return Variation("interpreter", what, python=str(python), environ={"PYTHONPATH": sysconfig.get_path("purelib")})
