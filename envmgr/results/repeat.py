"""The command that asks for a run again, on any machine that has the recipes."""

import shlex
from collections.abc import Iterator

from envmgr.model.run_record import AnyRecord, RunRecord


def command(record: AnyRecord) -> str:
    """A command of several lines, with every axis and setting spelled out; empty for a run made elsewhere."""
    if not isinstance(record, RunRecord):
        return ""
    return " \\\n    ".join(shlex.join(words) for words in _parts(record))


def _parts(record: RunRecord) -> Iterator[list[str]]:
    yield ["envmgr", "run", record.recipe, *(["--lock", "recipes.lock"] if record.lockfile else [])]
    yield from (["--set", f"{axis}={value}"] for axis, value in record.axes.items())
    yield from (["--set", f"{name}={value}"] for name, value in record.settings.items())
    yield from (["--with", f"{role}={recipe}"] for role, recipe in record.replaced.items())
    yield from (["--env", f"{name}={value}"] for name, value in record.environment.items())
