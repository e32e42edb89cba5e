"""`envmgr provenance`: a signed statement of where an object or a run comes from."""

from collections.abc import Iterator
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import signing_key
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.cli.subject import subject
from envmgr.cli.written import write
from envmgr.model.errors import UsageError
from envmgr.provenance.statement import Statement, object_statement, run_statement
from envmgr.provenance.subject import Subject
from envmgr.store.store import Store


class Stated(TypedDict):
    """Statements, one for a run or for each object that a name stands for, and the envelopes that hold them."""

    file: Path | None
    """Null where they were printed."""
    signer: str
    """The name of the key; empty where nobody signed."""
    statements: list[Statement]
    envelopes: list[str]


@click.command("provenance")
@click.argument("what", metavar="NAME|PATH|RUN", shell_complete=complete_recipe)
@set_option()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option("--key", help="The name of your key; may be left out if you have but one.")
@click.option("--unsigned", is_flag=True, help="Let nobody sign it: it proves nothing, and others may sign.")
@click.pass_obj
@answers("provenance")
def command(
    project: Project, /, *, what: str, axes: dict[str, str], output: Path | None, key: str | None, unsigned: bool
) -> Answer[Stated]:
    """State where an object or a run comes from, and sign that with a key of `cache keygen`.

    A statement is in-toto's, its predicate is SLSA's provenance 1.0, its envelope is DSSE, one a line. That of a run
    has the record and the logs by SHA-256, the closure, the settings, the lockfile and the host. It is refused for a
    run whose files are not what the record says. `envmgr verify RUN --provenance FILE` is the pair of this.
    """
    if unsigned and key:
        raise UsageError("--unsigned and --key contradict each other", fix="give one of them")
    from envmgr.provenance.envelope import Envelope

    private = None if unsigned else signing_key(key)
    with project.store(read_only=True) as store:
        statements = list(_statements(store, subject(project, store, what, axes)))
    made = [Envelope.of(statement) for statement in statements]
    lines = [(item.signed(private) if private else item).show() for item in made]
    if output:
        write(output, "".join(f"{line}\n" for line in lines))
    signer = private.name if private else ""
    data: Stated = {"file": output, "signer": signer, "statements": statements, "envelopes": lines}
    return Answer(data, "" if output else "\n".join(lines))


def _statements(store: Store, asked: Subject) -> Iterator[Statement]:
    from envmgr.provenance.ancestry import made_of

    if asked.run:
        yield run_statement(store, asked.run)
        return
    for path, derivation in asked.starts.items():
        yield object_statement(store, made_of(store, path, derivation))
