"""Where the index says otherwise than the records that it can be made from again, and the records are right.

Both are written by one commit. When they differ, one of them was damaged; were the index believed, `repair` would write
its error over the truth. What an object refers to and how large it is, its own bytes tell. Of a realisation nothing
tells more, so a line counts that is whole, and says of the text beside it what came of it. A line of another object's
record may be an answer that was superseded: it counts only where nothing is lost of the record that the index names.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from envmgr.manifest import Manifest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.layout import Layout
from envmgr.store.record import Question, Record, read_lines
from envmgr.store.references import scan


def record_is_right(layout: Layout, said: StoreObject, described: StoreObject, manifest: Manifest) -> bool:
    """Whether a record, and not the index that describes otherwise, is right of an object that has this manifest."""
    if (said.store_path, said.manifest) != (described.store_path, manifest.digest):
        return False
    candidates = {*said.references, *described.references}
    found = scan(layout.object(described.store_path), candidates=candidates, forbidden=[]).references
    return (said.size, set(said.references)) == (manifest.size, set(found))


@dataclass(frozen=True)
class Answers:
    """What the records of a store answer; they are read once, when that is first asked."""

    layout: Layout

    @cached_property
    def whole(self) -> dict[Question, set[str]]:
        """By question the objects whose records answer it, with the text of the derivation."""
        found: defaultdict[Question, set[str]] = defaultdict(set)
        for file in self.layout.records.iterdir():
            for item in read_lines(file).written:
                if item.text is not None:
                    found[item.question].add(file.name)
        return found


def answer_is_right(answers: Answers, record: Record, made: Realisation) -> bool:
    """Whether some record, and not the index that says `made`, is right of what a derivation came to.

    Args:
        answers: what all records say.
        record: the one of the object that the index names.
        made: what the index says.
    """
    question = (made.derivation, made.resolved)
    if said := record.answers.get(question):
        return said.text is not None and said.realisation != made
    if record.described is None or record.faults:
        return False
    return bool(answers.whole.get(question, set()) - {str(made.store_path)})


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
        said |= read_lines(file).answers.keys()
    return objects, len(said.difference(database.realised([""])))
