"""Another recipe for an input: what `--with input=recipe@version` asks for."""

from dataclasses import dataclass

from envmgr.model.recipe import InputReference
from envmgr.planning.catalog import Catalog, UnknownNameError

VERSION = "version"
"""The axis by which a recipe is had in several versions."""


@dataclass(frozen=True)
class Replacement:
    """A recipe that stands in for whatever a plan has as the input of some role."""

    recipe: str
    version: str = ""
    """The version that it must have; empty where any will do."""

    def reference(self, catalog: Catalog) -> InputReference:
        """The recipe as an input, in the version that was asked for.

        Raises:
            UnknownNameError: there is no such recipe, or it is not to be had in that version.
        """
        recipe = catalog.recipe(self.recipe)
        values = recipe.variants[VERSION].values if VERSION in recipe.variants else {}
        if self.version in values:
            return InputReference(recipe=self.recipe, set={VERSION: self.version})
        if self.version not in ("", recipe.version):
            kind, where = f"version of {self.recipe}", str(catalog.file(self.recipe))
            raise UnknownNameError(kind, self.version, values or [recipe.version], where=where)
        return InputReference(recipe=self.recipe)
