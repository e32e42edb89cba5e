"""`envmgr schema`: JSON schemas, for editors and for programs that read our answers."""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.documented import DIALECT, json_schema
from envmgr.model.errors import UsageError
from envmgr.model.host import HostFacts
from envmgr.model.lockfile import Lockfile
from envmgr.model.names import did_you_mean
from envmgr.model.project_file import ProjectFile
from envmgr.model.recipe import Recipe
from envmgr.model.run_record import ImportedRecord, RunRecord
from envmgr.model.source import Wheels

FILES: Mapping[str, type] = {
    "recipe": Recipe,
    "wheels": Wheels,
    "lockfile": Lockfile,
    "run-record": RunRecord,
    "imported-run-record": ImportedRecord,
    "host-facts": HostFacts,
    "project": ProjectFile,
}
"""What is read from files, or written into them."""

ERROR: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "class": {"type": "string", "description": "The error's class; docs/reference/exit-codes.md lists all."},
        "message": {"type": "string", "description": "What happened, and why."},
        "where": {"type": "string", "description": "A path, or file:line:column; may be empty."},
        "fix": {"type": "string", "description": "What to do next; may be empty."},
        "exit": {"type": "integer", "description": "The exit code."},
    },
    "required": ["class", "message", "where", "fix", "exit"],
}


class Schema(TypedDict):
    """A JSON schema, and what it is of."""

    kind: str
    json_schema: dict[str, Any]


@click.command("schema")
@click.argument("kind", default="recipe")
@click.pass_context
@answers("schema")
def command(context: click.Context, /, *, kind: str) -> Answer[Schema]:
    """Print the JSON schema of recipes, or of KIND.

    KIND is recipe, wheels, lockfile, run-record, host-facts, project, or a command, such as list or root-add: then the
    schema is that of its answer with --json.
    """
    if kind in FILES:
        schema = {"$schema": DIALECT, **json_schema(FILES[kind])}
    else:
        schema = answer_schema(kind, _data_type(context.find_root().command, kind))
    return Answer({"kind": kind, "json_schema": schema}, json.dumps(schema, indent=2, ensure_ascii=False))


def answer_schema(name: str, data: object) -> dict[str, Any]:
    """The schema of a command's one JSON object; `data` is the type of what it answers."""
    shape = json_schema(data, mode="serialization")
    definitions = shape.pop("$defs", {})
    return {
        "$schema": DIALECT,
        "title": f"envmgr.{name}/1",
        "type": "object",
        "properties": {
            "schema": {"const": f"envmgr.{name}/1"},
            "ok": {"type": "boolean", "description": "Whether the exit code is 0."},
            "data": {
                "description": "Empty where the command has no answer.",
                "anyOf": [shape, {"type": "object", "maxProperties": 0}],
            },
            "warnings": {"type": "array", "items": {"type": "string"}},
            "error": {"description": "There where `ok` is false.", **ERROR},
        },
        "required": ["schema", "ok", "data", "warnings"],
        "$defs": definitions,
    }


def data_types(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every command below one, its words joined by dashes, with the type of its data."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from data_types(below, (*path, name))
    elif command.callback is not None:
        answer = get_type_hints(inspect.unwrap(command.callback))["return"]
        yield "-".join(path), get_args(answer)[0]


def _data_type(root: click.Command, name: str) -> object:
    known = dict(data_types(root))
    if name not in known:
        near = did_you_mean(name, [*FILES, *known])
        listed = ", ".join([*FILES, *known])
        raise UsageError(
            f"there is no schema of {name!r}", fix=f"did you mean {near!r}?" if near else f"known: {listed}"
        )
    return known[name]
