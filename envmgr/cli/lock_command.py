"""`envmgr lock`: pin what is built, from what, and what must come of it."""

import os
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import Notice, watching
from envmgr.cli.options import complete_recipe, set_option, system_option, work_options
from envmgr.cli.project import Project
from envmgr.cli.realizing import realizing
from envmgr.manifest import FileEntry, sketch
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, UsageError
from envmgr.model.lockfile import EntryKey, Locked, LockedSource, Lockfile, Root
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.recipe import SYSTEM, Override, Recipe
from envmgr.model.source import WheelsSource
from envmgr.network.package_index import users_index
from envmgr.network.resolve import resolve, show
from envmgr.planning.locked_plan import describe, hold, read
from envmgr.store.durable import write_file, writing
from envmgr.store.store import Store

USUAL = Path("recipes.lock")


class Checked(TypedDict):
    """The lockfile fits the recipes (--check)."""

    lock: Path
    up_to_date: bool


class Written(TypedDict):
    """The lockfile, and whether its text is another one now."""

    lock: Path
    changed: bool
    entries: int
    unproven: int
    """Entries whose output nobody has built yet, and which pin none."""
    out_of_date: list[Root]
    """Other roots of the lockfile that are not as the recipes are now; `--lock` refuses them."""


@click.command("lock")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_recipe)
@set_option()
@system_option()
@click.option("--lock", type=click.Path(path_type=Path), default=USUAL, show_default=True, help="The file.")
@click.option("--check", is_flag=True, help="Change nothing; exit 4 where the lockfile is out of date.")
@click.option("--update", is_flag=True, help="First resolve the wheels of the NAMEs' environments anew.")
@click.option(
    "--no-realize", is_flag=True, help="Pin down to the derivations; keep the outputs that are pinned already."
)
@work_options()
@click.pass_obj
@answers("lock")
def command(
    project: Project,
    /,
    *,
    names: tuple[str, ...],
    axes: dict[str, str],
    system: str,
    lock: Path,
    check: bool,
    update: bool,
    no_realize: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Checked | Written]:
    """Lock NAMEs with the axes that are set; without NAMEs, lock all roots again and drop what they need no more.

    Where another root is out of date, because a recipe that it shares was changed, a warning names it.

    What is for another system than this host's is pinned down to the derivations, and its outputs are left as they are.
    """
    before = read(lock) if lock.is_file() or check else Lockfile()
    here = project.facts.system
    roots = [Root(recipe=name, system=system or here, set=axes) for name in names] or [
        root for root in before.root if system in ("", root.system)
    ]
    if not roots:
        raise UsageError(f"{lock} has nothing to lock again", fix="name a recipe: envmgr lock NAME")
    if update:
        _update(project, dict.fromkeys(root.recipe for root in roots), system)
    planners = {name: project.planner_with({}, name) for name in {root.system for root in roots}}
    planned = [(root, planners[root.system].plan(root.recipe, root.set)) for root in roots]
    if check:
        for _, node in planned:
            hold(node, before)
        return Answer({"lock": lock, "up_to_date": True}, f"{lock} is up to date")
    with project.store() as store, watching(stream=work["stream"]) as notice:
        after, pinned = before if names else before.without(planners), before.entries()
        for root, node in planned:
            done = {} if no_realize or root.system != here else _realized(project, store, node, work, notice)
            after = after.with_entries(root, [_entry(item, done, store, pinned) for item in node.walk() if item.recipe])
    changed = after.show() != (lock.read_text() if lock.is_file() else "")
    if changed:
        _write(lock, after.show())
    entries, unproven = len(after.entry), sum(entry.is_unproven for entry in after.entry)
    said = f"{lock}: {entries} entries, {unproven} of them without an output, {'written' if changed else 'unchanged'}"
    stale = _out_of_date(project, after, {root.key for root in roots})
    return Answer(
        {"lock": lock, "changed": changed, "entries": entries, "unproven": unproven, "out_of_date": stale},
        said,
        warnings=[_warning(lock, stale)] if stale else [],
    )


def _out_of_date(project: Project, lockfile: Lockfile, but: Collection[EntryKey]) -> list[Root]:
    """The roots of a lockfile, but for some, that are not as the recipes are."""
    planners = {system: project.planner_with({}, system) for system in {root.system for root in lockfile.root}}

    def fits(root: Root) -> bool:
        try:
            hold(planners[root.system].plan(root.recipe, root.set), lockfile)
        except EnvmgrError:
            return False
        return True

    return [root for root in lockfile.root if root.key not in but and not fits(root)]


def _warning(lock: Path, stale: Sequence[Root]) -> str:
    where = [] if lock == USUAL else ["--lock", str(lock)]
    commands = "; ".join(shlex.join(["envmgr", "lock", *_words(root), *where]) for root in stale)
    return f"out of date in the lockfile, and refused by --lock until they are locked again: {commands}"


def _words(root: Root) -> Iterator[str]:
    """The arguments that name a root."""
    yield root.recipe
    for axis, value in root.set.items():
        yield from ("--set", f"{axis}={value}")
    if root.system != Root(recipe=root.recipe).system:
        yield from ("--system", root.system)


def _write(lock: Path, text: str) -> None:
    """Replace the lockfile as a whole: whoever is interrupted here still has the old one."""
    with writing(lock), TemporaryDirectory(dir=lock.parent, prefix=f".{lock.name}-") as scratch:
        write_file(lock, text.encode(), scratch=Path(scratch))


def _realized(
    project: Project, store: Store, node: Node, work: Mapping[str, Any], notice: Notice
) -> dict[Digest, Realisation]:
    """Every recipe of the plan, also those that nothing but a build needs: the lockfile pins their outputs too."""
    with realizing(project, store, work, notice) as realizer:
        return realizer.realize([item for item in node.walk() if item.recipe and not item.run], {})


def _entry(node: Node, done: Mapping[Digest, Realisation], store: Store, before: Mapping[EntryKey, Locked]) -> Locked:
    """The entry with its output: as it came out now, else as it was pinned for the same derivation."""
    entry = describe(node)
    pinned = before.get(entry.key)
    if pinned is None or pinned.derivation != node.digest:
        pinned = entry
    got = done.get(node.digest)
    if got is None:
        return pinned
    return entry.model_copy(
        update={
            "store_path": got.store_path,
            "manifest": got.manifest,
            "contents": sketch(store.manifest(got.store_path)),
            "sources": {
                role: _with_sha256(source, node.inputs[role], pinned.sources[role], store)
                for role, source in entry.sources.items()
            },
        }
    )


def _with_sha256(source: LockedSource, node: Node, pinned: LockedSource, store: Store) -> LockedSource:
    """A source that only an MD5 was published of, with the SHA-256 that the first fetch found."""
    if source.sha256 or not source.md5:
        return source
    for realisation in store.realisations_of(node.digest):
        (file,) = (item for item in store.manifest(realisation.store_path).entries if isinstance(item, FileEntry))
        return source.model_copy(update={"sha256": file.sha256, "size": file.size})
    return pinned


def _update(project: Project, names: Iterable[str], system: str) -> None:
    """Resolve the wheels of these recipes for every interpreter ABI that they know, and write the files of pins.

    `system` is the only one whose wheels are resolved; empty: all that a recipe has wheels of.
    """
    index = users_index(os.environ)
    for name in names:
        recipe = project.catalog.recipe(name)
        for source, of in _wheels(recipe, project.facts.system):
            if system not in ("", of):
                continue
            if project.catalog.is_imported(name):
                raise UsageError(
                    f"{name} is imported: its wheels are pinned where it is at home",
                    where=str(project.catalog.file(name)),
                    fix="update it there",
                )
            pinned = {abi: resolve(source.requirements, abi, of, index) for abi in _abis(recipe)}
            (project.recipes / source.path).write_text(show(pinned, name))


def _wheels(recipe: Recipe, here: str) -> Iterator[tuple[WheelsSource, str]]:
    """The wheels that a recipe may be made from, and the system that they are for.

    Where the axis `system` has none of its own for a system, that is the one of all others; without the axis, this
    host's.
    """
    systems = recipe.variants[SYSTEM].values if SYSTEM in recipe.variants else {here: Override()}
    own = {of: [value.sources] for of, value in systems.items()}
    changes = [
        value.sources for name, axis in recipe.variants.items() if name != SYSTEM for value in axis.values.values()
    ]
    common = next((of for of, value in systems.items() if not value.sources), here)
    own[common] = [recipe.sources, *changes]
    for of, tables in own.items():
        yield from ((source, of) for table in tables for source in table.values() if isinstance(source, WheelsSource))


def _abis(recipe: Recipe) -> list[str]:
    return list(recipe.variants["python"].values)
