"""`envmgr why-rebuild`: why a recipe would be built again."""

from collections.abc import Iterator

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cause_words import cause_words
from envmgr.cli.operand import planned, store_path
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.explain.rebuild_cause import Rebuild, rebuild_cause
from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.store.db import NotValidError
from envmgr.store.store import Store


class Rebuilds(TypedDict):
    """Why a recipe would be built; of a run, which is not built, why each of its inputs would."""

    recipes: list[Rebuild]


class NotAStorePathError(UsageError):
    """Something is to be held against what is no store path."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"not a store path: {text!r}", fix="`envmgr show NAME` lists what a recipe came to")


@click.command("why-rebuild")
@click.argument("name", shell_complete=complete_recipe)
@click.option("--against", metavar="PATH", help="Hold it against what gave this object, not against the last one.")
@set_option()
@click.pass_obj
@answers("why-rebuild")
def command(project: Project, /, *, name: str, against: str | None, axes: dict[str, str]) -> Answer[Rebuilds]:
    """Show in which fields NAME's derivation differs from the last one realised, down to the cause.

    The last one realised is the one of this name and system that this store learnt of last, whatever its axes were.
    """
    node = planned(project, name, axes)
    store = project.store(read_only=True)
    path = _against(store, against)
    recipes = [rebuild_cause(store, item, against=path) for item in (node.inputs.values() if node.run else [node])]
    return Answer({"recipes": recipes}, "\n".join(line for item in recipes for line in _words(item)))


def _against(store: Store, text: str | None) -> StorePath | None:
    if text is None:
        return None
    path = store_path(text)
    if path is None:
        raise NotAStorePathError(text)
    if store.object(path) is None:
        raise NotValidError(store.layout.index, [path])
    return path


def _words(found: Rebuild) -> Iterator[str]:
    earlier = found.earlier
    match found.state:
        case "present":
            yield f"{found.label} is present: nothing would be built"
        case "gone":
            yield f"{found.label} would be built: its object is no longer in the store"
        case "new":
            yield f"{found.label} would be built: nothing of this name and system is realised in this store"
        case "changed":
            yield f"{found.label} would be built: its derivation is not one that was realised"
            if found.may_be_cut_off:
                yield "  (unless its inputs come out the same: then it is there already)"
    if earlier is None and found.state != "new":
        yield "how that object came to be is not known here: it was not built in this store"
    if earlier and earlier.derivation != found.derivation:
        yield f"held against {earlier.store_path}, realised {earlier.realised}:"
        yield from (f"  {field}" for field in found.fields)
        for cause in found.causes:
            yield from cause_words(cause)
