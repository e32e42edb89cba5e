"""An environment as text that a shell reads: `eval "$(envmgr env NAME)"` in sh, `envmgr env … | source` in fish."""

import shlex
from collections.abc import Callable, Iterable, Mapping

from envmgr.environment.variables import Environment


def sh(environment: Environment, *, pure: bool) -> str:
    """For POSIX shells. A pure one forgets what stood in the variables; else that comes after."""
    lines = []
    for name, folders in environment.first.items():
        # An empty part of such a variable would mean the working directory.
        before = "" if pure else f'"${{{name}:+:${{{name}}}}}"'
        lines.append(f"export {name}={shlex.quote(':'.join(map(str, folders)))}{before}")
    return "\n".join([*lines, *(f"export {name}={shlex.quote(value)}" for name, value in environment.fixed.items())])


def fish(environment: Environment, *, pure: bool) -> str:
    """For fish, where such variables are lists."""
    lines = []
    for name, folders in environment.first.items():
        listed = _fish_words(str(folder) for folder in folders)
        lines.append(f"set -gx --path {name} {listed}{'' if pure else f' ${name}'}")
    return "\n".join([*lines, *(f"set -gx {name} {_fish_words([value])}" for name, value in environment.fixed.items())])


def _fish_words(words: Iterable[str]) -> str:
    """Quoted: between single quotes fish reads a backslash and a quote only after a backslash."""
    return " ".join("'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'" for word in words)


TEXTS: Mapping[str, Callable[..., str]] = {"sh": sh, "fish": fish}
