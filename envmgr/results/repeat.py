"""The commands that ask for a run again, and for what it was made with, on any machine that has the recipes."""

import shlex
from collections.abc import Iterator

from envmgr.model.run_record import AnyRecord, RunRecord


def command(record: AnyRecord) -> str:
    """A command of several lines, with every axis and setting spelled out; empty for a run made elsewhere."""
    if not isinstance(record, RunRecord):
        return ""
    return " \\\n    ".join(shlex.join(words) for words in _parts(record))


def realize_command(record: RunRecord) -> str:
    """The command that makes the inputs of a run again, as long as the recipes are as they were."""
    words = [word for part in (*_axes(record), *_replaced(record)) for word in part]
    return shlex.join(["envmgr", "realize", record.recipe, *words])


def _parts(record: RunRecord) -> Iterator[list[str]]:
    yield ["envmgr", "run", record.recipe, *(["--lock", "recipes.lock"] if record.lockfile else [])]
    yield from _axes(record)
    yield from (["--set", f"{name}={value}"] for name, value in record.settings.items())
    yield from _replaced(record)
    yield from (["--env", f"{name}={value}"] for name, value in record.environment.items())


def _axes(record: RunRecord) -> Iterator[list[str]]:
    yield from (["--set", f"{axis}={value}"] for axis, value in record.axes.items())


def _replaced(record: RunRecord) -> Iterator[list[str]]:
    yield from (["--with", f"{role}={recipe}"] for role, recipe in record.replaced.items())
