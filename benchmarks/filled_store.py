"""Stores filled at once with many objects of one small file, as publishing one after the other would fill them."""

import time
from collections.abc import Mapping
from pathlib import Path

from envmgr.manifest import FileEntry, Manifest
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.layout import Layout
from envmgr.store.record import Written, show
from envmgr.store.store import Store

_Made = tuple[StoreObject, Realisation]


def fill(root: Path, count: int) -> None:
    """Make a store with so many objects, none of which a root keeps: files, and rows in one transaction."""
    with Store.open(root) as store:
        _record(store, [_make(store.layout, _derivation(number), {}, f"{number}\n") for number in range(count)])


def fill_plan(root: Path, plan: Node) -> None:
    """Let everything of a plan be there: each object's file names the objects that it was made from."""
    with Store.open(root) as store:
        made: dict[Digest, _Made] = {}
        for node in plan.walk():
            inputs = {role: made[item.digest][0].store_path for role, item in node.inputs.items()}
            text = " ".join([node.recipe, *map(str, inputs.values())])
            made[node.digest] = _make(store.layout, node.derivation, inputs, f"{text}\n")
        _record(store, list(made.values()))


def _record(store: Store, made: list[_Made]) -> None:
    store.database.record([described for described, _ in made], [realisation for _, realisation in made])


def _derivation(number: int) -> Derivation:
    return Derivation(f"n{number}", "1", "x86_64-linux", "tree", 1, BuiltOutput(), {"texts": {"file": f"{number}\n"}})


def _make(layout: Layout, derivation: Derivation, inputs: Mapping[str, StorePath], text: str) -> _Made:
    content = text.encode()
    manifest = Manifest((FileEntry("file", len(content), executable=False, sha256=Digest.of(content).hex),))
    path = StorePath.of(kind="built", manifest=manifest.digest, name=derivation.name, version=derivation.version)
    references = tuple(sorted(set(inputs.values())))
    described = StoreObject(store_path=path, manifest=manifest.digest, size=len(content), references=references)
    realisation = Realisation(
        resolved=derivation.resolved_digest(inputs),
        derivation=derivation.digest,
        store_path=path,
        manifest=manifest.digest,
        isolation="sandboxed",
    )
    tree = layout.object(path)
    tree.mkdir()
    (tree / "file").write_bytes(content)
    (tree / "file").chmod(0o444)
    tree.chmod(0o555)
    written = Written(realisation=realisation, derivation=derivation.text.decode(), when=time.time_ns())
    layout.record(path).write_bytes(show(described, [written], manifest.text))
    return described, realisation
