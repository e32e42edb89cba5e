"""The recipes of a folder, by name."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from envmgr.model.errors import InvalidInputError
from envmgr.model.names import did_you_mean
from envmgr.model.recipe import Recipe
from envmgr.toml.file import Model, TomlFileError, read_toml
from envmgr.toml.position import find


class UnknownNameError(InvalidInputError):
    """A recipe, axis, value or setting of this name does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        near = did_you_mean(name, self.known)
        fix = f"did you mean {near!r}?" if near else f"known: {', '.join(self.known) or 'none'}"
        super().__init__(f"there is no {kind} {name!r}", where=where, fix=fix)


class RecipeError(TomlFileError):
    """A file is not a valid recipe, or not a valid file of wheels."""


class Catalog:
    """The recipes of one folder. Files are read when they are asked for, and once; `files` are those that were."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: set[Path] = set()
        self._read: dict[str, Recipe] = {}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._names)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(path.stem for path in self.folder.glob("*.toml"))

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
            if name not in self._names:
                raise UnknownNameError("recipe", name, self.names(), where=where)
            self._read[name] = self._load(name)
        return self._read[name]

    def read(self, file: Path, model: type[Model]) -> Model:
        """Read a file that recipes are made of.

        Raises:
            RecipeError: it is not what the model asks for.
        """
        self.files.add(file)
        return read_toml(file, model, fault=RecipeError)

    def _load(self, name: str) -> Recipe:
        file = self.file(name)
        recipe = self.read(file, Recipe)
        if recipe.name != name:
            position = find(file.read_text(), ["name"])
            message = f"the file of recipe {recipe.name!r} must be named {recipe.name}.toml"
            raise RecipeError(file, position.line, position.column, message, shown=position.text)
        return recipe
