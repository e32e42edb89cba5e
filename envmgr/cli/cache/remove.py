"""`envmgr cache remove`: use a cache no more."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import UnknownCacheError, folder
from envmgr.config import Caches, change_caches


class Removed(TypedDict):
    """A cache that is not asked any more."""

    removed: str


@click.command("remove")
@click.argument("name")
@answers("cache-remove")
def command(*, name: str) -> Answer[Removed]:
    """Ask a cache no more; what is in it stays there."""
    change_caches(folder(), lambda before: _without(before, name))
    return Answer({"removed": name}, f"{name} is not asked any more")


def _without(before: Caches, name: str) -> Caches:
    if name not in before.cache:
        raise UnknownCacheError(name, sorted(before.cache))
    rest = {key: value for key, value in before.cache.items() if key != name}
    return before.model_copy(update={"cache": rest})
