"""The part of a checkout that goes along with objects, so that they can be asked for by name elsewhere.

That is the folder of the recipes, the local sources of what was exported, and the lockfile.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.manifest import Entry, FolderEntry, Manifest, difference, manifest_of, manifest_of_file
from envmgr.model.errors import UsageError
from envmgr.model.node import Node
from envmgr.model.source import LocalSource
from envmgr.planning.sources import local_manifest, local_path

LEFT_OUT = frozenset({"__pycache__"})


class ClashError(UsageError):
    """There is something else already where a checkout is to be put."""

    def __init__(self, folder: Path, paths: list[str]) -> None:
        self.folder, self.paths = folder, paths
        super().__init__(
            f"there are other files already: {', '.join(paths)}",
            where=str(folder),
            fix="name an empty folder with --into, or move these away",
        )


class NotTakenError(UsageError):
    """Something can't be taken along with a checkout."""

    def __init__(self, place: Path, why: str, *, fix: str = "move it") -> None:
        self.place = place
        super().__init__(f"this can't be taken along: {why}", where=str(place), fix=fix)


@dataclass(frozen=True)
class CheckoutPart:
    """Files of a checkout: its top, and what of it is meant."""

    top: Path
    manifest: Manifest


def checkout_part(recipes: Path, nodes: Iterable[Node], lockfile: Path) -> CheckoutPart:
    """What some plans need of a checkout.

    Args:
        recipes: the folder of the recipes.
        nodes: the plans.
        lockfile: taken along if it is there, which must be in the checkout.

    Raises:
        NotTakenError: the lockfile lies outside of the checkout, or a source where no import could put it.
    """
    found = _below(recipes.name, manifest_of(recipes, exclude=LEFT_OUT))
    local = {(item.source, item.folder) for node in nodes for item in node.walk()}
    for source, home in local:
        if isinstance(source, LocalSource) and home:
            place = local_path(source, home)
            folder = place if place.is_dir() else place.parent
            found |= _below(_inside(recipes.parent, folder), local_manifest(source, home))
    if lockfile.is_file():
        found |= _below(_inside(recipes.parent, lockfile.resolve().parent), manifest_of_file(lockfile, lockfile.name))
    manifest = Manifest(tuple(sorted(found.values(), key=lambda entry: entry.path.encode())))
    if unfit := unfit_names(manifest):
        raise NotTakenError(recipes.parent / unfit[0], "its name is one that no import puts into a folder")
    return CheckoutPart(recipes.parent, manifest)


def unfit_names(manifest: Manifest) -> list[str]:
    """Names at the top of a checkout that are none of its own: of stores, and hidden ones, which programs act upon."""
    return [name for name in _tops(manifest) if name == "store" or name.startswith(".")]


def _inside(top: Path, folder: Path) -> str:
    """Where a folder lies in a checkout; empty for its top."""
    if not folder.is_relative_to(top.resolve()):
        raise NotTakenError(folder, "it lies outside of the checkout")
    inside = folder.relative_to(top.resolve())
    return "" if inside == Path() else str(inside)


def _below(folder: str, manifest: Manifest) -> dict[str, Entry]:
    """The entries of a tree as they stand where that tree is a folder of another one, which is made for them."""
    parts = Path(folder).parts
    above = [FolderEntry("/".join(parts[: number + 1])) for number in range(len(parts))]
    prefix = f"{folder}/" if folder else ""
    inside = [replace(entry, path=f"{prefix}{entry.path}") for entry in manifest.entries]
    return {entry.path: entry for entry in [*above, *inside]}


def require_no_clash(manifest: Manifest, folder: Path) -> None:
    """Go on only if nothing in a folder is in the way of a checkout; the very same files are not.

    Raises:
        ClashError: something is.
    """
    clashing = []
    for name, wanted in _tops(manifest).items():
        place = folder / name
        if os.path.lexists(place) and (place.is_symlink() or difference(wanted, _found(place))):
            clashing.append(name)
    if clashing:
        raise ClashError(folder, clashing)


def put(manifest: Manifest, draft: Path, folder: Path) -> None:
    """Put a checkout that was made in the folder `draft` into the folder in which that lies, where nothing clashes."""
    for entry in manifest.entries:
        _open_up(draft / entry.path)
    for name in _tops(manifest):
        if not (folder / name).exists():
            (draft / name).rename(folder / name)


def _open_up(path: Path) -> None:
    """Let its owner work with a file or folder that was made as an object's: read-only, and from 1970."""
    if not path.is_symlink():
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
        os.utime(path)


def _tops(manifest: Manifest) -> dict[str, Manifest]:
    """A tree by the names at its top."""
    found: dict[str, list[Entry]] = {}
    for entry in manifest.entries:
        found.setdefault(entry.path.partition("/")[0], []).append(entry)
    return {name: Manifest(tuple(entries)) for name, entries in found.items()}


def _found(place: Path) -> Manifest:
    """What stands at a place, below its name."""
    if not place.is_dir():
        return manifest_of_file(place, place.name)
    return Manifest(tuple(_below(place.name, manifest_of(place, exclude=LEFT_OUT)).values()))
