"""`envmgr realize`: have it, copy it, or build it, and print where it is."""

import sys
import time
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr import realize_hot
from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.options import (
    complete_recipe,
    lock_option,
    set_option,
    system_option,
    with_option,
    work_options,
)
from envmgr.cli.out_link import keep_by_links, links_of
from envmgr.cli.project import Project, doubtful, keep_lockfile, keep_printed, locked
from envmgr.cli.realizing import realizing
from envmgr.model.errors import UsageError
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.planning.replacement import Replacement
from envmgr.rebuild import RebuildDiffersError, SecondBuild, build_again
from envmgr.store.store import Store
from envmgr.survey import Survey


class Output(Realisation):
    """What a recipe came to."""

    name: str
    """The recipe's."""
    axes: dict[str, str]
    """Those that decide what the output is."""


class Realised(TypedDict):
    """The outputs in the order in which recipes were named; runs have none."""

    outputs: list[Output]


class Again(Realised):
    """What --rebuild found."""

    rebuilt: list[SecondBuild]
    """What was built again, in the order in which it ended."""


class Surveyed(TypedDict):
    """What realising would do (--dry-run): labels of what would be built and fetched, and objects to be copied."""

    present: int
    build: list[str]
    build_bytes: int
    """About how many bytes they leave, as far as their recipes say."""
    fetch: list[str]
    fetch_bytes: int
    copy: list[StorePath]
    copy_bytes: int


@click.command("realize", short_help="Have it, copy it, or build it; prints the path.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_recipe)
@lock_option()
@set_option()
@with_option()
@system_option()
@work_options()
@click.option(
    "--out-link",
    type=click.Path(path_type=Path),
    metavar="LINK",
    help="Let LINK lead to the object (LINK-2 to the second), and keep it as long as it does.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be fetched and built, and do nothing.")
@click.option("--rebuild", is_flag=True, help="Build again beside what is there, and compare.")
@click.option("--closure", is_flag=True, help="With --rebuild: everything that was built on the way as well.")
@click.option("--keep-going", is_flag=True, help="After a failure, finish what does not depend on it.")
@click.option("--keep-failed", is_flag=True, help="Keep the folder of a failed build, or of a rebuild that differs.")
@click.pass_obj
@answers("realize")
def command(
    project: Project,
    /,
    *,
    names: tuple[str, ...],
    lock: Path | None,
    axes: dict[str, str],
    replacements: dict[str, Replacement],
    system: str,
    out_link: Path | None,
    dry_run: bool,
    rebuild: bool,
    closure: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Realised | Again | Surveyed]:
    """Realise recipes and print the paths of their objects, the last line alone on stdout."""
    if closure and not rebuild:
        raise UsageError("--closure says what is built again", fix="--rebuild --closure")
    began = time.time_ns()
    nodes = project.plan(names, axes, replacements, system)
    artifacts = [node for node in nodes if node.run is None]
    links = links_of(out_link, len(artifacts))
    seen = realize_hot.look(project.watched(nodes, lock), began)
    lockfile, expected = locked(nodes, lock)
    doubts = doubtful(nodes, lockfile)
    with (
        project.store() as store,
        watching(stream=work["stream"]) as notice,
        realizing(project, store, work, notice) as realizer,
    ):
        if dry_run:
            return _survey(realizer.survey(nodes, expected))
        done = realizer.realize(nodes, expected)
        again = build_again(realizer, nodes, expected, closure=closure) if rebuild else []
        paths = [done[node.digest].store_path for node in artifacts]
        kept = keep_lockfile(store, lock, paths)
        keep_by_links(store, zip(links, paths, strict=False))
        spared = paths and keep_printed(store, paths)
        if seen and spared and not rebuild and not links and not doubts:
            _remember(store, paths, spared, realize_hot.with_now(seen, str(kept)) if kept else seen)
    outputs = [Output(name=node.recipe, axes=dict(node.axes), **dict(done[node.digest])) for node in artifacts]
    data: Realised | Again = Again(outputs=outputs, rebuilt=again) if rebuild else Realised(outputs=outputs)
    if different := [item for item in again if item.entries]:
        return Answer(data, warnings=doubts, failure=RebuildDiffersError(different))
    return Answer(data, "\n".join(str(store.layout.object(path)) for path in paths), warnings=doubts)


def _survey(survey: Survey) -> Answer[Realised | Again | Surveyed]:
    data: Surveyed = {
        "present": len(survey.present),
        "build": [node.derivation.label for node in survey.builds],
        "build_bytes": survey.build_bytes,
        "fetch": [node.derivation.label for node in survey.fetches],
        "fetch_bytes": survey.fetch_bytes,
        "copy": list(survey.objects),
        "copy_bytes": survey.copy_bytes,
    }
    lines = [f"{act} {label}" for act in ("build", "fetch", "copy") for label in data[act]]
    return Answer(data, "\n".join([*lines, str(survey)]))


def _remember(store: Store, paths: list[StorePath], spared: str, seen: realize_hot.Seen) -> None:
    """Let the next call with these arguments answer at once; not those that ask elsewhere, or for another form."""
    arguments = sys.argv[1:]
    if arguments[0] == "realize" and not any(argument.startswith("--json") for argument in arguments):
        printed, objects = [str(path) for path in paths], [str(path) for path in store.closure(paths)]
        realize_hot.remember(arguments, str(store.root), spared=spared, printed=printed, objects=objects, seen=seen)
