"""A closure as one file: objects with all that is known of them, and what is needed to ask for them by name."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from envmgr.model.digest import Digest
from envmgr.model.errors import HostError
from envmgr.model.event import Event
from envmgr.sharing.checkout_part import CheckoutPart
from envmgr.sharing.export_format import CHECKOUT, CONTENTS, Contents, ExportedObject, ExportedRoot, part
from envmgr.sharing.tar_stream import TarWriter
from envmgr.store.adopt import Foreign
from envmgr.store.durable import sync_folder, writing
from envmgr.store.offer import offer, ordered_closure
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
    described = ordered_closure(store, [path for root in roots for path in root.paths])
    objects = tuple(item.store_path for item in described)
    size = sum(item.size for item in described) + (checkout.manifest.size if checkout else 0)
    contents = Contents(roots=tuple(roots), checkout=checkout is not None, size=size, objects=objects)
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
            _add(offer(store, item), store.folder(item.store_path), writer)
        writer.close()
    return Exported(writer.digest, writer.size, contents)


def _add(known: Foreign, tree: Path, writer: TarWriter) -> None:
    realisations = sorted(known.realisations, key=lambda made: (made.derivation, made.resolved))
    derivations = tuple(known.texts[digest].decode() for digest in sorted(known.texts))
    record = ExportedObject(described=known.described, realisations=tuple(realisations), derivations=derivations)
    name = str(known.path)
    writer.add(part(name, "json"), len(record.text), [record.text])
    writer.add(part(name, "manifest"), len(known.manifest.text), [known.manifest.text])
    writer.add(part(name, "content"), known.manifest.size, blocks(tree, known.manifest))


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
