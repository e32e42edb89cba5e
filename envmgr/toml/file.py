"""A TOML file as a model: what is wrong in it is said with file, line, column and dotted key."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import tomli
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from envmgr.model.errors import InvalidInputError
from envmgr.model.names import did_you_mean
from envmgr.toml.position import find

Model = TypeVar("Model", bound=BaseModel)


class TomlFileError(InvalidInputError):
    """A TOML file is not what it should be: `line` and `column` count from 1."""

    def __init__(self, file: Path, line: int, column: int, message: str, *, shown: str = "", fix: str = "") -> None:
        self.file, self.line, self.column = file, line, column
        where = f"{file}:{line}:{column}" + (f"\n    {line} | {shown.strip()}" if shown.strip() else "")
        super().__init__(message, where=where, fix=fix)


def read_toml(file: Path, model: type[Model], *, fault: type[TomlFileError] = TomlFileError) -> Model:
    """Read a TOML file as a model; every fault is said with its place.

    Raises:
        TomlFileError: the file is not TOML, or not what the model asks for; of the class `fault`.
    """
    found = check_toml(file, model, fault=fault)
    if isinstance(found, list):
        raise found[0]
    return found


def check_toml(
    file: Path, model: type[Model], *, fault: type[TomlFileError] = TomlFileError
) -> Model | list[TomlFileError]:
    """A TOML file as a model, or all that is wrong in it: one fault a line, the likeliest cause of the others first."""
    text = file.read_text()
    try:
        return model.model_validate(tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        shown = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        return [fault(file, error.lineno, error.colno, f"not TOML: {error.msg}", shown=shown)]
    except ValidationError as error:
        faults = sorted(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
        explained = [_explained(file, text, item, model, fault) for item in faults]
        return list({item.line: item for item in reversed(explained)}.values())[::-1]


def same_toml(text: str, other: str) -> bool:
    """Whether two texts are TOML and say the same, whatever the order of their keys."""
    try:
        return bool(tomli.loads(text) == tomli.loads(other))
    except tomli.TOMLDecodeError:
        return False


def _explained(
    file: Path, text: str, fault: ErrorDetails, model: type[BaseModel], kind: type[TomlFileError]
) -> TomlFileError:
    """A fault that pydantic found, in our words."""
    path = [part for part in fault["loc"] if not (isinstance(part, str) and part.startswith(("function-", "union")))]
    position = find(text, path)
    dotted = ".".join(str(part) for part in path)
    message, fix = f"{dotted or 'the file'}: {fault['msg'].removeprefix('Value error, ')}", ""
    if fault["type"] == "extra_forbidden":
        message = f"unknown key {str(path[-1])!r} in {'.'.join(str(part) for part in path[:-1]) or 'the file'}"
        near = did_you_mean(str(path[-1]), _known_keys(model))
        fix = f"did you mean {near!r}?" if near else ""
    return kind(file, position.line, position.column, message, shown=position.text, fix=fix)


def _known_keys(model: type[BaseModel]) -> Sequence[str]:
    """Every key that the model knows, at whatever depth: near enough for a suggestion."""
    definitions = model.model_json_schema()
    tables = [definitions, *definitions.get("$defs", {}).values()]
    return sorted({key for table in tables for key in table.get("properties", {})})
