"""What realises for a command: its store, its executor, and the user's binary caches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envmgr import places
from envmgr.builders.sandbox import executor
from envmgr.cli.live import Notice
from envmgr.cli.options import realize_options
from envmgr.cli.project import Project
from envmgr.config import Caches, read_caches
from envmgr.model.event import Event
from envmgr.realize import Realizer
from envmgr.store.links import lenders
from envmgr.store.store import Store

if TYPE_CHECKING:
    from envmgr.sharing.below import Below
    from envmgr.sharing.copying import Copying


@contextmanager
def realizing(project: Project, store: Store, work: Mapping[str, Any], notice: Notice) -> Iterator[Realizer]:
    """What realises in a store; `work` has the shared options, as click parsed them."""
    held, options, system = executor(work["sandbox"]), realize_options(work), project.facts.system
    with _copying(store, work, notice) as copying, _below(project, store, notice) as below:
        yield Realizer(store, held, options=options, system=system, notice=notice, copying=copying, below=below)


@contextmanager
def _below(project: Project, store: Store, notice: Notice) -> Iterator["Below | None"]:
    if not project.below and not lenders(store.layout):
        yield None
        return
    from envmgr.sharing.below import Below

    with Below(project.below, store, lambda text: notice(Event("warned", "stores below", text=text))) as below:
        yield below


@contextmanager
def _copying(store: Store, work: Mapping[str, Any], notice: Notice) -> Iterator["Copying | None"]:
    settings = Caches() if work["no_caches"] else read_caches(Path(places.config()))
    if not settings.cache:
        yield None
        return
    from envmgr.sharing.cache import Cache
    from envmgr.sharing.copying import Copying
    from envmgr.sharing.substituters import Substituters
    from envmgr.sharing.trust import Trust

    def say(text: str) -> None:
        notice(Event("warned", "caches", text=text))

    in_order = sorted(settings.cache.items(), key=lambda item: (item[1].priority, item[0]))
    caches = [Cache(name, cache) for name, cache in in_order]
    with Substituters(
        [cache for cache in caches if not (work["offline"] and cache.is_remote)],
        Trust.of(settings),
        say=say,
        memory=Path(places.cache()),
        sandboxed=work["sandbox"] == "required",
    ) as substituters:
        yield Copying(store, substituters, timeout=work["time_limit"], notice=notice)
