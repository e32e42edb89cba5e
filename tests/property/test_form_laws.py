"""The agreed form: it says the same, loses no comment, and is the form of itself."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.cli.recipe.fmt import BY_NAME, ORDER
from envmgr.toml.file import same_toml
from envmgr.toml.form import in_form

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
VALUES = (
    "1",
    '"a # b"',
    "'[x]'",
    "[1, 2]",
    "[\n  1,  # one\n  2,\n]",
    '"""\n[a]\n"""',
    "'''\n# no comment\n'''",
    "{ a = 1 }",
)
TABLES = ("build", "sources.b", "sources.a", "inputs", "variants.x", "variants.x.y", "run", "other")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """TOML with tables in any order, comments and blank lines wherever they may stand."""
    filler = st.sampled_from(["", "\n", "\n\n", "# a comment\n", "  # another\n\n"])
    lines = []
    for table in [None, *draw(st.permutations(TABLES))]:
        lines.append(draw(filler))
        lines += [f"[{table}]{draw(st.sampled_from(['', '  # here']))}\n"] if table else []
        for key in draw(st.permutations(["name", "version", "zeta"])):
            lines += [draw(filler), f"{key}{draw(st.sampled_from(['=', ' = ']))}{draw(st.sampled_from(VALUES))}\n"]
    return "".join([*lines, draw(filler)])


@settings(max_examples=40, deadline=None)
@given(texts())
def test_the_form_says_the_same_and_is_the_form_of_itself(text: str) -> None:
    formed = in_form(text, ORDER, BY_NAME)
    assert same_toml(text, formed)
    assert in_form(formed, ORDER, BY_NAME) == formed
    assert sorted(comments(formed)) == sorted(comments(text))


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_every_real_recipe_is_in_form(file: Path) -> None:
    assert in_form(file.read_text(), ORDER, BY_NAME) == file.read_text()


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
