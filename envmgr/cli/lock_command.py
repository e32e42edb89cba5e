"""`envmgr lock`: pin what is built, from what, and what must come of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import Notice, watching
from envmgr.cli.options import complete_recipe, set_option, work_options
from envmgr.cli.project import Project
from envmgr.cli.realizing import realizing
from envmgr.manifest import FileEntry, sketch
from envmgr.model.digest import Digest
from envmgr.model.errors import UsageError
from envmgr.model.lockfile import EntryKey, Locked, LockedSource, Lockfile, Root
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.recipe import Recipe
from envmgr.model.source import WheelsSource
from envmgr.network.package_index import users_index
from envmgr.network.resolve import resolve, show
from envmgr.planning.locked_plan import describe, hold, read
from envmgr.store.durable import write_file, writing
from envmgr.store.store import Store


class Checked(TypedDict):
    """The lockfile fits the recipes (--check)."""

    lock: Path
    up_to_date: bool


class Written(TypedDict):
    """The lockfile, and whether its text is another one now."""

    lock: Path
    changed: bool
    entries: int


@click.command("lock")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_recipe)
@set_option()
@click.option(
    "--lock", type=click.Path(path_type=Path), default=Path("recipes.lock"), show_default=True, help="The file."
)
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
    lock: Path,
    check: bool,
    update: bool,
    no_realize: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Checked | Written]:
    """Lock NAMEs with the axes that are set; without NAMEs, lock all roots again and drop what they need no more."""
    before = read(lock) if lock.is_file() or check else Lockfile()
    roots = [Root(recipe=name, set=axes) for name in names] or list(before.root)
    if not roots:
        raise UsageError(f"{lock} has nothing to lock again", fix="name a recipe: envmgr lock NAME")
    if update:
        _update(project, [root.recipe for root in roots])
    planned = [(root, project.planner.plan(root.recipe, root.set)) for root in roots]
    if check:
        for _, node in planned:
            hold(node, before)
        return Answer({"lock": lock, "up_to_date": True}, f"{lock} is up to date")
    with project.store() as store, watching(stream=work["stream"]) as notice:
        after, pinned = before if names else before.of_other_systems(project.facts.system), before.entries()
        for root, node in planned:
            done = {} if no_realize else _realized(project, store, node, work, notice)
            after = after.with_entries(root, [_entry(item, done, store, pinned) for item in node.walk() if item.recipe])
    changed = after.show() != (lock.read_text() if lock.is_file() else "")
    if changed:
        _write(lock, after.show())
    return Answer(
        {"lock": lock, "changed": changed, "entries": len(after.entry)},
        f"{lock}: {len(after.entry)} entries, {'written' if changed else 'unchanged'}",
    )


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


def _update(project: Project, names: list[str]) -> None:
    """Resolve the wheels of these recipes for every interpreter ABI that they know, and write the files of pins."""
    index = users_index(os.environ)
    for name in names:
        recipe = project.catalog.recipe(name)
        changes = [value.sources for axis in recipe.variants.values() for value in axis.values.values()]
        for source in (source for sources in (recipe.sources, *changes) for source in sources.values()):
            if isinstance(source, WheelsSource):
                if project.catalog.is_imported(name):
                    raise UsageError(
                        f"{name} is imported: its wheels are pinned where it is at home",
                        where=str(project.catalog.file(name)),
                        fix="update it there",
                    )
                pinned = {abi: resolve(source.requirements, abi, project.facts.system, index) for abi in _abis(recipe)}
                (project.recipes / source.path).write_text(show(pinned, name))


def _abis(recipe: Recipe) -> list[str]:
    return list(recipe.variants["python"].values)
