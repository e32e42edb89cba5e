"""A closure as one file: objects with all that is known of them, and what is needed to ask for them by name."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO

from envmgr.model.digest import Digest
from envmgr.model.errors import HostError
from envmgr.model.event import Event
from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sharing.checkout_part import CheckoutPart
from envmgr.sharing.export_format import CHECKOUT, CONTENTS, Contents, ExportedObject, ExportedRoot, part
from envmgr.sharing.tar_stream import TarWriter
from envmgr.store.db import NotValidError
from envmgr.store.durable import sync_folder, writing
from envmgr.store.pack import blocks
from envmgr.store.store import Store


class NotWritableError(HostError):
    """The file can't be made where it is to be."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(
            f"the file can't be made: {reason}", where=str(file), fix="name a file in a folder that you may write to"
        )


@dataclass(frozen=True)
class Exported:
    """A file that was written, its digest, and what is in it."""

    digest: Digest
    size: int
    contents: Contents


def export(
    store: Store,
    roots: Sequence[ExportedRoot],
    checkout: CheckoutPart | None,
    file: Path,
    notice: Callable[[Event], None] = lambda event: None,
) -> Exported:
    """Write the closure of some objects into a file: whole, or not at all. The same closure gives the same bytes.

    Raises:
        NotValidError: an object is not valid.
        DamagedTreeError, DamagedObjectError: an object is not what it was.
        NotWritableError, DiskFullError, NotWrittenError: the file can't be written.
    """
    store.hold([path for root in roots for path in root.paths])
    described = _ordered(store, store.closure(path for root in roots for path in root.paths))
    objects = tuple(item.store_path for item in described)
    contents = Contents(roots=tuple(roots), checkout=checkout is not None, objects=objects)
    with _draft(file) as opened:
        writer = TarWriter(opened)
        writer.add(CONTENTS, len(contents.text), [contents.text])
        if checkout is not None:
            text = checkout.manifest.text
            writer.add(part(CHECKOUT, "manifest"), len(text), [text])
            writer.add(part(CHECKOUT, "content"), checkout.manifest.size, blocks(checkout.top, checkout.manifest))
        for number, item in enumerate(described, 1):
            progress = f"{number} of {len(described)}: {item.store_path}"
            notice(Event("progressed", file.name, "export", text=progress))
            _add(store, item, writer)
        writer.close()
    return Exported(writer.digest, writer.size, contents)


def _ordered(store: Store, closure: Iterable[StorePath]) -> list[StoreObject]:
    """Objects, references before their referrers; else sorted."""
    described = {path: store.object(path) for path in closure}
    if gone := [path for path, item in described.items() if item is None]:
        raise NotValidError(store.layout.index, gone)
    known = {path: item for path, item in described.items() if item is not None}
    order = TopologicalSorter({path: known[path].references for path in sorted(known)}).static_order()
    return [known[path] for path in order]


def _add(store: Store, described: StoreObject, writer: TarWriter) -> None:
    path, manifest = described.store_path, store.manifest(described.store_path)
    realisations = sorted(store.database.realisations_of(path), key=lambda made: (made.derivation, made.resolved))
    texts = {made.derivation: store.layout.derivation(made.derivation).read_bytes().decode() for made in realisations}
    record = ExportedObject(
        described=described, realisations=tuple(realisations), derivations=tuple(texts[key] for key in sorted(texts))
    )
    writer.add(part(str(path), "json"), len(record.text), [record.text])
    writer.add(part(str(path), "manifest"), len(manifest.text), [manifest.text])
    writer.add(part(str(path), "content"), manifest.size, blocks(store.folder(path), manifest))


@contextmanager
def _draft(file: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when it is whole and on the disk."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        opened = draft.open("xb")
    except OSError as error:
        raise NotWritableError(file, error.strerror or str(error)) from error
    try:
        with opened, writing(file.parent):
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
            draft.replace(file)
            sync_folder(file.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
