"""`envmgr cache add`: use a cache from now on."""

import re

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import address, folder
from envmgr.config import NAME_PATTERN, Caches, CacheSettings, change_caches
from envmgr.model.errors import UsageError
from envmgr.sharing.cache import Cache


class Added(TypedDict):
    """A cache as it is asked from now on."""

    name: str
    url: str
    priority: int
    timeout: float


@click.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--priority", type=int, default=50, show_default=True, help="The smallest number is asked first.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds without an answer."
)
@answers("cache-add")
def command(*, name: str, url: str, priority: int, timeout: float) -> Answer[Added]:
    """Ask the cache at URL from now on, before anything is built; of two with one name, the last one counts.

    URL is the path of a folder, or an address: http, https, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME. Its answers
    are believed where a lockfile pins them, or where somebody whom you trust has signed them (`cache trust`).
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(f"a cache cannot be called {name!r}", fix="letters, digits, and . _ - after the first")
    settings = CacheSettings(url=address(url), priority=priority, timeout=timeout)
    _ = Cache(name, settings).transport  # it can be reached, as far as its address says
    change_caches(folder(), lambda before: _with(before, name, settings))
    data: Added = {"name": name, "url": settings.url, "priority": priority, "timeout": timeout}
    return Answer(data, f"{name} is asked from now on: {settings.url}")


def _with(before: Caches, name: str, settings: CacheSettings) -> Caches:
    return before.model_copy(update={"cache": {**before.cache, name: settings}})
