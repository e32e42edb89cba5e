"""A store filled at once with many objects of one small file, as publishing one after the other would fill it."""

from pathlib import Path

from envmgr.manifest import FileEntry, Manifest
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.layout import Layout
from envmgr.store.store import Store


def fill(root: Path, count: int) -> None:
    """Make a store with so many objects, none of which a root keeps: files, and rows in one transaction."""
    with Store.open(root) as store:
        made = [_make(store.layout, number) for number in range(count)]
        store.database.record([described for described, _ in made], [realisation for _, realisation in made])


def _make(layout: Layout, number: int) -> tuple[StoreObject, Realisation]:
    name, text = f"n{number}", f"{number}\n".encode()
    derivation = Derivation(name, "1", "x86_64-linux", "tree", 1, BuiltOutput(), {"texts": {"file": text.decode()}})
    manifest = Manifest((FileEntry("file", len(text), executable=False, sha256=Digest.of(text).hex),))
    path = StorePath.of(kind="built", manifest=manifest.digest, name=name, version="1")
    described = StoreObject(store_path=path, manifest=manifest.digest, size=len(text))
    realisation = Realisation(
        resolved=derivation.digest,
        derivation=derivation.digest,
        store_path=path,
        manifest=manifest.digest,
        isolation="sandboxed",
    )
    tree = layout.object(path)
    tree.mkdir()
    (tree / "file").write_bytes(text)
    (tree / "file").chmod(0o444)
    tree.chmod(0o555)
    layout.manifest(path).write_bytes(manifest.text)
    layout.record(path).write_bytes(described.model_dump_json().encode())
    layout.derivation(derivation.digest).write_bytes(derivation.text)
    layout.realisation(derivation.digest, derivation.digest).write_bytes(realisation.model_dump_json().encode())
    return described, realisation
