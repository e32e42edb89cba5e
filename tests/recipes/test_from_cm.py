"""Every command of docs/from-cm.md, translated, against the real command line and the real recipes."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import tomli

from envmgr.cli.command_line import envmgr
from envmgr.cli.import_cm_command import fault_of
from envmgr.cli.project import Project
from envmgr.from_cm.benchmark import APP, WRAPPER
from envmgr.from_cm.call import read
from envmgr.from_cm.meaning import Known, Meaning, Words
from envmgr.from_cm.scripts import SCRIPTS
from envmgr.from_cm.translate import Translation, translate

TOP = Path(__file__).parents[2]
PARTS = tomli.loads((TOP / "docs" / "from-cm.toml").read_text())["part"]
COMMANDS = [command["cm"] for part in PARTS for command in part["command"]]


@pytest.fixture(scope="module")
def root() -> click.Context:
    context = envmgr.make_context("envmgr", [], resilient_parsing=True)
    context.obj = Project(recipes_option=TOP / "recipes")
    return context


def translated(cm: str) -> Translation:
    (call,) = read(cm)
    return translate(call)


@pytest.mark.parametrize("cm", COMMANDS)
def test_every_word_of_the_tutorial_is_understood(cm: str) -> None:
    assert translated(cm).unknown == ()


@pytest.mark.parametrize("cm", COMMANDS)
def test_every_command_that_is_printed_can_be_started(cm: str, root: click.Context) -> None:
    faults = {fault_of(root, command.argv) for command in translated(cm).commands if command.argv}
    assert faults <= {""}


def test_the_tables_promise_no_recipe_that_is_not_there(root: click.Context) -> None:
    named = {script.command for script in SCRIPTS if script.command[:1] == ("realize",)}
    assert {fault_of(root, command) for command in named} == {""}


@pytest.mark.parametrize("script", [APP, WRAPPER], ids=["app", "wrapper"])
def test_the_tables_promise_no_axis_and_no_value_that_is_not_there(script: Known, root: click.Context) -> None:
    found = [meaning.of("1") for words in (script.variations, script.flags) for meaning in meanings(words)]
    named = {tuple(meaning.sets.items()) for meaning in found}
    assert len(named) > 20
    faults = set()
    for sets in named:
        language = "cpp" if "round" in dict(sets) else "python"  # each has values that the other one has not
        chosen = {"implementation": language, **dict(sets)}.items()
        words = [word for name, text in chosen for word in ("--set", f"{name}={text}")]
        faults.add(fault_of(root, ("run", "benchmark", *words)))
    assert faults <= {""}


def meanings(words: Words) -> Iterator[Meaning]:
    for found in words.values():
        yield from [found] if isinstance(found, Meaning) else found.values()
