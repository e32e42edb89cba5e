"""A checkout and a store in a temporary folder, and envmgr as a real process in them."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pytest

from envmgr.builders.sandbox import probe, probe_landlock
from tests.loopback import Origin

TOP = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds until a command that should have ended counts as one that hangs."""
READ_BY_PYTHON = ("PYTHON", "LANG", "LC_", "TZ")
"""How the names of variables begin that Python reads when it starts, and never again."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    exit: int
    stdout: str
    stderr: str

    def json(self) -> dict[str, Any]:
        """The one object of `--json`."""
        answer: dict[str, Any] = json.loads(self.stdout)
        return answer

    @property
    def data(self) -> dict[str, Any]:
        """The data of `--json`."""
        data: dict[str, Any] = self.json()["data"]
        return data

    @property
    def error(self) -> dict[str, Any]:
        """The error of `--json`: class, message, where, fix, exit."""
        error: dict[str, Any] = self.json()["error"]
        return error

    @property
    def path(self) -> Path:
        """The path that stands last on stdout."""
        return Path(self.stdout.splitlines()[-1])

    @property
    def built(self) -> list[str]:
        """The labels of what was built, in the order in which it was done."""
        return self._done("built")

    @property
    def copied(self) -> list[str]:
        """The store paths of what was copied from a cache, in the order in which it was done."""
        return self._done("copied")

    @property
    def warned(self) -> list[str]:
        """What was warned of."""
        said = (line.partition("] ")[2] for line in self.stderr.splitlines())
        return [line.removeprefix("warning: ") for line in said if line.startswith("warning: ")]

    @property
    def fetched(self) -> list[str]:
        """The labels of what was fetched, in the order in which it was done."""
        return self._done("fetched")

    def _done(self, past: str) -> list[str]:
        words = [line.partition("] ")[2].split() for line in self.stderr.splitlines()]
        return [word[1] for word in words if word[:1] == [past]]


@dataclass(frozen=True)
class Checkout:
    """A folder with `recipes/`, and a store; each call is a process of its own in it.

    `checkout("realize", "name")` gives the Result. With `expect` (0, unless said) another exit code fails the test
    and shows what the command said.

    The process is a fork of one that has read the modules already, where that makes no difference to what is tested:
    most of a command's time is Python's start.
    """

    top: Path
    store: Path
    environ: Mapping[str, str] = field(repr=False)
    forked: bool = True

    def __call__(self, *arguments: str, expect: int | None = 0, **environ: str) -> Result:
        if self.forked and not any(name.startswith(READ_BY_PYTHON) for name in environ):
            there = replace(self, environ={**self.environ, **environ})
            ended = commands()(there, *arguments, expect=None)
        else:
            with self.start(*arguments, **environ) as process:
                stdout, stderr = process.communicate(timeout=PATIENCE)
            ended = Result(process.returncode, stdout, stderr)
        if expect is not None and ended.exit != expect:
            pytest.fail(f"envmgr {' '.join(arguments)}: exit {ended.exit}\n{ended.stdout}\n{ended.stderr}")
        return ended

    def fails(self, code: int, *arguments: str, **environ: str) -> dict[str, Any]:
        """Run with `--json`; the error that the command ended with, its exit code being this one."""
        error = self(*arguments, "--json", expect=code, **environ).error
        assert error["exit"] == code
        return error

    @contextmanager
    def start(self, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command in a process group of its own; it is killed at the end of the block."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.top,
            env={**self.environ, "ENVMGR_STORE": str(self.store), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def command(self, *arguments: str) -> list[str]:
        """What is started for a call."""
        return [sys.executable, "-m", "envmgr", *arguments]

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the checkout."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def recipe(self, name: str, body: str) -> Path:
        """Write a recipe: its body in TOML, without name, version and summary."""
        head = f'name = "{name}"\nversion = "1"\nsummary = "An example"\n'
        return self.write(f"recipes/{name}.toml", head + body)

    def script(self, name: str, *lines: str, head: str = "") -> Path:
        """Write a recipe that is a shell script in the sandbox, where the shell's own commands are all there is.

        `head` is TOML that comes before: sources and inputs.
        """
        text = "\n".join(["set -eu", *lines])
        build = f"[build]\nbuilder = 'script'\nsettings.argv = ['/bin/sh', '-c', {json.dumps(text)}]\n"
        return self.recipe(name, f"{head}\n{build}")

    def copied(self, folder: Path) -> Self:
        """A copy, for a test that changes it: what was realised need not be realised again."""
        shutil.copytree(self.top, folder / "checkout")
        shutil.copytree(self.store, folder / "store", symlinks=True)
        return replace(self, top=folder / "checkout", store=folder / "store")

    def afresh(self) -> Self:
        """The same, and each command is started as a shell would start it."""
        return replace(self, forked=False)

    def with_store(self, store: Path) -> Self:
        """The same checkout with another store."""
        return replace(self, store=store)

    def objects(self) -> set[str]:
        """The names in the store's `objects/`."""
        return {path.name for path in (self.store / "objects").glob("*")}

    def of_user(self, name: str) -> Self:
        """The same checkout as somebody else uses it: another home, another store."""
        home = self.top.parent / name
        home.mkdir(exist_ok=True)
        return replace(self, store=home / "store", environ={**self.environ, "HOME": str(home)})


@functools.cache
def commands() -> Callable[..., Result]:
    """What forks commands for the tests of this process; it ends with them."""
    from tests.faults.forks import Forks

    context = Forks.open()
    atexit.register(context.__exit__, None, None, None)
    return context.__enter__()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty checkout in `checkout/` with the store `store/` beside it; no network but loopback."""
    return empty_checkout(tmp_path)


def empty_checkout(tmp_path: Path) -> Checkout:
    """The fixture `checkout`, for fixtures that live longer than a test."""
    (tmp_path / "checkout" / "recipes").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    own = ("ENVMGR_", "PIP_", "UV_", "XDG_", "http", "HTTP", "ALL_PROXY", "REQUESTS_", "SSL_", "NO_COLOR")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environ |= {
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(TOP), os.environ.get("PYTHONPATH")])),
        "PYTHONWARNINGS": "error",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",  # the port of the protocol "discard", where nobody answers
    }
    return Checkout(tmp_path / "checkout", tmp_path / "store", environ)


@pytest.fixture
def origin() -> Iterator[Origin]:
    """A server on loopback."""
    with Origin() as origin:
        yield origin


@pytest.fixture
def sandboxed() -> None:
    """Skip where this host refuses a full sandbox."""
    if probe().program is None:
        pytest.skip(f"no sandbox here: {probe().reason}")


@pytest.fixture
def landlock() -> None:
    """Skip where this host has no Landlock."""
    if not probe_landlock().version:
        pytest.skip(f"no Landlock here: {probe_landlock().reason}")


def until(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read what a command says on stderr up to the line with these words; the lines, that one last."""
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        if words in line:
            return said
    pytest.fail(f"the command ended, and never said {words!r}:\n{''.join(said)}")
