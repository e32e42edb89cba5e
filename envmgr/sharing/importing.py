"""A closure out of one file: all of it is read and held against itself before anything of it is published.

Nothing that the file says is believed where it can be checked. A manifest must give the store path, every file must be
what the manifest says, references must have come before, and a derivation's text must have its digest. What can't be
checked is said by whoever made the file: that a derivation gave an object, and what it refers to. To import a file is
to trust them with that; `--lock` holds the outputs against a lockfile.
"""

import tempfile
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import disk_usage
from typing import TypeVar

from envmgr.manifest import Manifest
from envmgr.model.digest import Digest
from envmgr.model.errors import UsageError
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.sharing.checkout_part import put, require_no_clash, unfit_names
from envmgr.sharing.export_format import (
    CHECKOUT,
    CONTENTS,
    MAX_MANIFEST,
    MAX_TEXT,
    Contents,
    ExportedObject,
    ExportPart,
    part,
)
from envmgr.sharing.tar_stream import TarReader
from envmgr.store.adopt import FalseDescriptionError, Foreign
from envmgr.store.db import NotValidError
from envmgr.store.durable import DiskFullError, writing
from envmgr.store.pack import DamagedPackError, fill, hold_against
from envmgr.store.roots import Root
from envmgr.store.staging import Staging
from envmgr.store.store import Store
from envmgr.tree import MAX_NAME

Part = TypeVar("Part", bound=ExportPart)


class NoFileError(UsageError):
    """The file to import can't be opened."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(f"the file can't be opened: {reason}", where=str(file), fix="name a file of `envmgr export`")


@dataclass(frozen=True)
class Imported:
    """What was imported; `new` objects were not here before, and `root` keeps all of them."""

    digest: Digest
    contents: Contents
    new: tuple[StorePath, ...]
    root: str


@dataclass(frozen=True)
class _Checked:
    """An object that was read and is what it should be: what is known of it, and its tree, if the store lacks it.

    Manifests can be large, so they wait in files.
    """

    record: ExportedObject
    manifest: Path
    tree: Path | None

    @property
    def foreign(self) -> Foreign:
        """The object as a store takes it."""
        manifest = Manifest.parse(self.manifest.read_bytes())
        return Foreign(self.record.described, manifest, self.record.realisations, self.record.texts)


def bring_in(
    store: Store, file: Path, into: Path | None, notice: Callable[[Event], None] = lambda event: None
) -> Imported:
    """Import a file, and keep what is in it by a profile.

    Args:
        store: the store that takes the objects.
        file: what `export` wrote.
        into: a folder for the recipes that come along; it is there. None: they stay in the file.
        notice: told what is read.

    Raises:
        NoFileError: there is no such file.
        DamagedFileError, FalseDescriptionError: the file is not what it should be; nothing was imported.
        ClashError: other files are in the way in the folder; nothing was imported.
        DiskFullError, NotWrittenError: something could not be written.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise NoFileError(file, error.strerror or str(error)) from error
    with opened, store.stage("import") as made, writing(store.root), _drafted(into) as draft:
        return _Reading(store, TarReader(file, opened), made, notice).all(into, draft)


@contextmanager
def _drafted(folder: Path | None) -> Iterator[Path | None]:
    """A folder in a folder, gone at the end."""
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as draft:
        yield Path(draft)


class _Reading:
    """One file being imported."""

    def __init__(self, store: Store, reader: TarReader, made: Staging, notice: Callable[[Event], None]) -> None:
        self.store, self.reader, self.made, self.notice = store, reader, made, notice
        self.left = 0
        """Bytes of content that may still come."""

    def all(self, into: Path | None, draft: Path | None) -> Imported:
        """Read and check; then publish, in the order of the file."""
        contents = self.contents()
        self.left = contents.size
        checkout = self.manifest(CHECKOUT) if contents.checkout else Manifest(())
        if contents.checkout:
            if unfit := unfit_names(checkout):
                raise self.reader.damage(f"no checkout has this: {unfit[0]}")
            if into is not None:
                require_no_clash(checkout, into)
            self.content(CHECKOUT, checkout, draft)
        checked: dict[StorePath, _Checked] = {}
        for number, path in enumerate(contents.objects, 1):
            progress = f"{number} of {len(contents.objects)}: {path}"
            self.notice(Event("progressed", self.reader.path.name, "import", text=progress))
            checked[path] = self.object(path, checked)
        if self.left:
            raise self.reader.damage("there is less in the file than it says")
        digest = self.reader.end()
        with self.store.settling():
            for item in checked.values():
                self.store.place(replace(self.made, out=item.tree or self.made.out), item.foreign)
        if into is not None and draft is not None:
            put(checkout, draft, into)
        new = tuple(path for path, item in checked.items() if item.tree is not None)
        return Imported(digest, contents, new, self.keep(contents))

    def contents(self) -> Contents:
        """What the file says is in it."""
        contents = self.part(CONTENTS, Contents)
        if missing := {path for root in contents.roots for path in root.paths}.difference(contents.objects):
            raise self.reader.damage(f"it does not list what was asked for: {min(missing)}")
        present = [item.size for path in contents.objects if (item := self.store.object(path)) is not None]
        needed, free = contents.size - sum(present), disk_usage(self.store.root).free
        if needed > free:
            raise DiskFullError(self.store.root, f"{needed / 1e6:.1f} MB are needed, {free / 1e6:.1f} MB are free")
        return contents

    def object(self, path: StorePath, before: Container[StorePath]) -> _Checked:
        """The next object, which must be this one; into staging, if it is not in the store."""
        record = self.part(part(str(path), "json"), ExportedObject)
        foreign = Foreign(record.described, self.manifest(str(path)), record.realisations, record.texts)
        foreign.check()
        if foreign.path != path:
            raise FalseDescriptionError(path, f"it is described as {foreign.path}")
        manifest = self.made.work / f"{path}.manifest"
        manifest.write_bytes(foreign.manifest.text)
        if unknown := [reference for reference in record.described.references if reference not in before]:
            raise FalseDescriptionError(path, f"it refers to what did not come before it: {unknown[0]}")
        tree = None if self.is_held(path) else self.made.work / str(path)
        if tree is not None:
            tree.mkdir(mode=0o700)
        self.content(str(path), foreign.manifest, tree)
        return _Checked(record, manifest, tree)

    def part(self, name: str, model: type[Part]) -> Part:
        """The next part, which must be this one."""
        text = self.reader.text(name, MAX_TEXT)
        try:
            return model.parse(text)
        except ValueError as error:
            raise self.reader.damage(str(error)) from error

    def manifest(self, name: str) -> Manifest:
        """The manifest that comes next."""
        text = self.reader.text(part(name, "manifest"), MAX_MANIFEST)
        try:
            return Manifest.parse(text)
        except ValueError as error:
            raise self.reader.damage(str(error)) from error

    def content(self, name: str, manifest: Manifest, tree: Path | None) -> None:
        """The content that comes next, held against a manifest, and into a folder, if one is given."""
        where = str(self.reader.path)
        with self.reader.entry(part(name, "content")) as size:
            if size != manifest.size:
                raise self.reader.damage("it has another size than its manifest says")
            if size > self.left:
                raise self.reader.damage("there is more in the file than it says")
            self.left -= size
            try:
                if tree is None:
                    hold_against(manifest, self.reader, where=where)
                else:
                    fill(manifest, self.reader, tree, where=where)
            except DamagedPackError as error:
                raise self.reader.damage(error.message) from error

    def is_held(self, path: StorePath) -> bool:
        """Whether the store has an object; from now on it stays there."""
        try:
            self.store.hold([path])
        except NotValidError:
            return False
        return self.store.object(path) is not None

    def keep(self, contents: Contents) -> str:
        """Add the profile that keeps what was imported; its name."""
        name = f"imported-{'+'.join(dict.fromkeys(root.name for root in contents.roots))}"[:MAX_NAME]
        paths = tuple(sorted({path for root in contents.roots for path in root.paths}))
        self.store.add_root(Root("profile", name, paths, f"imported from {self.reader.path.name}"))
        return name
