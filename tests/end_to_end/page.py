"""A page of the manual followed to the letter: its files are written, its commands are started."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.end_to_end.conftest import Place
from tests.functional.conftest import Result

NAMED = re.compile(r"`([a-z0-9/.-]+\.(?:toml|py))`")
"""A file that the text names."""


def follow(page: Path, place: Place, folder: Path) -> dict[str, Result]:
    """Do all that a page says, as the place's user, in a folder; how each `envmgr …` ended, by what comes after that.

    A block of code is the file that the text before it named last, unless it is one that is there already: then it
    shows how that may be changed. An indented line is a command.
    """
    results: dict[str, Result] = {}
    for kind, text in _steps(page.read_text()):
        match kind, text.split():
            case "command", ["cd", below]:
                folder /= below
            case "command", ["envmgr", *words]:
                results[" ".join(words)] = replace(place, top=folder)(*words)
            case "command", _:
                raise AssertionError(f"no command that can be followed: {text}")
            case _ if not (folder / kind).exists():
                place.write(folder / kind, text)
    return results


def _steps(page: str) -> Iterator[tuple[str, str]]:
    """What is to be done, in order: `command` and the line, or the name of a file and its text."""
    named = ""
    for part in re.split(r"(^```\w+\n.*?^```$)", page, flags=re.MULTILINE | re.DOTALL):
        if part.startswith("```"):
            yield named, part.partition("\n")[2].removesuffix("```")
            continue
        for line in part.splitlines():
            if line.startswith("    "):
                yield "command", line.strip()
            named = (NAMED.findall(line) or [named])[-1]
