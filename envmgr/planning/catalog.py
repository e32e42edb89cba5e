"""The recipes of a folder, by name."""

from collections.abc import Iterable, Sequence
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


class TwoRecipesError(InvalidInputError):
    """Two folders have a recipe of one name, and nobody says which is meant."""

    def __init__(self, name: str, files: tuple[Path, Path]) -> None:
        self.name, self.files = name, files
        shown = " and ".join(str(file) for file in files)
        super().__init__(f"there are two recipes {name!r}", where=shown, fix="give one of them another name")


class Catalog:
    """The recipes of a project: those of its own folder, and of the folders that it imports.

    Files are read when they are asked for, and once; `files` are those that were.
    """

    def __init__(self, folder: Path, imported: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.imported = tuple(imported)
        self.files: set[Path] = set()
        self._read: dict[str, Recipe] = {}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._files)

    @cached_property
    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in (self.folder, *self.imported):
            for file in folder.glob("*.toml"):
                if file.stem in found:
                    raise TwoRecipesError(file.stem, (found[file.stem], file))
                found[file.stem] = file
        return found

    def file(self, name: str) -> Path:
        """The file of a recipe."""
        return self._files[name]

    def is_imported(self, name: str) -> bool:
        """Whether a recipe comes from another folder than the project's own."""
        return self.file(name).parent != self.folder

    def recipe(self, name: str, *, where: str = "") -> Recipe:
        """The recipe of this name.

        Raises:
            UnknownNameError: there is none.
            RecipeError: it is not valid.
        """
        if name not in self._read:
            if name not in self._files:
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
