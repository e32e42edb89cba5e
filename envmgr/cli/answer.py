"""What a command answers, and how that is printed: data on stdout, talk on stderr, one JSON object with --json.

The type of the data is part of the command: what a function says it returns (`Answer[Listing]`) is what mypy checks,
what `envmgr schema` prints, and what the tests hold real answers against.
"""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import click

from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError
from envmgr.model.store_path import StorePath

Parameters = ParamSpec("Parameters")
Data = TypeVar("Data")
Data_co = TypeVar("Data_co", covariant=True)

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


@dataclass(frozen=True)
class Answer(Generic[Data_co]):
    """What a command found or did: `data` for programs, `text` for people (printed on stdout).

    `notes` are talk, for people alone: programs find the same in the data.
    `failure` is the bad news of a command that did its work all the same: damaged objects were found, the benchmark is
    INVALID. Its exit code becomes the command's.
    """

    data: Data_co
    text: str = ""
    _: KW_ONLY
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    failure: EnvmgrError | None = None


def answers(name: str) -> Callable[[Callable[Parameters, Answer[Data]]], Callable[Parameters, None]]:
    """Make a function that returns an Answer a command's body: adds `--json`, prints the answer, sets the exit code."""

    def decorate(function: Callable[Parameters, Answer[Data]]) -> Callable[Parameters, None]:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
        @functools.wraps(function)
        def command(*args: Any, as_json: bool, **options: Any) -> None:  # noqa: ANN401  click's parameters
            answer = function(*args, **options)
            if as_json:
                print_json(name, answer)
            else:
                _print_text(name, answer)
            sys.exit(answer.failure.exit_code if answer.failure else 0)

        return command  # type: ignore[return-value]  # click fills the parameters

    return decorate


def print_error(name: str, error: EnvmgrError, *, as_json: bool) -> None:
    """Print why a command has no answer: what and why, where, and what to do next.

    Where stdout takes no JSON (it leads to a disk that is full), people at least are told.
    """
    if as_json:
        with suppress(OSError):
            print_json(name, Answer({}, failure=error))
            return
    say(f"error: {error.message}")
    if error.where:
        say(f"  where: {error.where}")
    if error.fix:
        say(f"  fix:   {error.fix}")


def print_json(name: str, answer: Answer[Data]) -> None:
    """Print the one object that every `--json` answer is."""
    shown: dict[str, object] = {
        "schema": f"envmgr.{name}/1",
        "ok": answer.failure is None,
        "data": answer.data,
        "warnings": answer.warnings,
    }
    if answer.failure:
        shown["error"] = {
            "class": type(answer.failure).__name__,
            "message": answer.failure.message,
            "where": answer.failure.where,
            "fix": answer.failure.fix,
            "exit": answer.failure.exit_code,
        }
    click.echo(to_json(shown))


def to_json(value: object, *, indent: int | None = None) -> str:
    """The JSON text of an answer's data, models and all."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)


def say(text: str) -> None:
    """Talk: a line on stderr."""
    click.echo(printable(text) if sys.stderr.isatty() else text, err=True)


def printable(text: str) -> str:
    """Text for a terminal: what that would obey, and records, logs and names of strangers may hold, is spelled out."""
    return text.translate(_CONTROLS)


def _print_text(name: str, answer: Answer[Data]) -> None:
    for note in answer.notes:
        say(f"note: {note}")
    for warning in answer.warnings:
        say(f"warning: {warning}")
    if answer.text:
        click.echo(printable(answer.text) if sys.stdout.isatty() else answer.text)
    if answer.failure:
        print_error(name, answer.failure, as_json=False)


def _plain(value: object) -> object:
    """What JSON has no form for: our records as objects; digests, store paths and paths as text."""
    match value:
        case Digest() | StorePath() | Path():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {item.name: getattr(value, item.name) for item in fields(value)}
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"an answer can't hold {value!r}")
