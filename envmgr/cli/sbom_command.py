"""`envmgr sbom`: what a closure is made of, and under which licences."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.cli.subject import declared, subject
from envmgr.cli.written import write
from envmgr.model.store_path import StorePath


class Bill(TypedDict):
    """A bill of materials: where it was written, what is in it, and of what no licence is known."""

    file: Path | None
    """Null where it was printed."""
    components: int
    unknown: list[StorePath]
    """Objects and sources whose licence nobody says."""
    bill: str
    """The text of the bill: CycloneDX 1.6 in JSON."""


@click.command("sbom")
@click.argument("what", metavar="NAME|PATH|RUN", shell_complete=complete_recipe)
@set_option()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.pass_obj
@answers("sbom")
def command(project: Project, /, *, what: str, axes: dict[str, str], output: Path | None) -> Answer[Bill]:
    """Print the bill of materials of a closure: every object, what each was made from, hashes and licences.

    It is CycloneDX 1.6, the same for the same closure each time. Required are the objects of the closure; what else is
    listed was used to make them, and may be in them.
    """
    from envmgr.provenance.ancestry import ancestry
    from envmgr.provenance.bill import bill
    from envmgr.provenance.licences import licences

    with project.store(read_only=True) as store:
        asked = subject(project, store, what, axes)
        objects = ancestry(store, asked.starts)
        known = licences(store, objects, declared(project))
        text = bill(store, asked, objects, known)
    if output:
        write(output, text)
    unknown = [path for path, licence in known.items() if not licence.said]
    notes = [f"{len(objects)} components; the licences of {len(unknown)} are not known"]
    data: Bill = {"file": output, "components": len(objects), "unknown": unknown, "bill": text}
    return Answer(data, "" if output else text.rstrip("\n"), notes=notes)
