"""`envmgr cache list`: the caches and keys, or what a cache holds."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import cache, folder, settings
from envmgr.config import CacheSettings
from envmgr.model.store_path import StorePath
from envmgr.sharing.keys import names


class Configured(TypedDict):
    """The caches by name, and the names of keys: those that are trusted, revoked, and your own to sign with."""

    caches: dict[str, CacheSettings]
    trusted: list[str]
    revoked: list[str]
    own: list[str]


class Held(TypedDict):
    """The objects in a cache."""

    cache: str
    objects: list[StorePath]


@click.command("list")
@click.argument("name", required=False, metavar="[CACHE]")
@answers("cache-list")
def command(*, name: str | None) -> Answer[Configured | Held]:
    """List the caches and the keys; or, of a cache in a folder or a bucket, the objects that it holds."""
    return _configured() if name is None else _held(name)


def _configured() -> Answer[Configured | Held]:
    known = settings()
    data: Configured = {
        "caches": dict(sorted(known.cache.items(), key=lambda item: (item[1].priority, item[0]))),
        "trusted": sorted(known.trusted),
        "revoked": sorted(known.revoked),
        "own": names(folder() / "keys"),
    }
    lines = [f"cache {name}: {item.url} (priority {item.priority})" for name, item in data["caches"].items()]
    lines += [f"trusted {name}" for name in data["trusted"]]
    lines += [f"revoked {name}" for name in data["revoked"]]
    lines += [f"own key {name}" for name in data["own"]]
    return Answer(data, "\n".join(lines))


def _held(name: str) -> Answer[Configured | Held]:
    wanted = cache(name)
    wanted.introduce()
    objects = wanted.paths()
    return Answer({"cache": wanted.name, "objects": objects}, "\n".join(map(str, objects)))
