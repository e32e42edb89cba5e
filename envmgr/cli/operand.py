"""What people name on the command line: a store path, or a recipe that stands for what it came to in this store."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from envmgr.cli.project import Project
from envmgr.model.errors import InvalidInputError
from envmgr.model.store_path import StorePath
from envmgr.store.db import NotValidError
from envmgr.store.store import Store

if TYPE_CHECKING:
    from envmgr.model.node import Node


class NotRealisedError(InvalidInputError):
    """A recipe has come to nothing in this store, and what is asked needs its object."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is not realised in this store", fix=f"envmgr realize {name}")


def store_path(what: str) -> StorePath | None:
    """The store path that a text is, or that names the object in which a path lies; None where it is neither."""
    for part in PurePath(what).parts:
        try:
            return StorePath.parse(part)
        except ValueError:
            continue
    return None


def planned(project: Project, name: str, axes: dict[str, str]) -> "Node":
    """The plan of a recipe.

    Raises:
        UnknownNameError: there is no recipe of that name; a store path would have served as well.
    """
    from envmgr.planning.catalog import UnknownNameError

    names = project.catalog.names()
    if name not in names:
        raise UnknownNameError("recipe or store path", name, names)
    return project.planner.plan(name, axes)


def objects(project: Project, store: Store, what: str, axes: dict[str, str]) -> list[StorePath]:
    """The object that a store path or a recipe names; of a run, which has none, the objects of its inputs.

    Raises:
        NotValidError: the store has no such object.
        NotRealisedError: the recipe is not realised.
        UnknownNameError: it is neither a store path nor a recipe.
    """
    path = store_path(what)
    if path is None:
        return realised(store, planned(project, what, axes))
    if store.object(path) is None:
        raise NotValidError(store.layout.index, [path])
    return [path]


def realised(store: Store, node: "Node") -> list[StorePath]:
    """What a plan came to: as `realize` answers it.

    Raises:
        NotRealisedError: it is not realised, or an input of a run is not.
    """
    return [_realised(store, item) for item in (node.inputs.values() if node.run else [node])]


def _realised(store: Store, node: "Node") -> StorePath:
    found = store.realisations_of(node.digest)
    if not found:
        raise NotRealisedError(node.recipe or node.derivation.label)
    return found[0].store_path


def within(node: "Node", name: str) -> "list[Node]":
    """The nodes of a plan that a name stands for: those of a recipe; where there are none, sources of that name."""
    recipes = [item for item in node.walk() if item.recipe == name]
    return recipes or [item for item in node.walk() if item.is_source and item.derivation.name == name]
