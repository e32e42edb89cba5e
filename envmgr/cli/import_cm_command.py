"""`envmgr import-cm`: a command of CM's or MLCFlow's as one of envmgr's."""

import shlex
import sys
from collections.abc import Sequence
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.asked import ask, wanted
from envmgr.cli.project import Project
from envmgr.from_cm.call import read
from envmgr.from_cm.translate import Command, Translation, Unknown, translate
from envmgr.model.errors import EnvmgrError, UsageError


class Counterpart(TypedDict):
    """A command of envmgr's that does the same, or as much of it as can be done."""

    command: str
    """As a shell reads it; empty where there is none."""
    lacks: list[str]
    """Why it is not, or not yet, or not all of, what was asked for."""


class Imported(TypedDict):
    """One command of CM's, and what it comes to."""

    cm: str
    commands: list[Counterpart]
    """Empty where nothing need be done."""
    notes: list[str]
    """What differs."""
    unknown: list[Unknown]
    """Words that were not understood."""


class Imports(TypedDict):
    """The commands in the order of the text."""

    commands: list[Imported]


class NotUnderstoodError(UsageError):
    """A command of CM's has words that mean nothing to us."""

    def __init__(self, unknown: Sequence[Unknown]) -> None:
        self.unknown = tuple(unknown)
        words = ", ".join(item.word for item in unknown)
        near = "; ".join(f"for {item.word} did you mean {item.near}?" for item in unknown if item.near)
        super().__init__(f"not understood: {words}", fix=near or "leave out what does not matter, and ask again")


@click.command("import-cm", context_settings={"ignore_unknown_options": True})
@click.argument("text", nargs=-1, required=True, type=click.UNPROCESSED, metavar="TEXT")
@click.pass_context
@answers("import-cm")
def command(context: click.Context, /, *, text: tuple[str, ...]) -> Answer[Imports]:
    """Print the commands of envmgr that do what TEXT does, commands of CM or MLCFlow; - reads them from stdin.

    What differs is said on stderr. A line that starts with # can't be started yet, or does not do all that was asked.
    Exit code 2 means that some words were not understood.
    """
    source = sys.stdin.read() if text == ("-",) else text[0] if len(text) == 1 else shlex.join(text)
    translations = [translate(call) for call in read(source)]
    found = [_imported(context, translation) for translation in translations]
    unknown = [word for translation in translations for word in translation.unknown]
    lines = [line for item in found for line in _lines(item)]
    return Answer(
        {"commands": found},
        "\n".join(lines),
        notes=[text for item in found for text in item["notes"]],
        warnings=list(dict.fromkeys(text for item in found for ours in item["commands"] for text in ours["lacks"])),
        failure=NotUnderstoodError(unknown) if unknown else None,
    )


def _imported(context: click.Context, translation: Translation) -> Imported:
    return {
        "cm": translation.cm,
        "commands": [_counterpart(context, command) for command in translation.commands],
        "notes": list(translation.notes),
        "unknown": list(translation.unknown),
    }


def _counterpart(context: click.Context, command: Command) -> Counterpart:
    if not command.argv:
        return {"command": "", "lacks": list(command.lacks)}
    fault = fault_of(context, command.argv)
    return {"command": command.text, "lacks": [*command.lacks, *([f"not here: {fault}"] if fault else [])]}


def fault_of(context: click.Context, argv: Sequence[str]) -> str:
    """Why a command can't be started here and now: nothing is started for that; empty where it can be.

    It is parsed as the command line would, and planned with the recipes of this project.
    """
    root = context.find_root()
    project: Project = root.obj
    try:
        given = parsed(root, argv)
        if argv[0] == "run":
            short = {name: given[name] for name in ("scenario", "mode", "count", "threads", "batch")}
            ask(project, given["name"], wanted(given["axes"], short), given["replacements"])
        elif argv[0] == "realize":
            project.plan(given["names"], given["axes"], given["replacements"])
    except click.ClickException as error:
        return error.format_message()
    except EnvmgrError as error:
        return error.message
    return ""


def parsed(root: click.Context, argv: Sequence[str]) -> dict[str, Any]:
    """The options of a command as the command line reads them.

    Raises:
        click.ClickException, UsageError: it does not read them.
    """
    command, below, words = root.command, root, list(argv)
    while isinstance(command, click.Group) and not words[0].startswith("-"):
        name, found, words = command.resolve_command(below, words)
        if found is None:
            raise UsageError(f"there is no command {name!r}")
        if not isinstance(found, click.Group) or not words:
            return found.make_context(name, words, below).params
        command, below = found, click.Context(found, below, name)
    return {}


def _lines(item: Imported) -> list[str]:
    return [
        f"# {counterpart['command']}" if counterpart["lacks"] or item["unknown"] else counterpart["command"]
        for counterpart in item["commands"]
        if counterpart["command"]
    ]
