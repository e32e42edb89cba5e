"""A store of schema 2 or earlier brought forward: the four files that it has beside the index for an object become one.

What was there, `manifests/`, `derivations/` and `realisations/`, goes into the trash once all records are on the disk.
Killed at any point before that, the next command begins again; after it, the records are what counts.
"""

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from envmgr.model.realisation import Realisation
from envmgr.store.disk import Disk
from envmgr.store.durable import sync_folder, write_draft, writing
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, alone
from envmgr.store.record import END, Written
from envmgr.store.remove import remove_tree
from envmgr.store.staging import discard

_OLD = ("manifests", "realisations", "derivations")
"""Folders of such a store; while it has the first, its records may not be there yet."""


def bring_forward(layout: Layout) -> None:
    """Make the records of a store that has none yet; two processes may try at once.

    Raises:
        PathLockTimeoutError: other processes held the collector lock all the time.
        DiskFullError, NotWrittenError: they could not be written; the store is as it was.
    """
    if not _old_folders(layout):
        return
    with writing(layout.root), alone(layout.collector_lock, holder="bringing the store forward", timeout=LOCK_SECONDS):
        if (manifests := layout.root / _OLD[0]).exists():
            _write_records(layout, manifests)
        for folder in _old_folders(layout):
            discard(layout, folder)
            sync_folder(layout.root)


def _old_folders(layout: Layout) -> list[Path]:
    return [folder for name in _OLD if (folder := layout.root / name).exists()]


def _write_records(layout: Layout, manifests: Path) -> None:
    """Write all records at once, each with its old time: that says when the object was used."""
    scratch = layout.staging / "forward"
    remove_tree(scratch)
    scratch.mkdir(mode=0o700)
    layout.records.mkdir(exist_ok=True)
    disk, written = Disk(layout.objects), _written(layout.root)
    drafts = []
    for file in manifests.glob("*.json"):
        drafts.append(scratch / file.stem)
        manifest = _bytes(manifests / f"{file.stem}.manifest")
        write_draft(drafts[-1], END.join([b"\n".join([file.read_bytes(), *written[file.stem]]), manifest]))
        used = file.stat().st_mtime_ns
        os.utime(drafts[-1], ns=(used, used))
    disk.sync(files=drafts, folders=[layout.root, scratch])
    disk.close()
    for draft in drafts:
        draft.replace(layout.records / draft.name)
    sync_folder(layout.records)


def _written(root: Path) -> defaultdict[str, list[bytes]]:
    """By store path the lines of its realisations; what makes no sense is left out."""
    lines: defaultdict[str, list[bytes]] = defaultdict(list)
    for file in sorted((root / "realisations").glob("*.json")):
        with suppress(ValueError):
            made = Realisation.model_validate_json(file.read_bytes())
            text = _bytes(root / "derivations" / f"{made.derivation.hex}.json").decode(errors="replace")
            line = Written(realisation=made, derivation=text, when=file.stat().st_mtime_ns)
            lines[str(made.store_path)].append(line.model_dump_json().encode())
    return lines


def _bytes(file: Path) -> bytes:
    """The bytes of a file; none, where it is gone."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
