"""Sources to fixed-output derivations: what is known of bytes before anybody fetches them."""

from pathlib import Path

from envmgr.manifest import Manifest, manifest_of, manifest_of_file
from envmgr.model.canonical import Value
from envmgr.model.derivation import Derivation, FixedOutput
from envmgr.model.errors import InvalidInputError
from envmgr.model.source import FixedSource, GitSource, LocalSource, PypiSource, UrlSource, Wheels, WheelsSource
from envmgr.planning.catalog import Catalog, UnknownNameError


class MissingSourceError(InvalidInputError):
    """A local source names a file or folder that is not in the checkout."""

    def __init__(self, path: str, folder: Path) -> None:
        self.path = path
        super().__init__(f"local source {path!r} does not exist, or lies outside the checkout", where=str(folder))


def source_derivation(source: FixedSource, folder: Path) -> Derivation:
    """The fixed-output derivation of a source; local trees are read and hashed.

    Args:
        source: what the recipe says.
        folder: the folder of the recipes, which local paths are relative to.

    Raises:
        MissingSourceError: a local source is not there.
    """
    match source:
        case PypiSource():
            return _fixed(source.project, source.version, FixedOutput("file", {"sha256": source.sha256}, source.file))
        case UrlSource():
            return _fixed(_name(source.file), source.version, FixedOutput("file", _known(source), source.file))
        case GitSource():
            known = FixedOutput("tree", {"manifest": str(source.manifest)})
            return _fixed(_name(source.url.rsplit("/", 1)[-1].removesuffix(".git")), source.commit[:12], known)
        case LocalSource():
            found = str(local_manifest(source, folder).digest)
            return _fixed(_name(local_path(source, folder).name), "0", FixedOutput("tree", {"manifest": found}))


def local_manifest(source: LocalSource, folder: Path) -> Manifest:
    """What a local source contains now: a folder, or one file."""
    path = local_path(source, folder)
    return manifest_of(path, exclude=source.excluded) if path.is_dir() else manifest_of_file(path, path.name)


def local_path(source: LocalSource, folder: Path) -> Path:
    """Where a local source lies; it must be inside the checkout, links followed."""
    path = (folder / source.path).resolve()
    if not path.exists() or not path.is_relative_to(folder.parent.resolve()):
        raise MissingSourceError(source.path, folder)
    return path


def wheels(source: WheelsSource, catalog: Catalog, folder: Path, abi: str) -> dict[str, PypiSource]:
    """The pinned wheels of an environment for one interpreter ABI, by project.

    Raises:
        RecipeError: the file of pins is not valid.
        UnknownNameError: no wheels are pinned for this ABI.
    """
    file = folder / source.path
    if not file.is_file():
        raise MissingSourceError(source.path, folder)
    pinned = catalog.read(file, Wheels).root
    if abi not in pinned:
        raise UnknownNameError("set of wheels for the interpreter ABI", abi, pinned, where=str(file))
    return pinned[abi]


def _fixed(name: str, version: str, output: FixedOutput) -> Derivation:
    return Derivation(name=name, version=version, system="any", builder="fetch", revision=1, output=output)


def _known(source: UrlSource) -> dict[str, Value]:
    if source.sha256 is not None:
        return {"sha256": source.sha256}
    return {"md5": source.md5 or "", **({"size": source.size} if source.size else {})}


def _name(text: str) -> str:
    """A file's name as the name of an object."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "+_.-") else "-" for c in text.lower()).lstrip("+_.-")
