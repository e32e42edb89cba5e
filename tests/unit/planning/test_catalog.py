"""Recipes read from TOML: every fault has a file, a line and a column."""

from pathlib import Path

import pytest

from envmgr.planning.catalog import Catalog, RecipeError, UnknownNameError

GOOD = """\
name = "tool"
version = "1"
summary = "A tool"

[sources]
source = { kind = "local", path = "tool" }

[build]
builder = "script"
settings.argv = ["sh", "{source}"]

[variants.device]
default = "cpu"
cpu = {}
cuda = { when = { "cuda.driver" = ">=535" } }
"""


def catalog(folder: Path, **files: str) -> Catalog:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return Catalog(folder)


def test_a_recipe_is_read_with_its_axes(tmp_path: Path) -> None:
    recipe = catalog(tmp_path, tool=GOOD).recipe("tool")
    assert list(recipe.variants["device"].values) == ["cpu", "cuda"]
    assert recipe.variants["device"].default == "cpu"


def test_an_unknown_recipe_has_a_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        catalog(tmp_path, tool=GOOD).recipe("tol")
    assert (caught.value.kind, caught.value.name, caught.value.known) == ("recipe", "tol", ["tool"])
    assert "'tool'" in caught.value.fix


@pytest.mark.parametrize(
    ("before", "after", "place", "said"),
    [
        ('summary = "A tool"', 'sumary = "A tool"', (3, 1), "summary"),
        ("[build]", 'colour = "red"\n[build]', (8, 1), "colour"),
        ('builder = "script"', 'bilder = "script"', (9, 1), "builder"),
        ('builder = "script"', 'builder = "scrip"', (9, 1), "script"),
        ('path = "tool" }', 'path = "tool", paht = 1 }', (6, 43), "paht"),
        ('path = "tool" }', 'path = "/tool" }', (6, 28), "path"),
        ('default = "cpu"', 'default = "cpx"', (12, 2), "cpx"),
        ("[build]", "[build", (8, 7), "not TOML"),
        ('name = "tool"', 'name = "toll"', (1, 1), "toll.toml"),
        ('version = "1"', 'version = "1-2"', (2, 1), "version"),
        ('argv = ["sh", "{source}"]', "argv = [0.5]", (10, 1), "argv"),
    ],
)
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, place: tuple[int, int], said: str
) -> None:
    assert before in GOOD
    with pytest.raises(RecipeError) as caught:
        catalog(tmp_path, tool=GOOD.replace(before, after)).recipe("tool")
    error = caught.value
    assert (error.file, error.line, error.column) == (tmp_path / "tool.toml", *place)
    assert said in error.message + error.fix


def test_a_misspelt_key_has_a_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        catalog(tmp_path, tool=GOOD + "\n[inputz]\n").recipe("tool")
    assert "'inputs'" in caught.value.fix


def test_a_recipe_has_exactly_one_body(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="exactly one of the tables"):
        catalog(tmp_path, tool='name = "tool"\nversion = "1"\nsummary = "x"\n').recipe("tool")
