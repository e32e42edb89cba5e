"""Where this command works: the checkout with its recipes, and the store.

The store is, in this order: `--store`, `ENVMGR_STORE`, `store/` of the checkout, the user's data folder. The recipes
are those of the nearest folder upward that has `recipes/`.
"""

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr import places
from envmgr.model.digest import Digest
from envmgr.model.errors import InvalidInputError
from envmgr.model.store_path import StorePath

if TYPE_CHECKING:  # a command waits only for what it needs
    from envmgr.config import Config
    from envmgr.model.host import HostFacts
    from envmgr.model.lockfile import Expected, Lockfile
    from envmgr.model.node import Node
    from envmgr.planning.catalog import Catalog
    from envmgr.planning.plan import Planner
    from envmgr.planning.replacement import Replacement
    from envmgr.store.store import Store


class NoCheckoutError(InvalidInputError):
    """No folder upward has recipes."""

    def __init__(self, start: Path) -> None:
        self.start = start
        super().__init__(f"no folder `recipes/` here or above: {start}", fix="go to a checkout, or name --recipes")


@dataclass(frozen=True)
class Project:
    """One checkout and one store, as the command line named them."""

    recipes_option: Path | None = None
    store_option: Path | None = None
    below_option: tuple[Path, ...] = ()

    @cached_property
    def recipes(self) -> Path:
        """The folder of the recipes."""
        if self.recipes_option is not None:
            return self.recipes_option.resolve()
        top = places.checkout(str(Path.cwd()))
        if top is None:
            raise NoCheckoutError(Path.cwd())
        return Path(top) / "recipes"

    @property
    def file(self) -> Path:
        """The file that says what the project imports; it need not be there."""
        return self.recipes.parent / "envmgr.toml"

    @cached_property
    def store_root(self) -> Path:
        """Where the store lies, or will lie."""
        start = self.recipes_option or Path.cwd()
        return Path(places.store(str(self.store_option) if self.store_option else None, str(start)))

    @cached_property
    def config(self) -> "Config":
        """The user's configuration."""
        from envmgr.config import read_config

        return read_config(Path(places.config()))

    @cached_property
    def below(self) -> list[Path]:
        """The stores below the own one: those of `--below`, else of `$ENVMGR_BELOW`, else of the configuration."""
        named = os.environ.get("ENVMGR_BELOW", "")
        configured = [Path(places.config()) / path.expanduser() for path in self.config.stores.below]
        roots = self.below_option or [Path(path) for path in named.split(os.pathsep) if path] or configured
        return [root.absolute() for root in roots]

    @cached_property
    def facts(self) -> "HostFacts":
        """The facts of this host."""
        from envmgr.planning.probe import probe

        return probe()

    @cached_property
    def planner(self) -> "Planner":
        """Makes plans from the recipes for this host."""
        from envmgr.planning.plan import Planner

        return Planner(self.catalog, self.facts)

    @cached_property
    def catalog(self) -> "Catalog":
        """The recipes: the project's own, and those that it imports."""
        from envmgr.planning.catalog import Catalog

        if not self.file.is_file():
            return Catalog(self.recipes)
        from envmgr.cli.imported import folders

        return Catalog(self.recipes, folders(self))

    def planner_with(self, replacements: "Mapping[str, Replacement]", system: str = "") -> "Planner":
        """Makes plans in which other recipes stand in for some inputs, or for another system than this host's."""
        from envmgr.model.host import HostFacts
        from envmgr.planning.plan import Planner

        if system in ("", self.facts.system):
            return Planner(self.catalog, self.facts, replacements) if replacements else self.planner
        return Planner(self.catalog, HostFacts.of_system(system, self.facts.python.abi), replacements)

    def store(self, *, read_only: bool = False) -> "Store":
        """The store, opened."""
        from envmgr.store.store import Store

        if not Path(places.config(), "config.toml").exists():
            return Store.open(self.store_root, read_only=read_only)
        settings = self.config.store
        return Store.open(
            self.store_root, read_only=read_only, trust_locks=settings.trust_locks, optimise=settings.optimise
        )

    def store_if_any(self) -> "Store | None":
        """The store, opened for reading; None where there is none yet."""
        from envmgr.store.store import NoStoreError

        try:
            return self.store(read_only=True)
        except NoStoreError:
            return None

    def plan(
        self, names: tuple[str, ...], axes: dict[str, str], replacements: "Mapping[str, Replacement]", system: str = ""
    ) -> "list[Node]":
        """The plans of several recipes with the same axes and the same replaced inputs, for one system."""
        planner = self.planner_with(replacements, system)
        return [planner.plan(name, axes) for name in names]

    def watched(self, nodes: "list[Node]", lock: Path | None) -> list[str]:
        """Every file and folder that these plans came from, and that decides what is printed for them."""
        from envmgr.model.source import LocalSource
        from envmgr.planning.sources import local_path

        found = {(item.source, item.folder) for node in nodes for item in node.walk()}
        local = {(source, folder) for source, folder in found if isinstance(source, LocalSource) and folder}
        program = {module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "envmgr"}
        settings = (self.file, Path(places.config(), "config.toml"))
        paths = {*self.catalog.files, *settings, *map(Path, filter(None, program))} | ({lock} if lock else set())
        watched = {str(path.absolute()) for path in paths}
        for source, folder in local:
            watched.add(str((folder / source.path).absolute()))
            watched.update(_tree(local_path(source, folder).absolute(), source.excluded))
        return sorted(watched)


def _tree(top: Path, excluded: frozenset[str]) -> Iterator[str]:
    """What a local source is: its files and folders. A symlink is what its folder says."""
    yield str(top)
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in excluded]
        paths = (f"{folder}/{name}" for name in (*folders, *files) if name not in excluded)
        yield from (path for path in paths if not os.path.islink(path))  # noqa: PTH114  there may be many thousands


def keep_lockfile(store: "Store", lock: Path | None, paths: Iterable[StorePath]) -> Path | None:
    """Keep what a lockfile in use came to, as long as the lockfile is there; the root's file, if there is one.

    What other uses of it came to stays as well, if it is still what the lockfile pins.
    """
    if lock is None or store.read_only:
        return None
    from envmgr.store.roots import Root

    place = str(lock.absolute())
    name = Digest.of(place.encode()).hex[:16]
    root = Root("lockfile", name, tuple(sorted(set(paths))), f"lockfile {place}", anchor=place)
    return store.extend_root(root, lambda: _pinned(lock))


def _pinned(lock: Path) -> set[StorePath]:
    from envmgr.planning.locked_plan import read

    return {entry.store_path for entry in read(lock).entry if entry.store_path}


def keep_printed(store: "Store", paths: Iterable[StorePath]) -> str:
    """Keep what is about to be printed for some minutes; the name of its root, empty where nothing can be kept."""
    return store.spare(paths, f"printed by {shlex.join(['envmgr', *sys.argv[1:]])}")


def locked(nodes: "list[Node]", lock: Path | None) -> "tuple[Lockfile | None, dict[Digest, Expected]]":
    """The lockfile that was named, and the outputs that it pins for these plans; nothing where none was named."""
    if lock is None:
        return None, {}
    from envmgr.planning.locked_plan import hold, read

    lockfile = read(lock)
    expected: dict[Digest, Expected] = {}
    for node in nodes:
        expected |= hold(node, lockfile)
    return lockfile, expected


def doubtful(nodes: "list[Node]", lockfile: "Lockfile | None") -> list[str]:
    """What is to be said where the lockfile pins no output of something: that nothing was held against it."""
    from envmgr.planning.locked_plan import unproven

    names = ", ".join(unproven(nodes, lockfile)) if lockfile else ""
    said = f"the lockfile pins no output of {names}: what comes out is unproven, and `envmgr lock` writes it down"
    return [said] if names else []
