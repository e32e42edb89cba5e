"""Another recipe for an input: what `--with input=recipe@version` asks for."""

from dataclasses import dataclass

from envmgr.model.recipe import InputReference, Recipe
from envmgr.planning.catalog import Catalog, UnknownNameError


@dataclass(frozen=True)
class Replacement:
    """A recipe that stands in for whatever a plan has as the input of some role."""

    recipe: str
    version: str = ""
    """The version that it must have; empty where any will do."""

    def __str__(self) -> str:
        return f"{self.recipe}@{self.version}" if self.version else self.recipe

    def reference(self, catalog: Catalog) -> InputReference:
        """The recipe as an input, in the version that was asked for.

        Raises:
            UnknownNameError: there is no such recipe, or it is not to be had in that version.
        """
        versions = _versions(catalog.recipe(self.recipe))
        if not self.version:
            return InputReference(recipe=self.recipe)
        if self.version not in versions:
            kind, where = f"version of {self.recipe}", str(catalog.file(self.recipe))
            raise UnknownNameError(kind, self.version, versions, where=where)
        return InputReference(recipe=self.recipe, set=versions[self.version])


def _versions(recipe: Recipe) -> dict[str, dict[str, str]]:
    """The versions that a recipe is to be had in, each with the axis that gives it."""
    found: dict[str, dict[str, str]] = {}
    for name, axis in recipe.variants.items():
        if any(item.version for item in axis.values.values()):
            for value, item in axis.values.items():
                found.setdefault(item.version or recipe.version, {name: value})
    return found or {recipe.version: {}}
