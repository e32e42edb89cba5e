"""Where the index says otherwise than the files that it can be made from again, and the files are right.

Both are written by one commit. When they differ, one of them was damaged; were the index believed, `repair` would write
its error over the truth. What an object refers to and how large it is, its own bytes tell. Of a realisation nothing
tells more, so a file counts that is whole and named as what it says.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from envmgr.manifest import Manifest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.layout import Layout
from envmgr.store.references import scan

_Model = TypeVar("_Model", bound=BaseModel)


def record_is_right(layout: Layout, said: StoreObject, described: StoreObject, manifest: Manifest) -> bool:
    """Whether a record, and not the index that describes otherwise, is right of an object that has this manifest."""
    if (said.store_path, said.manifest) != (described.store_path, manifest.digest):
        return False
    candidates = {*said.references, *described.references}
    found = scan(layout.object(described.store_path), candidates=candidates, forbidden=[]).references
    return (said.size, set(said.references)) == (manifest.size, set(found))


def is_named_so(layout: Layout, file: Path, said: Realisation) -> bool:
    """Whether the file of a realisation is the one that it should stand in."""
    return layout.realisation(said.derivation, said.resolved) == file


def unindexed(layout: Layout, database: Database) -> tuple[list[StorePath], int]:
    """Objects that lie here with their records and are not in the index, and how many realisations are not.

    A crash in the middle of a commit leaves such, and so does an index that has forgotten them.
    """
    known = {str(path) for path in database.objects()}
    names = [file.name.removesuffix(".json") for file in layout.manifests.glob("*.json")]
    objects = [StorePath(name) for name in sorted(names) if name not in known and (layout.objects / name).is_dir()]
    realised = {layout.realisation(derivation, resolved) for derivation, resolved in database.realised([""])}
    return objects, sum(file not in realised for file in layout.realisations.glob("*.json"))


def read(file: Path, model: type[_Model]) -> _Model | None:
    """What a file says; None where it can't be read, or says nothing that makes sense."""
    try:
        return model.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None
