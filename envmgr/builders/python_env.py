"""A Python environment: pinned wheels installed without running any of them, to the same bytes on every host.

It holds no interpreter and no place: packages in `lib/pythonX.Y/site-packages`, commands in `bin` that find their
environment by where they stand and their interpreter, `python3`, on PATH.

It holds no bytecode: releases of one ABI compile a few modules in a thousand differently (3.11.2 and 3.11.7 write
other line tables), and no interpreter of the ABI has to be on this host (docs/decisions/0004).
"""

import csv
import filecmp
import hashlib
import posixpath
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from envmgr.archive.unpack import Bounds, unpack
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.interpreter import library_name
from envmgr.builders.wheel import EntryPoint, InvalidWheelError, Wheel, record_hash
from envmgr.builders.workplace import read_settings
from envmgr.model.errors import BuildError

INSTALLER = b"envmgr\n"
SHEBANG = b"#!python"

LAUNCHER = """\
#!/bin/sh
'''exec' python3 -B -c 'import os, runpy, site, sys
del sys.argv[0]
script = os.path.realpath(sys.argv[0])
sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(script)), "lib", "{library}", "site-packages")
site.addsitedir(sys.path[0])
runpy.run_path(script, run_name="__main__")' "$0" "$@"
' '''
"""
"""Both a shell script and a Python program: the shell starts `python3` on the file itself, which to Python begins with
a text. Python finds the environment beside the real place of the file, also when a link was called, and writes no
bytecode (-B) into an object."""

CALL = """\
import sys
from {module} import {first}
sys.exit({attribute}())
"""


class ConflictError(BuildError):
    """Two wheels bring one file with different bytes."""

    def __init__(self, label: str, place: str, first: str, second: str) -> None:
        self.label, self.place, self.first, self.second = label, place, first, second
        super().__init__(
            f"{label}: {first} and {second} both bring {place}, with different bytes",
            fix="drop one of the two from the environment's requirements",
        )


class PythonEnvSettings(BaseModel):
    """What an environment is told; its inputs are the wheels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: Annotated[str, Field(pattern=r"^cp3\d+$")]
    """The interpreter's ABI, such as `cp311`."""


class PythonEnvBuilder:
    """Installs wheels."""

    name: ClassVar[str] = "python_env"

    def build(self, task: BuildTask) -> BuildReport:
        """Unpack, check, place, record.

        Raises:
            InvalidInputError: the settings do not fit.
            IntegrityError: a wheel is not what its RECORD says.
            BuildError: a wheel does not fit the ABI, or two wheels bring one file with different bytes.
        """
        settings = read_settings(PythonEnvSettings, task.derivation)
        environment = _Environment(task, library_name(settings.python))
        for role in sorted(task.inputs):
            environment.install(_unpacked(task, role, settings.python))
        environment.write_records()
        return BuildReport("sandboxed")  # no process ran: there was nothing to hold


def _unpacked(task: BuildTask, role: str, abi: str) -> Wheel:
    files = sorted(task.inputs[role].folder.iterdir())
    if len(files) != 1 or files[0].suffix != ".whl":
        held = ", ".join(file.name for file in files)
        raise BuildError(f"{task.derivation.label}: the input {role} is not one wheel, but holds: {held}")
    wheel = Wheel(files[0].name, task.work / "wheels" / role)
    wheel.check_tags(abi, task.derivation.system.partition("-")[0])
    unpack(files[0], wheel.folder, bounds=Bounds(bytes=task.limits.output_bytes))
    wheel.check_name()
    wheel.check_record()
    return wheel


class _Environment:
    """The environment that is being filled, and which wheel brought which file."""

    def __init__(self, task: BuildTask, library: str) -> None:
        self._label = task.derivation.label
        self._out = task.out
        self._library = library
        self._site = f"lib/{library}/site-packages"
        self._owners: dict[str, Wheel] = {}
        self._records: dict[str, list[str]] = {}

    def install(self, wheel: Wheel) -> None:
        """Make a wheel's commands find their environment, and move its files to their places."""
        for script in wheel.scripts():
            script.write_bytes(_launched(script.read_bytes(), self._library))
            script.chmod(0o755)
        for entry in wheel.entry_points():
            command = wheel.script_folder / entry.name
            command.parent.mkdir(parents=True, exist_ok=True)
            command.write_text(_command(entry, self._library), encoding="utf-8")
            command.chmod(0o755)
        (wheel.dist_info / "INSTALLER").write_bytes(INSTALLER)
        placed = list(wheel.placed(self._library))
        for place, path in placed:
            self._move(wheel, place, path)
        self._records[wheel.dist_info.name] = [place for place, _ in placed]

    def _move(self, wheel: Wheel, place: str, path: Path) -> None:
        target = self._out / place
        if place not in self._owners:
            if path.suffix == ".pth":
                _check_pth(wheel, path)
            self._require_free(wheel, place)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            self._owners[place] = wheel
        elif not filecmp.cmp(path, target, shallow=False):
            raise ConflictError(self._label, place, self._owners[place].file, wheel.file)

    def _require_free(self, wheel: Wheel, place: str) -> None:
        """Refuse a file where another wheel has a folder, and a folder where one has a file."""
        above = map(str, PurePosixPath(place).parents)
        taken = next((folder for folder in above if folder in self._owners), None)
        if taken is None and (self._out / place).is_dir():
            taken = next(owned for owned in self._owners if owned.startswith(f"{place}/"))
        if taken is not None:
            raise ConflictError(self._label, taken, self._owners[taken].file, wheel.file)

    def write_records(self) -> None:
        """Write for each wheel what of it is where."""
        for dist_info, places in self._records.items():
            own = f"{self._site}/{dist_info}/RECORD"
            rows = [self._row(place) for place in places] + [[self._relative(own), "", ""]]
            with (self._out / own).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows(sorted(rows))

    def _row(self, place: str) -> list[str]:
        with (self._out / place).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            return [self._relative(place), f"sha256={record_hash(digest)}", str(file.tell())]

    def _relative(self, place: str) -> str:
        return posixpath.relpath(place, self._site)


def _launched(script: bytes, library: str) -> bytes:
    """A script of a wheel with its first line `#!python` replaced; any other program as it is."""
    first, newline, rest = script.partition(b"\n")
    return LAUNCHER.replace("{library}", library).encode() + rest if newline and first.startswith(SHEBANG) else script


def _command(entry: EntryPoint, library: str) -> str:
    first = entry.attribute.partition(".")[0]
    call = CALL.format(module=entry.module, first=first, attribute=entry.attribute)
    return LAUNCHER.replace("{library}", library) + call


def _check_pth(wheel: Wheel, path: Path) -> None:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("/") or ".." in line.split("/"):
            raise InvalidWheelError(wheel.file, f"{path.name} names a place outside of the environment: {line}")
