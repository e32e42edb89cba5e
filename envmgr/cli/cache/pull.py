"""`envmgr cache pull`: objects out of one cache, and out of no other."""

from collections.abc import Mapping
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import cache, settings
from envmgr.cli.live import watching
from envmgr.cli.operand import store_path
from envmgr.cli.options import complete_recipe, lock_option, set_option
from envmgr.cli.project import Project, keep_lockfile, locked
from envmgr.model.errors import FetchError
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.sharing.cache import Cache
from envmgr.sharing.copying import Copying
from envmgr.sharing.question import Question
from envmgr.sharing.substituters import Found, Substituters
from envmgr.sharing.trust import Trust

LOCK_SECONDS = 3600.0
"""How long another command that copies the same object is waited for."""


class Pulled(TypedDict):
    """The objects that were asked for; they are in the store now, with all that they refer to."""

    paths: list[StorePath]


class NotInCacheError(FetchError):
    """A cache does not have what was asked of it."""

    def __init__(self, cache: Cache, names: list[str]) -> None:
        super().__init__(
            f"cache {cache.name} does not have {', '.join(names)}, or not all that it refers to",
            where=cache.transport.place,
            fix="push it there, or let `envmgr realize` look elsewhere too",
        )
        self.cache = cache.name
        self.names = names


@click.command("pull")
@click.argument("source", metavar="CACHE")
@click.argument("names", nargs=-1, required=True, metavar="NAME|PATH...", shell_complete=complete_recipe)
@lock_option()
@set_option()
@click.pass_obj
@answers("cache-pull")
def command(
    project: Project, /, *, source: str, names: tuple[str, ...], lock: Path | None, axes: dict[str, str]
) -> Answer[Pulled]:
    """Copy what recipes come to, or objects by their store paths, out of this one cache into the store.

    Nothing is built. What is damaged there, or not signed by anybody whom you trust, is an error.
    """
    wanted = cache(source)
    with project.store() as store, watching() as notice:
        caches = Substituters(
            [wanted], Trust.of(settings()), say=lambda text: notice(Event("warned", "cache", text=text))
        )
        copying = Copying(store, caches, timeout=LOCK_SECONDS, notice=notice)
        with store.settling():
            found = _found(project, copying, names, lock=lock, axes=axes)
            missing = [name for name in names if name not in found or not copying.obtain(found[name])]
        if missing:
            raise caches.faults[-1] if caches.faults else NotInCacheError(wanted, missing)
        paths = [found[name].record.store_path for name in names]
        keep_lockfile(store, lock, paths)
    return Answer({"paths": paths}, "\n".join(str(store.layout.object(path)) for path in paths))


def _found(
    project: Project, copying: Copying, names: tuple[str, ...], *, lock: Path | None, axes: dict[str, str]
) -> Mapping[str, Found]:
    """What the cache has of these names."""
    paths = {name: path for name in names if (path := store_path(name))}
    nodes = {name: project.planner.plan(name, axes) for name in names if name not in paths}
    _, expected = locked(list(nodes.values()), lock)
    objects = copying.objects(set(paths.values()))
    answers = copying.answers([Question(node, node.digest, expected) for node in nodes.values()])
    by_path = {name: objects[path] for name, path in paths.items() if path in objects}
    return by_path | {name: answers[node.digest] for name, node in nodes.items() if node.digest in answers}
