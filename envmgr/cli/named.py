"""What a NAME of the command line stands for: a recipe, which is realised, or a store path that is there.

A recipe is its output; a benchmark, which has none, is the outputs that it runs with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envmgr.cli.live import Notice
from envmgr.cli.operand import planned, store_path
from envmgr.cli.project import Project, doubtful, keep_lockfile, locked
from envmgr.model.digest import Digest
from envmgr.model.event import Event
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.store.db import NotValidError
from envmgr.store.store import Store

if TYPE_CHECKING:
    from envmgr.model.node import Node


@dataclass(frozen=True)
class Named:
    """A name, its plan if it is a recipe's, and the objects that it stands for."""

    name: str
    node: "Node | None"
    paths: tuple[StorePath, ...]


def named(
    project: Project,
    store: Store,
    names: Sequence[str],
    *,
    axes: dict[str, str],
    lock: Path | None,
    work: Mapping[str, Any],
    notice: Notice,
) -> list[Named]:
    """What some names stand for, realised and held; `work` has the shared options.

    Raises:
        NotValidError: a store path was named that is not valid.
        EnvmgrError: a recipe could not be realised.
    """
    given = {name: path for name in names if (path := store_path(name))}
    store.hold(given.values())
    if gone := [path for path in given.values() if store.object(path) is None]:
        raise NotValidError(store.layout.index, gone)
    nodes = {name: planned(project, name, axes) for name in names if name not in given}
    done: Mapping[Digest, Realisation] = {}
    if nodes:
        from envmgr.cli.realizing import realizing

        lockfile, expected = locked(list(nodes.values()), lock)
        for doubt in doubtful(list(nodes.values()), lockfile):
            notice(Event("warned", "lockfile", text=doubt))
        with realizing(project, store, work, notice) as realizer:
            done = realizer.realize(list(nodes.values()), expected)
        keep_lockfile(store, lock, (path for node in nodes.values() for path in _paths(node, done)))
    return [
        Named(name, nodes[name], _paths(nodes[name], done)) if name in nodes else Named(name, None, (given[name],))
        for name in dict.fromkeys(names)
    ]


def _paths(node: "Node", done: Mapping[Digest, Realisation]) -> tuple[StorePath, ...]:
    return tuple(done[item.digest].store_path for item in (node.inputs.values() if node.run else [node]))
