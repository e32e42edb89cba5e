"""The folders of recipes that a project imports; what is imported from a commit is fetched, and kept."""

from pathlib import Path
from typing import Any

import click

from envmgr import places
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.model.digest import Digest
from envmgr.model.errors import InvalidInputError
from envmgr.model.node import Node
from envmgr.model.project_file import Import, InstalledImport, PathImport, ProjectFile
from envmgr.model.source import GitSource
from envmgr.planning.sources import source_derivation
from envmgr.store.roots import Root
from envmgr.toml.file import TomlFileError, read_toml
from envmgr.toml.position import find


class ProjectFileError(TomlFileError):
    """`envmgr.toml` is not what it should be."""


class NoRecipesError(InvalidInputError):
    """What a project imports has no recipes."""

    def __init__(self, name: str, folder: Path, where: str) -> None:
        self.name, self.folder = name, folder
        super().__init__(f"import {name}: no folder `recipes/` in {folder}", where=where, fix="name another folder")


def folders(project: Project) -> list[Path]:
    """The folders, in the order of the project's file.

    Raises:
        ProjectFileError: the file is not valid.
        NoRecipesError: there are no recipes where the file leads.
        FetchError, IntegrityError: a commit can't be had, or is not what was pinned.
    """
    file = read_toml(project.file, ProjectFile, fault=ProjectFileError)
    found: list[Path] = []
    for name, item in file.imports.items():
        folder = _top(project, name, item) / "recipes"
        if not folder.is_dir():
            line = find(project.file.read_text(), ["import", name]).line
            raise NoRecipesError(name, folder.parent, f"{project.file}:{line}")
        found.append(folder)
    return found


def _top(project: Project, name: str, item: Import) -> Path:
    match item:
        case InstalledImport():
            return Path(places.own())
        case PathImport(path=path):
            return (project.file.parent / path).resolve()
        case GitSource():
            return _fetched(project, name, item)


def _fetched(project: Project, name: str, source: GitSource) -> Path:
    """The tree of a commit, which is an object like any other: fetched once, and kept as long as the file is there."""
    node = Node(derivation=source_derivation(source, project.recipes), source=source)
    if (store := project.store_if_any()) and (known := store.realisations_of(node.digest)):
        return store.folder(known[0].store_path)
    from envmgr.cli.realizing import realizing

    with (
        project.store() as store,
        watching(stream=False) as notice,
        realizing(project, store, _work(), notice) as realizer,
    ):
        path = realizer.realize([node], {})[node.digest].store_path
        root = Digest.of(f"{project.file} {name}".encode()).hex[:16]
        store.add_root(Root("import", root, (path,), f"{project.file} imports {name}", anchor=str(project.file)))
        return store.folder(path)


def _work() -> dict[str, Any]:
    """How the command that needs the recipes was told to work, as far as it has options for that."""
    given = click.get_current_context().params
    usual = {"jobs": None, "offline": False, "sandbox": "preferred", "no_caches": False, "time_limit": 3600.0}
    return {name: given.get(name, value) for name, value in usual.items()}
