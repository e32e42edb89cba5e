"""What a command answers, and how that is printed: data on stdout, talk on stderr, one JSON object with --json."""

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec

import click

from envmgr.model.errors import EnvmgrError

Parameters = ParamSpec("Parameters")


@dataclass(frozen=True)
class Answer:
    """The answer of a command: `data` for programs, `text` for people (printed on stdout), and an exit code."""

    data: Mapping[str, Any]
    text: str = ""
    warnings: Sequence[str] = field(default_factory=tuple)
    exit_code: int = 0


def answers(name: str) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, None]]:
    """Make a function that returns an Answer a command's body: adds `--json`, prints the answer, sets the exit code."""

    def decorate(function: Callable[Parameters, Answer]) -> Callable[Parameters, None]:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
        @functools.wraps(function)
        def command(*args: Any, as_json: bool, **options: Any) -> None:  # noqa: ANN401  click's parameters
            answer = function(*args, **options)
            if as_json:
                print_json(name, ok=answer.exit_code == 0, data=answer.data, warnings=answer.warnings)
            else:
                for warning in answer.warnings:
                    say(f"warning: {warning}")
                if answer.text:
                    click.echo(answer.text)
            sys.exit(answer.exit_code)

        return command  # type: ignore[return-value]  # click fills the parameters

    return decorate


def print_json(name: str, *, ok: bool, **fields: Any) -> None:  # noqa: ANN401  whatever JSON holds
    """Print the one object that every `--json` answer is."""
    click.echo(json.dumps({"schema": f"envmgr.{name}/1", "ok": ok, **fields}, ensure_ascii=False))


def print_error(name: str, error: EnvmgrError, *, as_json: bool) -> None:
    """Print what went wrong: what and why, where, and what to do next."""
    if as_json:
        shown = {
            "class": type(error).__name__,
            "message": error.message,
            "where": error.where,
            "fix": error.fix,
            "exit": error.exit_code,
        }
        print_json(name, ok=False, data={}, warnings=[], error=shown)
        return
    say(f"error: {error.message}")
    if error.where:
        say(f"  where: {error.where}")
    if error.fix:
        say(f"  fix:   {error.fix}")


def say(text: str) -> None:
    """Talk: a line on stderr."""
    click.echo(text, err=True)
