"""`envmgr verify`: hold every byte of the store against its manifest, and runs against their records."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import Notice, watching
from envmgr.cli.operand import objects
from envmgr.cli.options import complete_recipe, set_option, work_options
from envmgr.cli.project import NoCheckoutError, Project
from envmgr.cli.proof import (
    HeldRun,
    Proved,
    closure_of,
    fault_of,
    handed_on,
    held,
    held_line,
    proved,
    proved_line,
    proved_there,
    runs_among,
)
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, IntegrityError, UsageError
from envmgr.model.event import Event
from envmgr.model.run_record import AnyRecord, Recorded
from envmgr.model.store_path import StorePath
from envmgr.store.contradiction import unindexed
from envmgr.store.store import Store
from envmgr.store.verify import Damage, verify

if TYPE_CHECKING:
    from envmgr.model.node import Node

_SHOWN = 5


class DamagedStoreError(IntegrityError):
    """Objects of the store are not what they were."""

    def __init__(self, damaged: Sequence[StorePath], root: Path, *, fix: str) -> None:
        self.damaged = tuple(damaged)
        super().__init__(f"{len(damaged)} objects of this store are damaged", where=str(root), fix=fix)


class Damaged(TypedDict):
    """One object, and the paths below it that are not as its manifest says."""

    store_path: StorePath
    what: str
    changes: list[str]
    repaired: bool
    """With --repair: whether it is whole now."""
    why_not: str
    """With --repair: why it could not be repaired; it is as it was."""


class Verified(TypedDict):
    """What was read."""

    objects: int
    damages: list[Damaged]
    runs: list[HeldRun]
    """The runs that were named, each against its record."""
    proved: list[Proved]
    """With --provenance: who vouches for what."""


class Rebuilt(TypedDict):
    """What the new index holds, and the files that could not be used for it."""

    objects: int
    realisations: int
    unused: list[Path]


@click.command("verify")
@click.argument("what", nargs=-1, metavar="[NAME|PATH|RUN|FOLDER]...", shell_complete=complete_recipe)
@set_option()
@work_options()
@click.option("--repair", is_flag=True, help="Copy, build or fetch again what is damaged.")
@click.option(
    "--provenance",
    "signed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Signed statements, which must hold for all that is named.",
)
@click.option("--rebuild-db", is_flag=True, help="Make the index again from the files beside it, and stop.")
@click.pass_obj
@answers("verify")
def command(
    project: Project,
    /,
    *,
    what: Sequence[str],
    axes: dict[str, str],
    signed: Path | None,
    repair: bool,
    rebuild_db: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Verified | Rebuilt]:
    """Read every byte, mode and link of the store, or of objects with all that they refer to (exit 7 for damage).

    Of a run that is all that it could see; its files are held against its record, by digest. With --provenance a key
    that you trust must have signed what is here: the run's record, its logs and its closure, or the object. A FOLDER is
    what `publish --to dir` wrote of a run: its record and logs, held against the statements in it; no store is needed.

    Nothing is changed without --repair. What is damaged is then copied from a binary cache, or built or fetched again,
    as the recipes at hand and the derivations in the store say. It is replaced by exactly what it was, or left.
    """
    if rebuild_db:
        if what or repair or signed:
            raise UsageError("--rebuild-db stands alone", fix="first verify --rebuild-db, then verify again")
        return _rebuilt(project)
    if signed and not what:
        raise UsageError("--provenance of what?", fix="name a run, a store path or a recipe as well")
    if folders := handed_on(what):
        return _handed_on(folders, what, signed, repair=repair)
    with project.store() as store, watching(stream=work["stream"]) as notice:
        proofs = proved(project, store, what, axes, signed) if signed else []
        runs, others = runs_among(store, what)
        paths = _asked(project, store, runs, others, axes) if what else None
        held_runs = [held(store.layout.runs / run.id, run) for run in runs]
        warnings = [] if what else _index_faults(store)
        count = store.statistics().objects if paths is None else len(paths)
        damages = verify(store, paths, progress=lambda path: notice(Event("progressed", str(path), "verify")))
        failures = _repair(project, store, damages, axes, work=work, notice=notice) if repair and damages else {}
    left = [damage.store_path for damage in damages if not repair or damage.store_path in failures]
    data = [_data(damage, failures, repair=repair) for damage in damages]
    fix = "they are as they were; the reasons stand above" if repair else "envmgr verify --repair"
    if any(damage.index_is_wrong for damage in damages):
        fix = "envmgr verify --rebuild-db"
    lines = [line for damage in data for line in _lines(damage)]
    lines += [*map(held_line, held_runs), *map(proved_line, proofs)]
    return Answer(
        {"objects": count, "damages": data, "runs": held_runs, "proved": proofs},
        "\n".join([*lines, _total(count, len(damages), len(left))]),
        warnings=warnings,
        failure=DamagedStoreError(left, project.store_root, fix=fix) if left else fault_of(held_runs),
    )


def _handed_on(
    folders: Mapping[Path, AnyRecord], what: Sequence[str], signed: Path | None, *, repair: bool
) -> Answer[Verified | Rebuilt]:
    """Verify runs that were handed on."""
    if repair or len(folders) < len(set(what)):
        raise UsageError("runs that were handed on are verified alone", fix="name their folders, and nothing else")
    runs = [held(folder, record) for folder, record in folders.items()]
    proofs = [proof for folder, record in folders.items() for proof in proved_there(folder, record, signed)]
    unproved = sorted({run["run"] for run in runs} - {proof["about"] for proof in proofs})
    return Answer(
        {"objects": 0, "damages": [], "runs": runs, "proved": proofs},
        "\n".join([*map(held_line, runs), *map(proved_line, proofs)]),
        warnings=[f"nobody vouches for the record of {run}: there is no statement beside it" for run in unproved],
        failure=fault_of(runs),
    )


def _index_faults(store: Store) -> list[str]:
    """Warnings of what the index does not know.

    Raises:
        DamagedIndexError: it contradicts itself.
    """
    store.database.require_whole()
    objects, realisations = unindexed(store.layout, store.database)
    if not objects and not realisations:
        return []
    what = f"{len(objects)} objects and {realisations} realisations lie here that the index does not know"
    named = f": {', '.join(map(str, objects[:_SHOWN]))}" if objects else ""
    return [f"{what}{named} (`envmgr verify --rebuild-db` takes them in, `envmgr gc` deletes the objects)"]


def _asked(
    project: Project, store: Store, runs: Sequence[Recorded], others: Sequence[str], axes: dict[str, str]
) -> Collection[StorePath]:
    """The closure of all that was named: of runs and of other things."""
    named = [path for name in others for path in objects(project, store, name, axes)]
    return store.database.closure([*named, *closure_of(runs)])


def _repair(
    project: Project,
    store: Store,
    damages: Sequence[Damage],
    axes: dict[str, str],
    *,
    work: Mapping[str, Any],
    notice: Notice,
) -> Mapping[StorePath, EnvmgrError]:
    """Repair what can be repaired; why the others cannot."""
    from envmgr.cli.realizing import realizing
    from envmgr.repair import Repairs

    with realizing(project, store, work, notice) as realizer:
        repairs = Repairs(realizer, [damage.store_path for damage in damages], dict(_known(project, axes)))
        repairs.run()
    return repairs.failures


def _known(project: Project, axes: dict[str, str]) -> "Iterator[tuple[Digest, Node]]":
    """What the recipes at hand say of derivations; those that can't be planned here say nothing."""
    with suppress(NoCheckoutError):
        for name in project.catalog.names():
            with suppress(EnvmgrError):
                yield from ((node.digest, node) for node in project.planner.plan(name, axes).walk())


def _data(damage: Damage, failures: Mapping[StorePath, EnvmgrError], *, repair: bool) -> Damaged:
    failure = failures.get(damage.store_path)
    return {
        "store_path": damage.store_path,
        "what": damage.what,
        "changes": [change.path for change in damage.changes],
        "repaired": repair and failure is None,
        "why_not": failure.message if failure else "",
    }


def _lines(damage: Damaged) -> Iterator[str]:
    yield f"{damage['store_path']}: {damage['what']}"
    yield from (f"    {change}" for change in damage["changes"])
    if damage["repaired"]:
        yield "    repaired"
    if damage["why_not"]:
        yield f"    not repaired: {damage['why_not']}"


def _total(objects: int, damaged: int, left: int) -> str:
    repaired = f", {damaged - left} repaired" if damaged > left else ""
    return f"{objects} objects, {damaged} damaged{repaired}"


def _rebuilt(project: Project) -> Answer[Verified | Rebuilt]:
    from envmgr.store import rebuild

    done = rebuild.rebuild_db(project.store_root)
    unused = [f"not used: {file}: {why}" for file, why in done.unused]
    return Answer(
        {"objects": done.objects, "realisations": done.realisations, "unused": [file for file, _ in done.unused]},
        f"the index is made anew: {done.objects} objects, {done.realisations} realisations",
        warnings=unused,
    )
