"""An unpacked wheel, read and checked: what it brings, where that belongs, and that it is what its RECORD says.

Source: the specification "Binary distribution format" of the Python packaging user guide.
"""

import base64
import configparser
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, canonicalize_version, parse_wheel_filename

from envmgr.model.errors import BuildError, IntegrityError

HASHES = ("sha256", "sha384", "sha512")
UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""Files of the dist-info folder that RECORD cannot hold a hash of."""
COMMAND = re.compile(r"\w[\w.+-]*")
"""A command's name: nothing that could lead to another place."""
ENTRY_POINT = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<attribute>[\w.]+)\s*(\[.*\])?")


class InvalidWheelError(IntegrityError):
    """A wheel is not what the specification, or its own RECORD, says."""

    def __init__(self, wheel: str, problem: str) -> None:
        self.wheel, self.problem = wheel, problem
        super().__init__(f"{wheel}: {problem}", fix="pin another build of this project; this one cannot be trusted")


class WrongTagsError(BuildError):
    """A wheel is for other interpreters or machines than the environment."""

    def __init__(self, wheel: str, abi: str, machine: str) -> None:
        self.wheel, self.abi, self.machine = wheel, abi, machine
        super().__init__(f"{wheel} does not fit {abi} on {machine}", fix="lock the wheels of this environment again")


@dataclass(frozen=True)
class EntryPoint:
    """A command that a wheel wants: `name` calls `attribute` of `module`."""

    name: str
    module: str
    attribute: str


@dataclass(frozen=True)
class Wheel:
    """A wheel by its file name, unpacked in a folder."""

    file: str
    folder: Path

    @cached_property
    def dist_info(self) -> Path:
        """Its one `.dist-info` folder."""
        found = [path for path in self.folder.glob("*.dist-info") if path.is_dir()]
        if len(found) != 1:
            raise InvalidWheelError(self.file, f"it has {len(found)} .dist-info folders, not one")
        for name in ("METADATA", "RECORD", "WHEEL"):
            if not (found[0] / name).is_file():
                raise InvalidWheelError(self.file, f"{found[0].name}/{name} is missing")
        return found[0]

    @property
    def script_folder(self) -> Path:
        """Where it keeps its own scripts, if it has any."""
        return self.folder / self._data / "scripts"

    @property
    def _data(self) -> str:
        return self.dist_info.name.removesuffix(".dist-info") + ".data"

    def check_name(self) -> None:
        """Raise InvalidWheelError unless its file and dist-info name one project and version, in a format of today."""
        try:
            project, version, _, _ = parse_wheel_filename(self.file)
        except InvalidWheelFilename as error:
            raise InvalidWheelError(self.file, str(error)) from error
        inside = self.dist_info.name.removesuffix(".dist-info").rpartition("-")
        if (canonicalize_name(inside[0]), canonicalize_version(inside[2])) != (project, canonicalize_version(version)):
            raise InvalidWheelError(self.file, f"it holds another wheel: {self.dist_info.name}")
        if not re.search(rb"^Wheel-Version: 1\.\d+\r?$", (self.dist_info / "WHEEL").read_bytes(), re.MULTILINE):
            raise InvalidWheelError(self.file, "its WHEEL names no format that is known: Wheel-Version is not 1.x")

    def check_tags(self, abi: str, machine: str) -> None:
        """Raise WrongTagsError unless the file name says that it fits an ABI such as `cp311` and a machine."""
        try:
            tags = parse_wheel_filename(self.file)[3]
        except InvalidWheelFilename as error:
            raise InvalidWheelError(self.file, str(error)) from error
        if tags.isdisjoint(_supported(abi, machine, tags)):
            raise WrongTagsError(self.file, abi, machine)

    def check_record(self) -> None:
        """Hold every file against RECORD: none missing, none too many, none twice, each with its hash and size.

        Raises:
            InvalidWheelError: it is otherwise.
        """
        if links := [str(path.relative_to(self.folder)) for path in self._files() if path.is_symlink()]:
            raise InvalidWheelError(self.file, f"it holds symlinks, which no wheel has: {', '.join(links[:5])}")
        rows = self._recorded()
        recorded = {row[0]: row for row in rows}
        if twice := sorted(name for name, count in Counter(row[0] for row in rows).items() if count > 1):
            raise InvalidWheelError(self.file, f"RECORD names twice {', '.join(twice[:5])}")
        present = {str(path.relative_to(self.folder)) for path in self._files()}
        free = {f"{self.dist_info.name}/{name}" for name in UNRECORDED}
        if missing := recorded.keys() - present - free:
            raise InvalidWheelError(self.file, f"RECORD names what is not in it: {', '.join(sorted(missing)[:5])}")
        if extra := present - recorded.keys() - free:
            raise InvalidWheelError(self.file, f"RECORD does not name {', '.join(sorted(extra)[:5])}")
        for name in sorted(present - free):
            self._check_file(name, recorded[name])

    def _recorded(self) -> list[list[str]]:
        try:
            with (self.dist_info / "RECORD").open(newline="", encoding="utf-8") as file:
                return [row for row in csv.reader(file, strict=True) if row]
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidWheelError(self.file, f"RECORD cannot be read: {error}") from error

    def _check_file(self, name: str, row: list[str]) -> None:
        if len(row) != 3:  # noqa: PLR2004  path, hash, size
            raise InvalidWheelError(self.file, f"RECORD has no hash of {name}")
        if row[2] not in {"", str((self.folder / name).stat().st_size)}:
            raise InvalidWheelError(self.file, f"{name} has another size than RECORD says")
        algorithm, _, expected = row[1].partition("=")
        if algorithm not in HASHES:
            raise InvalidWheelError(self.file, f"RECORD has no strong hash of {name}, but {row[1]!r}")
        with (self.folder / name).open("rb") as file:
            found = hashlib.file_digest(file, algorithm).digest()
        if record_hash(found) != expected:
            raise InvalidWheelError(self.file, f"{name} is not the file that RECORD names")

    def placed(self, library_name: str) -> Iterator[tuple[str, Path]]:
        """Each file with its place in an environment.

        RECORD and signatures stay behind, for files move; bytecode too, for it would depend on the time of a file.
        """
        site = f"lib/{library_name}/site-packages"
        project = self.dist_info.name.partition("-")[0]
        schemes = {
            "purelib": site,
            "platlib": site,
            "scripts": "bin",
            "headers": f"include/{library_name}/{project}",
            "data": "",
        }
        for path in sorted(self._files()):
            relative = path.relative_to(self.folder)
            if "__pycache__" in relative.parts or (path.parent == self.dist_info and path.name in UNRECORDED):
                continue
            if relative.parts[0] == self._data:
                _, scheme, *rest = relative.parts
                if scheme not in schemes or not rest:
                    raise InvalidWheelError(self.file, f"{relative} has no place in an environment")
                yield "/".join([*filter(None, [schemes[scheme]]), *rest]), path
            else:
                yield f"{site}/{relative}", path

    def scripts(self) -> list[Path]:
        """Its own scripts."""
        return sorted(path for path in self.script_folder.glob("*") if path.is_file())

    def entry_points(self) -> Iterator[EntryPoint]:
        """The commands that it wants beside its own scripts."""
        file = self.dist_info / "entry_points.txt"
        if not file.is_file():
            return
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (configparser.Error, UnicodeDecodeError) as error:
            raise InvalidWheelError(self.file, f"entry_points.txt cannot be read: {error}") from error
        taken = {script.name for script in self.scripts()}
        for section in ("console_scripts", "gui_scripts"):
            for name, value in parser.items(section) if parser.has_section(section) else ():
                if name in taken:
                    raise InvalidWheelError(self.file, f"entry_points.txt: {name} is there already")
                taken.add(name)
                yield self._entry_point(name, value.strip())

    def _entry_point(self, name: str, value: str) -> EntryPoint:
        match = ENTRY_POINT.fullmatch(value)
        words = f"{match['module']}.{match['attribute']}".split(".") if match else [""]
        if match is None or not COMMAND.fullmatch(name) or not all(word.isidentifier() for word in words):
            raise InvalidWheelError(self.file, f"entry_points.txt: {name} = {value} is no entry point")
        return EntryPoint(name, match["module"], match["attribute"])

    def _files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir())


def record_hash(digest: bytes) -> str:
    """A hash as RECORD writes it: base 64 for addresses, without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _supported(abi: str, machine: str, tags: frozenset[Tag]) -> set[Tag]:
    """All tags that fit, for those platforms among `tags` that are this machine's Linux with glibc."""
    platforms = sorted(
        {tag.platform for tag in tags if re.fullmatch(rf"(manylinux\w*|linux)_{re.escape(machine)}", tag.platform)}
    )
    version = (3, int(abi.removeprefix("cp3")))
    return {
        *cpython_tags(version, abis=[abi], platforms=platforms),
        *compatible_tags(version, abi, platforms),
    }
