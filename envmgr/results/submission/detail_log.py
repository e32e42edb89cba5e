"""LoadGen's detail log as values: `:::MLLOG` and an object a line."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = ":::MLLOG"


@dataclass(frozen=True)
class DetailLog:
    """What a detail log says. Where a key is said twice the first time counts, as for MLPerf's checker."""

    values: Mapping[str, object]
    errors: tuple[str, ...]
    """What LoadGen called an error."""

    def number(self, key: str) -> float:
        """A number; what is none, or not a finite one, is -1: less than whatever is asked for."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return -1
        return value if abs(value) <= sys.float_info.max else -1


def parse(text: str) -> DetailLog:
    """Read a log.

    Raises:
        ValueError: a line is damaged, or there is none.
    """
    said = [_entry(line) for line in text.splitlines() if line.startswith(MARKER)]
    if not said:
        raise ValueError("it has no line of LoadGen's")
    values: dict[str, object] = {}
    for entry in said:
        values.setdefault(entry["key"], entry["value"])
    errors = [str(entry["value"]) for entry in said if entry["metadata"]["is_error"]]
    if not errors and (counted := values.get("num_errors", 0)) != 0:
        errors = [f"there were {counted} errors"]
    return DetailLog(values, tuple(errors))


def read(file: Path) -> DetailLog:
    """Read a file; raises ValueError as `parse` does, and OSError."""
    if not file.is_file():  # who opens a pipe waits for a writer
        raise FileNotFoundError(f"there is no file {file.name}")
    return parse(file.read_text(encoding="utf-8"))


def _entry(line: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(line.removeprefix(MARKER))
        _ = {entry["key"]: entry["value"]}, entry["metadata"]["is_error"]
    except (json.JSONDecodeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"a line of it is damaged: {line[:80]}") from error
    found: Mapping[str, Any] = entry
    return found
