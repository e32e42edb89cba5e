"""`envmgr export`: a closure as one file, for machines without network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.named import Named, named
from envmgr.cli.options import complete_recipe, lock_option, set_option, work_options
from envmgr.cli.project import Project
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.sharing.checkout_part import CheckoutPart, NotTakenError, checkout_part
from envmgr.sharing.export_format import ExportedRoot
from envmgr.sharing.exporting import export


class Written(TypedDict):
    """The file, and what is in it."""

    file: Path
    digest: Digest
    size: int
    """Bytes of the file."""
    roots: list[ExportedRoot]
    checkout: bool
    """Whether recipes, local sources and the lockfile are in it."""
    objects: list[StorePath]


@click.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME|PATH...", shell_complete=complete_recipe)
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@lock_option()
@set_option()
@work_options()
@click.pass_obj
@answers("export")
def command(
    project: Project,
    /,
    *,
    names: tuple[str, ...],
    file: Path,
    lock: Path | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Written]:
    """Realise recipes and write their closure into one file, with recipes, local sources and lockfile.

    `envmgr import` takes it in. `tar --zstd -tf` lists it.
    """
    with project.store() as store, watching(stream=work["stream"]) as notice:
        found = named(project, store, names, axes=axes, lock=lock, work=work, notice=notice)
        roots = [_root(item, axes) for item in found]
        written = export(store, roots, _checkout(project, found, lock), file, notice)
    return Answer(
        {
            "file": file,
            "digest": written.digest,
            "size": written.size,
            "roots": roots,
            "checkout": written.contents.checkout,
            "objects": list(written.contents.objects),
        },
        f"{len(written.contents.objects)} objects, {written.size / 1e6:.1f} MB, {written.digest}\n{file}",
    )


def _root(item: Named, given: Mapping[str, str]) -> ExportedRoot:
    if item.node is None:
        return ExportedRoot(name=str(item.paths[0]), kind="path", given={}, axes={}, paths=item.paths)
    kind: Literal["run", "recipe"] = "run" if item.node.run else "recipe"
    axes = dict(item.node.axes)
    return ExportedRoot(name=item.name, kind=kind, given=dict(given), axes=axes, paths=item.paths)


def _checkout(project: Project, found: list[Named], lock: Path | None) -> CheckoutPart | None:
    """The recipes, where any were named; with the lockfile of the checkout, if no other is named."""
    nodes = [item.node for item in found if item.node]
    if not nodes:
        return None
    for recipe in {item.recipe for node in nodes for item in node.walk() if item.recipe}:
        if project.catalog.is_imported(recipe):
            raise NotTakenError(project.catalog.file(recipe), "its recipe is imported", fix="export its store path")
    return checkout_part(project.recipes, nodes, lock or project.recipes.parent / "recipes.lock")
