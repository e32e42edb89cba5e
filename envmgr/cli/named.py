"""What a NAME of the command line stands for: a recipe, which is realised, or a store path that is there.

A recipe is its output; a benchmark, which has none, is the outputs that it runs with.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envmgr.builders.sandbox import executor
from envmgr.cli.live import Notice
from envmgr.cli.operand import store_path
from envmgr.cli.options import realize_options
from envmgr.cli.project import Project, keep_lockfile, locked
from envmgr.model.store_path import StorePath
from envmgr.realize import Realizer
from envmgr.store.db import NotValidError
from envmgr.store.store import Store


def objects(
    project: Project,
    store: Store,
    names: Sequence[str],
    *,
    axes: dict[str, str],
    lock: Path | None,
    work: Mapping[str, Any],
    notice: Notice,
) -> list[StorePath]:
    """The objects that some names stand for, in their order, realised and held; `work` has the shared options.

    Raises:
        NotValidError: a store path was named that is not valid.
        EnvmgrError: a recipe could not be realised.
    """
    given = {name: path for name in names if (path := store_path(name))}
    store.hold(given.values())
    if gone := [path for path in given.values() if store.object(path) is None]:
        raise NotValidError(store.layout.index, gone)
    nodes = {name: project.planner.plan(name, axes) for name in names if name not in given}
    if not nodes:
        return [given[name] for name in names]
    _, expected = locked(list(nodes.values()), lock)
    held = executor(work["sandbox"])
    realizer = Realizer(store, held, checkout=project.recipes, options=realize_options(work), notice=notice)
    done = realizer.realize(list(nodes.values()), expected)
    found = {name: [path] for name, path in given.items()}
    for name, node in nodes.items():
        found[name] = [done[item.digest].store_path for item in (node.inputs.values() if node.run else [node])]
    keep_lockfile(store, lock, (path for name in nodes for path in found[name]))
    return list(dict.fromkeys(path for name in names for path in found[name]))
