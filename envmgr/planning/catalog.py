"""The recipes of a folder, by name."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import tomli
from pydantic import BaseModel, ValidationError

from envmgr.model.errors import InvalidInputError
from envmgr.model.names import did_you_mean
from envmgr.model.recipe import Recipe
from envmgr.planning.toml_position import find

Model = TypeVar("Model", bound=BaseModel)


class UnknownNameError(InvalidInputError):
    """A recipe, axis, value or setting of this name does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        near = did_you_mean(name, self.known)
        fix = f"did you mean {near!r}?" if near else f"known: {', '.join(self.known) or 'none'}"
        super().__init__(f"there is no {kind} {name!r}", where=where, fix=fix)


class RecipeError(InvalidInputError):
    """A TOML file is not a valid recipe (or wheels file): `line` and `column` count from 1."""

    def __init__(self, file: Path, line: int, column: int, message: str, *, shown: str = "", fix: str = "") -> None:
        self.file, self.line, self.column = file, line, column
        where = f"{file}:{line}:{column}" + (f"\n    {line} | {shown.strip()}" if shown.strip() else "")
        super().__init__(message, where=where, fix=fix)


class Catalog:
    """The recipes of one folder. Files are read when they are asked for, and once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Recipe] = {}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.toml"))

    def file(self, name: str) -> Path:
        """The file of a recipe."""
        return self.folder / f"{name}.toml"

    def recipe(self, name: str, *, where: str = "") -> Recipe:
        """The recipe of this name.

        Raises:
            UnknownNameError: there is none.
            RecipeError: it is not valid.
        """
        if name not in self._read:
            if name not in self.names():
                raise UnknownNameError("recipe", name, self.names(), where=where)
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> Recipe:
        file = self.file(name)
        recipe = read_toml(file, Recipe)
        if recipe.name != name:
            position = find(file.read_text(), ["name"])
            message = f"the file of recipe {recipe.name!r} must be named {recipe.name}.toml"
            raise RecipeError(file, position.line, position.column, message, shown=position.text)
        return recipe


def read_toml(file: Path, model: type[Model]) -> Model:
    """Read a TOML file as a model; every fault is a RecipeError with its place.

    Raises:
        RecipeError: the file is not TOML, or not what the model asks for.
    """
    text = file.read_text()
    try:
        return model.model_validate(tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        shown = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        raise RecipeError(file, error.lineno, error.colno, f"not TOML: {error.msg}", shown=shown) from error
    except ValidationError as error:
        raise _explained(file, text, error) from error


def _explained(file: Path, text: str, error: ValidationError) -> RecipeError:
    """The first fault that pydantic found, in our words; a misspelt key comes before what is missing for it."""
    faults = error.errors(include_url=False)
    fault = next((item for item in faults if item["type"] == "extra_forbidden"), faults[0])
    path = [part for part in fault["loc"] if not (isinstance(part, str) and part.startswith(("function-", "union")))]
    position = find(text, path)
    dotted = ".".join(str(part) for part in path)
    message, fix = f"{dotted or 'the file'}: {fault['msg'].removeprefix('Value error, ')}", ""
    if fault["type"] == "extra_forbidden":
        message = f"unknown key {str(path[-1])!r} in {'.'.join(str(part) for part in path[:-1]) or 'the recipe'}"
        near = did_you_mean(str(path[-1]), _known_keys())
        fix = f"did you mean {near!r}?" if near else ""
    return RecipeError(file, position.line, position.column, message, shown=position.text, fix=fix)


def _known_keys() -> Sequence[str]:
    """Every key that recipes know: near enough for a suggestion."""
    definitions = Recipe.model_json_schema()
    tables = [definitions, *definitions.get("$defs", {}).values()]
    return sorted({key for table in tables for key in table.get("properties", {})})
