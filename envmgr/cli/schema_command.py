"""`envmgr schema`: JSON schemas, for editors and for programs that read our answers."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from envmgr.model.host import HostFacts
from envmgr.model.recipe import Recipe
from envmgr.model.run_record import RunRecord
from envmgr.model.source import Wheels

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "recipe": Recipe.model_json_schema,
    "wheels": Wheels.model_json_schema,
    "run-record": lambda: RunRecord.model_json_schema(by_alias=True),
    "host-facts": HostFacts.model_json_schema,
}


@click.command("schema")
@click.argument("kind", type=click.Choice(list(SCHEMAS)), default="recipe")
def command(kind: str) -> None:
    """Print the JSON schema of recipes (or of KIND)."""
    schema = SCHEMAS[kind]()
    click.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2))
