"""The variables of an environment: lists of folders that come first in theirs, and plain values.

The objects that were named contribute, and no others: `bin` to PATH, `lib` (where it holds shared libraries) to
LD_LIBRARY_PATH, `lib/python3.N/site-packages` to PYTHONPATH. What they refer to they find by themselves, as siblings.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.builders.action import ENVIRONMENT
from envmgr.model.errors import HostError, InvalidInputError

BASICS = ("HOME", "LOGNAME", "TERM", "TMPDIR", "USER")
"""What a pure environment keeps of the one that it was started from."""
_LIBRARY = re.compile(r"python3\.\d+")


class SeveralPythonsError(InvalidInputError):
    """Objects for different interpreters can't be one environment."""

    def __init__(self, found: Mapping[str, Sequence[Path]]) -> None:
        self.found = {abi: list(folders) for abi, folders in found.items()}
        listed = "; ".join(f"{abi}: {', '.join(folder.name for folder in found[abi])}" for abi in sorted(found))
        super().__init__(
            f"these objects are for different Python interpreters: {listed}",
            fix="choose one for all with --set python=..., or start them one by one",
        )


class ColonError(HostError):
    """A folder has a colon in its path, which ends a path in PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            "there is a colon in this path, so it cannot stand in PATH",
            where=str(folder),
            fix="move the store to a folder without a colon in its path, or name another one with --store",
        )


@dataclass(frozen=True)
class Environment:
    """`first` has folders by variable, `fixed` plain values."""

    first: Mapping[str, tuple[Path, ...]]
    fixed: Mapping[str, str]

    def over(self, environ: Mapping[str, str]) -> dict[str, str]:
        """These variables on top of others: folders stand before what was there."""
        listed = {
            name: ":".join([*map(str, folders), *filter(None, [environ.get(name)])])
            for name, folders in self.first.items()
        }
        return {**environ, **listed, **self.fixed}


def basics(environ: Mapping[str, str]) -> dict[str, str]:
    """What a pure environment stands on: who and where the user is, and the locale and clock that builds have."""
    kept = {name: environ[name] for name in BASICS if name in environ}
    return {**kept, "LANG": ENVIRONMENT["LANG"], "TZ": ENVIRONMENT["TZ"]}


def python_abi(objects: Iterable[Path]) -> str | None:
    """The ABI of the interpreter that some objects are for, such as `cp311`; None where they are for none.

    Raises:
        SeveralPythonsError: they are for more than one.
    """
    found: dict[str, list[Path]] = {}
    for folder in objects:
        for site in _sites(folder):
            found.setdefault(_abi(site), []).append(folder)
    if len(found) > 1:
        raise SeveralPythonsError(found)
    return next(iter(found), None)


def environment(name: str, objects: Sequence[Path], lent: Path) -> Environment:
    """The environment of some objects.

    Args:
        name: what people call it; it stands in ENVMGR_ENVIRONMENT.
        objects: the folders of the objects, those first that are found first.
        lent: a folder with the programs that the host lends; they are found last.

    Raises:
        ColonError: one of the folders can't stand in PATH.
    """
    commands = [folder / "bin" for folder in objects if (folder / "bin").is_dir()]
    libraries = [folder / "lib" for folder in objects if any((folder / "lib").glob("*.so*"))]
    sites = [site for folder in objects for site in _sites(folder)]
    first = {"PATH": (*commands, lent), "LD_LIBRARY_PATH": tuple(libraries), "PYTHONPATH": tuple(sites)}
    for folder in (folder for folders in first.values() for folder in folders if ":" in str(folder)):
        raise ColonError(folder)
    python = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"} if sites else {}
    return Environment(
        first={variable: folders for variable, folders in first.items() if folders},
        fixed={"ENVMGR_ENVIRONMENT": name, **python},
    )


def _sites(folder: Path) -> list[Path]:
    found = sorted((folder / "lib").glob("python3.*/site-packages"))
    return [site for site in found if _LIBRARY.fullmatch(site.parent.name)]


def _abi(site: Path) -> str:
    return site.parent.name.replace("python3.", "cp3")
