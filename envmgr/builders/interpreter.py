"""A Python interpreter of the host, found by its ABI and closed over by asking it, so that it runs in a bare sandbox.

It is a host tool: lent like the bare host runtime, recorded, and never part of an object. Nothing that the host
installed into it (site-packages) is lent.
"""

import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.builders.action import PYTHON_PLACE, PYTHON_PROGRAM, Executor
from envmgr.builders.bare_host import bare_host, file_digest, shared_libraries
from envmgr.model.errors import BuildError, HostError

ABI_PATTERN = re.compile(r"cp3(\d+)")

HIDDEN = ("site-packages", "dist-packages", "test", "idlelib", "ensurepip", "lib2to3", "tkinter", "turtledemo")
"""Folders of the standard library that are not lent: what the host installed, and what no build needs."""
SKIPPED = ("_tkinter", "_curses", "readline", "_dbm", "_gdbm", "nis", "ossaudiodev", "_test", "xx", "_ctypes_test")
"""Extension modules (by how their names begin) for terminals, desktops and tests: their libraries stay out."""

QUESTION = """
import json, os, sys
print(json.dumps({
    "abi": "cp%d%d" % sys.version_info[:2],
    "implementation": sys.implementation.name,
    "version": sys.version.split()[0],
    "program": os.path.realpath(sys.executable),
    "library": os.path.dirname(os.__file__),
    "library_folder": sys.platlibdir,
    "extensions": next((p for p in sys.path if os.path.basename(p) == "lib-dynload"), os.path.dirname(os.__file__)),
}))
"""


class InterpreterMissingError(HostError):
    """No interpreter of the ABI that a build asks for is on this host."""

    def __init__(self, abi: str, tried: tuple[str, ...]) -> None:
        self.abi = abi
        self.tried = tried
        version = library_name(abi).removeprefix("python")
        super().__init__(
            f"the Python interpreter {abi} is needed, and this host has none (tried: {', '.join(tried)})",
            fix=f"put python{version} on PATH (uv python install {version} does), or --set python=<another ABI>",
        )


@dataclass(frozen=True)
class Interpreter:
    """An interpreter and what it needs of the host."""

    abi: str
    """Such as `cp311`."""
    version: str
    """Such as `3.11.7`."""
    program: Path
    """Its real path on the host."""
    readable: Mapping[str, Path]
    """Place to host path: its program, standard library and shared libraries."""
    hidden: tuple[str, ...]
    """Places inside of these that must look empty."""

    @property
    def library_name(self) -> str:
        """The name of its folder in an environment's `lib`, such as `python3.11`."""
        return library_name(self.abi)

    @property
    def record(self) -> dict[str, str]:
        """What a realisation records of it: its version to the digest of its program."""
        return {f"python-{self.version}": file_digest(self.program)}

    def command(self, executor: Executor) -> str:
        """Where a process of this executor finds it."""
        return executor.place(self.program, PYTHON_PROGRAM)


def library_name(abi: str) -> str:
    """The name of an ABI's interpreter and of its folders: `python3.11` for `cp311`."""
    return f"python3.{abi.removeprefix('cp3')}"


@functools.cache
def interpreter(abi: str) -> Interpreter:
    """The interpreter of an ABI such as `cp311` on this host.

    Raises:
        BuildError: the text is no ABI of CPython 3.
        InterpreterMissingError: there is none here.
    """
    return _closed_over(_answer(abi))


def program(abi: str) -> Path:
    """The program of that interpreter alone, for who runs it outside of any sandbox.

    Raises:
        BuildError, InterpreterMissingError: as for `interpreter`.
    """
    return Path(_answer(abi)["program"])


@functools.cache
def _answer(abi: str) -> Mapping[str, str]:
    if not ABI_PATTERN.fullmatch(abi):
        raise BuildError(f"{abi!r} is no interpreter ABI", fix='write one such as "cp311"')
    candidates = tuple(_candidates(abi))
    for candidate in candidates:
        answer = _ask(candidate)
        if answer.get("abi") == abi and answer.get("implementation") == "cpython":
            return answer
    raise InterpreterMissingError(abi, candidates)


def _candidates(abi: str) -> Iterator[str]:
    name = library_name(abi)
    if abi == f"cp3{sys.version_info.minor}":
        yield sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001  the one that a venv was made of
    if found := shutil.which(name):
        yield found
    yield f"/usr/bin/{name}"
    yield f"/usr/local/bin/{name}"


def _ask(program: str) -> dict[str, str]:
    """Its answers; empty where it does not run (a version manager's shim for a version that isn't there)."""
    command = [program, "-I", "-S", "-c", QUESTION]
    try:
        asked = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return {}
    answer: dict[str, str] = json.loads(asked.stdout)
    return answer


def _closed_over(answer: Mapping[str, str]) -> Interpreter:
    program, library, extensions = (Path(answer[key]) for key in ("program", "library", "extensions"))
    library_place = f"{PYTHON_PLACE}/{answer['library_folder']}/{library.name}"
    readable = {PYTHON_PROGRAM: program, library_place: library}
    if extensions not in (library, library / "lib-dynload"):
        readable[f"{library_place}/lib-dynload"] = extensions
    host = bare_host()
    modules = [f"./{path.name}" for path in sorted(extensions.glob("*.so")) if not path.name.startswith(SKIPPED)]
    for name, path in shared_libraries(program, modules, extensions).items():
        place = f"{host.library_place}/{name}"
        if place not in host.readable:
            readable[place] = path.resolve()
    hidden = tuple(f"{library_place}/{name}" for name in HIDDEN if (library / name).is_dir())
    return Interpreter(answer["abi"], answer["version"], program, readable, hidden)
