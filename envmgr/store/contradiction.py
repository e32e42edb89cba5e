"""Where the index says otherwise than the records that it can be made from again, and the records are right.

Both are written by one commit. When they differ, one of them was damaged; were the index believed, `repair` would write
its error over the truth. What an object refers to and how large it is, its own bytes tell. Of a realisation nothing
tells more, so a line counts that is whole, and says of the text beside it what came of it.
"""

from envmgr.manifest import Manifest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.layout import Layout
from envmgr.store.record import Question, Record, read
from envmgr.store.references import scan


def record_is_right(layout: Layout, said: StoreObject, described: StoreObject, manifest: Manifest) -> bool:
    """Whether a record, and not the index that describes otherwise, is right of an object that has this manifest."""
    if (said.store_path, said.manifest) != (described.store_path, manifest.digest):
        return False
    candidates = {*said.references, *described.references}
    found = scan(layout.object(described.store_path), candidates=candidates, forbidden=[]).references
    return (said.size, set(said.references)) == (manifest.size, set(found))


def answer_is_right(layout: Layout, record: Record, made: Realisation) -> bool:
    """Whether some record, and not the index that says `made`, is right of what a derivation came to.

    Args:
        layout: where all records lie.
        record: the one of the object that the index names.
        made: what the index says.
    """
    question = (made.derivation, made.resolved)
    if said := record.answers.get(question):
        return said.text is not None and said.realisation != made
    others = (read(file) for file in layout.records.iterdir() if file != layout.record(made.store_path))
    return any((said := other.answers.get(question)) and said.text is not None for other in others)


def unindexed(layout: Layout, database: Database) -> tuple[list[StorePath], int]:
    """Objects that lie here with their records and are not in the index, and how many realisations are not.

    A crash in the middle of a commit leaves such, and so does an index that has forgotten them.
    """
    known = {str(path) for path in database.objects()}
    files = sorted(layout.records.iterdir())
    objects = [
        StorePath(file.name) for file in files if file.name not in known and (layout.objects / file.name).is_dir()
    ]
    said: set[Question] = set()
    for file in files:
        said |= read(file).answers.keys()
    return objects, len(said.difference(database.realised([""])))
