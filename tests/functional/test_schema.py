"""`envmgr schema`: schemas of files and of answers, and both held against real ones."""

import json

import pytest
import tomli

from envmgr.cli.command_line import envmgr
from envmgr.cli.documented import json_schema
from envmgr.cli.schema_command import FILES, answer_schema, data_types
from tests.functional.conftest import Checkout
from tests.json_schema import check, faults

TREE = "[build]\nbuilder = 'tree'\n"


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """Nothing is forked: so that every command is seen to import what it needs."""
    return checkout.afresh()


def test_the_schemas_of_files_use_what_we_know_how_to_check() -> None:
    for kind in FILES.values():
        check(json_schema(kind))


def test_a_schema_is_printed_and_is_in_the_answer(checkout: Checkout) -> None:
    schema = json.loads(checkout("schema", "run-record").stdout)
    assert schema == checkout("schema", "run-record", "--json").data["json_schema"]
    assert schema == {"$schema": schema["$schema"], **json_schema(FILES["run-record"])}


def test_a_recipe_fits_the_schema_of_recipes_and_a_wrong_one_does_not(checkout: Checkout) -> None:
    schema = json.loads(checkout("schema").stdout)
    recipe = tomli.loads(checkout.recipe("words", TREE).read_text())
    assert faults(recipe, schema) == []
    assert faults({**recipe, "bild": {}}, schema) == ["$: 'bild' is not in the schema"]
    assert schema["$defs"]["Override"]["properties"]["when"]["description"].startswith("The value is chosen where")


def test_every_answer_is_as_its_schema_says(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    checkout.script("tool", "echo built", 'echo text > "{out}/file"', head="inputs.words = 'words'")
    step = "[[run.steps]]\nname = 'step'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    checkout.recipe("bench", f"inputs.tool = 'tool'\n{step}")
    schemas = {name: answer_schema(name, data) for name, data in data_types(envmgr)}
    calls = (
        "list", "graph tool", "realize tool --dry-run", "realize tool", "show tool", "log tool", "run bench",
        "runs list", "runs show 2", "runs verify", "report 2 -o page.html",
        "dashboard -o board", "show 2", "runs import .", "runs replay 2",
        "runs export --format csv",
        "submission create last --submitter me --division open --system auto -o tree", "submission check .",
        "submission package . -o a.tar.gz --anyway", "runs rm 2",
        "lock tool", "lock --check", "root add tool", "root list", "root why tool",
        "root remove tool", "run bench --repeat 1", "sweep bench", "slo bench",
        "verify", "verify --rebuild-db", "optimise", "gc --dry-run", "probe", "doctor", "schema",
        "why-depends tool words", "why-rebuild tool", "size tool", "sbom tool", "diff tool words", "bisect this that",
        "realize tool --rebuild --closure", "env tool", "exec tool", "shell nothing",
        "export tool -o file", "import file", "detach",
        "cache keygen me", "provenance tool", "publish 2 --to dir -o published",
        "cache push ./cache tool", "cache add near ./cache",
        "cache list", "cache stats near",
        "cache sign near", "cache pull near words", "cache remove near", "cache serve far", "cache trust far",
        "cache revoke far", "import-cm mlcr app,mlperf,inference,_cpp,_nothing --quiet",
        "init fresh", "recipe new mine", "recipe fmt", "recipe check",
    )  # fmt: skip
    seen = set()
    for call in calls:
        answer = checkout(*call.split(), "--json", expect=None).json()
        name = answer["schema"].removeprefix("envmgr.").removesuffix("/1")
        assert faults(answer, schemas[name]) == [], call
        assert answer["ok"] is ("error" not in answer)
        seen.add(name)
    assert seen == schemas.keys()


def test_an_unknown_kind_gets_the_nearest_one(checkout: Checkout) -> None:
    assert checkout.fails(2, "schema", "recipes")["fix"] == "did you mean 'recipe'?"
