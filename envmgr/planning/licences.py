"""What recipes say their artifacts may be used under.

A licence is no part of a derivation. So it is found by what a derivation does name: a source by its pin, and what is
built by the name of its recipe.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from envmgr.model.recipe import Recipe
from envmgr.model.source import GitSource, PypiSource, Source, UrlSource
from envmgr.planning.catalog import Catalog, RecipeError

_PINS = ("sha256", "md5", "manifest")


@dataclass(frozen=True)
class Declared:
    """The licences of recipes, by name, and of their sources, by pin."""

    recipes: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """What the recipes of a catalog say; one that is not valid says nothing, until somebody plans it."""
        found = [recipe for name in catalog.names() if (recipe := _recipe(catalog, name)) and recipe.license]
        pins = {pin: recipe.license for recipe in found for source in _sources(recipe) for pin in _pins(source)}
        return cls({recipe.name: recipe.license for recipe in found}, pins)

    def licence(self, fields: Mapping[str, Any]) -> str:
        """The expression for what a derivation gives, by the fields of its text; empty where no recipe says one."""
        output = fields["output"]
        if output["kind"] != "fixed":
            return self.recipes.get(fields["name"], "")
        known = (str(output["known"].get(pin, "")) for pin in _PINS)
        return next((self.pins[pin] for pin in known if pin in self.pins), "")


def _recipe(catalog: Catalog, name: str) -> Recipe | None:
    try:
        return catalog.recipe(name)
    except RecipeError:
        return None


def _sources(recipe: Recipe) -> Iterator[Source]:
    yield from recipe.sources.values()
    for axis in recipe.variants.values():
        for value in axis.values.values():
            yield from value.sources.values()


def _pins(source: Source) -> list[str]:
    match source:
        case PypiSource():
            return [source.sha256]
        case UrlSource():
            return [pin for pin in (source.sha256, source.md5) if pin]
        case GitSource():
            return [str(source.manifest)]
    return []
