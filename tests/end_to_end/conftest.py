"""The embedded default, made twice from nothing, once for the whole session.

The two differ in all that must not matter: the folder, the sandbox, and, where root runs the tests, the user; then
also the build of Python, where the host has a second one. Both are made at the same time.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envmgr.model.realisation import Realisation
from envmgr.model.run_record import RunRecord
from envmgr.network.pip_settings import pip_settings
from envmgr.planning.observe import observe
from envmgr.store.record import read
from tests.functional.conftest import Result

TOP = Path(__file__).parents[2]
LOCK = ("--lock", "recipes.lock")
QUICK = ("--set", "min_duration_ms=500")
"""For the runs after the first, which is a full one."""
PATIENCE = 900
"""Seconds until a command that should have ended counts as one that hangs."""
NOBODY = 65534
"""A user id without rights, on every Linux."""
MEMORY = Path("/dev/shm")  # noqa: S108  the folder made in it has a name that nobody knows beforehand
ROOMY_BYTES = 8 * 10**9
"""What both places need, twice over."""


@dataclass(frozen=True)
class User:
    """Who calls envmgr, with which interpreter."""

    id: int
    python: str
    path: str
    """The PYTHONPATH that this interpreter finds envmgr by."""

    def can(self, folder: Path) -> bool:
        """Whether envmgr can be called."""
        command = [self.python, "-c", "import envmgr.cli.command_line"]
        environ = {"PYTHONPATH": self.path}
        try:
            done = subprocess.run(command, user=self.id, cwd=folder, env=environ, capture_output=True, check=False)
        except OSError:
            return False
        return done.returncode == 0


@dataclass(frozen=True)
class Place:
    """A copy of the checkout and a store, used by one user; each call is a process of its own."""

    top: Path
    store: Path
    user: User
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def make(cls, folder: Path, user: User) -> "Place":
        """A copy of this checkout beside an empty store and an empty home."""
        folder.mkdir()
        copy_checkout(folder / "checkout")
        (folder / "home").mkdir()
        for path in (folder, folder / "home"):
            os.chown(path, user.id, -1)
        own = ("ENVMGR_", "PIP_", "UV_", "XDG_")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environ |= {f"PIP_{name.upper().replace('-', '_')}": text for name, text in pip_settings(os.environ).items()}
        environ |= {"HOME": str(folder / "home"), "PYTHONPATH": user.path}
        return cls(folder / "checkout", folder / "store", user, environ)

    def __call__(self, *arguments: str, expect: Collection[int] = (0,)) -> Result:
        """How `envmgr ARGUMENTS` ended; with another exit code than expected the test fails."""
        done = subprocess.run(
            [self.user.python, "-m", "envmgr", *arguments],
            user=self.user.id,
            cwd=self.top,
            env={**self.environ, "ENVMGR_STORE": str(self.store)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode not in expect:
            pytest.fail(f"envmgr {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return Result(done.returncode, done.stdout, done.stderr)

    def write(self, file: Path, text: str) -> None:
        """Write a file as the user."""
        for path in (file.parent, file):
            if not path.exists():
                path.write_text(text) if path == file else path.mkdir()
                os.chown(path, self.user.id, -1)

    def run(self, *arguments: str) -> tuple[Result, RunRecord]:
        """The default benchmark with these options, and its record, whatever LoadGen and the target say of it."""
        result = self("run", "benchmark", *arguments, "--json", expect=(0, 8, 9))
        return result, RunRecord.parse(Path(result.data["record"]).read_text())


def copy_checkout(folder: Path) -> None:
    """Copy what recipes are made from."""
    for name in ("recipes", "harness"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "recipes.lock", folder)


Made = Mapping[str, Realisation]
"""Realisations by derivation and resolved digest."""


def realisations(place: Place) -> Made:
    """Every realisation that a store knows."""
    written = (item for file in (place.store / "records").iterdir() for item in read(file).written)
    return {f"{item.realisation.derivation} {item.realisation.resolved}": item.realisation for item in written}


@dataclass(frozen=True)
class Proof:
    """What was made from nothing: a full run in the first place, the same closure in the second one."""

    first: Place
    result: Result
    record: RunRecord
    second: Place
    made: tuple[Made, Made]
    """What each of the two had made, at first."""


@pytest.fixture(scope="session")
def proof() -> Iterator[Proof]:
    """The two places, each with the closure of the benchmark; the first has run it."""
    with (
        tempfile.TemporaryDirectory(prefix="envmgr-end-to-end-", dir=fast_folder()) as name,
        ThreadPoolExecutor() as pool,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        here = User(os.geteuid(), sys.executable, str(TOP))
        first = Place.make(folder / "first", another_user(folder) or here)
        second = Place.make(folder / "a second one", here)
        realized = pool.submit(second, "realize", "benchmark", *LOCK, "--sandbox", "none")
        result, record = first.run(*LOCK)
        realized.result()
        yield Proof(first, result, record, second, (realisations(first), realisations(second)))


def fast_folder() -> Path | None:
    """A file system in memory, if there is one with room: on disk, 100,000 files cost more minutes than the builds."""
    if not MEMORY.is_dir():
        return None
    about = os.statvfs(MEMORY)
    free = min(about.f_bavail * about.f_frsize, observe().memory_available_bytes)
    return MEMORY if free > ROOMY_BYTES and not about.f_flag & os.ST_NOEXEC else None


def another_user(folder: Path) -> User | None:
    """Somebody without rights, if this is root and there is an interpreter that others may use as well."""
    path = os.pathsep.join([str(TOP), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = [sys.executable, shutil.which(version, path=os.defpath)]
    users = [User(NOBODY, program, path) for program in programs if program and os.geteuid() == 0]
    return next((user for user in users if user.can(folder)), None)
