"""Recipes and questions that make no sense: where the fault is, and what may have been meant."""

from typing import Any

import pytest

from tests.functional.conftest import Checkout

SIZED = """
[build]
builder = "tree"

[variants.size]
default = "small"
small.settings.texts = { size = "small" }
big.settings.texts = { size = "big" }
"""


def fails(checkout: Checkout, code: int, *arguments: str) -> dict[str, Any]:
    """The error of `realize`; nothing was made, not even a store."""
    error = checkout.fails(code, "realize", *arguments)
    assert not checkout.store.exists()
    return error


def test_an_unknown_key_is_named_with_its_place_and_the_nearest_known_one(checkout: Checkout) -> None:
    file = checkout.recipe("typo", '\n[build]\nbuilder = "tree"\nsetings.texts = { a = "b" }\n')
    error = fails(checkout, 3, "typo")
    assert error["class"] == "RecipeError"
    assert "'setings'" in error["message"]
    assert error["where"].splitlines()[0] == f"{file}:7:1"
    assert "setings.texts" in error["where"].splitlines()[1]
    assert "'settings'" in error["fix"]


def test_what_is_no_toml_is_named_with_its_place(checkout: Checkout) -> None:
    file = checkout.recipe("broken", "\n[build\n")
    error = fails(checkout, 3, "broken")
    assert error["class"] == "RecipeError"
    assert error["where"].splitlines()[0] == f"{file}:5:7"


def test_a_value_of_the_wrong_kind_is_named_with_its_place(checkout: Checkout) -> None:
    file = checkout.recipe("wrong", '\n[build]\nbuilder = "scribt"\n')
    error = fails(checkout, 3, "wrong")
    assert (error["class"], "build.builder" in error["message"]) == ("RecipeError", True)
    assert error["where"].splitlines()[0] == f"{file}:6:1"


def test_settings_that_a_builder_does_not_know_are_named(checkout: Checkout) -> None:
    checkout.recipe("unsettled", '\n[build]\nbuilder = "tree"\nsettings.text = { a = "b" }\n')
    error = checkout.fails(3, "realize", "unsettled")
    assert (error["class"], "text" in error["message"]) == ("InvalidSettingsError", True)
    assert checkout.objects() == set()


def test_a_placeholder_that_names_nothing_is_named_with_the_nearest_known_one(checkout: Checkout) -> None:
    checkout.script("lost", 'echo text > "{output}/file"')
    error = checkout.fails(3, "realize", "lost")
    assert (error["class"], "{out}" in error["fix"]) == ("UnknownPlaceholderError", True)


@pytest.mark.parametrize(
    ("arguments", "named", "meant"),
    [
        (["sizde"], "recipe 'sizde'", "'sized'"),
        (["sized", "--set", "siz=big"], "axis 'siz'", "'size'"),
        (["sized", "--set", "size=bigg"], "value of axis size 'bigg'", "'big'"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest_known_one(
    checkout: Checkout, arguments: list[str], named: str, meant: str
) -> None:
    checkout.recipe("sized", SIZED)
    error = fails(checkout, 3, *arguments)
    assert error["class"] == "UnknownNameError"
    assert named in error["message"]
    assert meant in error["fix"]


def test_an_input_that_does_not_exist_is_named_with_the_recipe_that_asks_for_it(checkout: Checkout) -> None:
    checkout.script("library", 'echo text > "{out}/file"')
    file = checkout.script("program", 'echo text > "{out}/file"', head="[inputs]\nlib = 'libary'")
    error = fails(checkout, 3, "program")
    assert (error["class"], error["where"]) == ("UnknownNameError", str(file))
    assert "'library'" in error["fix"]


def test_a_cycle_is_shown_from_end_to_end(checkout: Checkout) -> None:
    for name, above in (("hen", "egg"), ("egg", "hen")):
        checkout.script(name, 'echo text > "{out}/file"', head=f"[inputs]\nfirst = '{above}'")
    error = fails(checkout, 3, "hen")
    assert (error["class"], "hen -> egg -> hen" in error["message"]) == ("CycleError", True)


@pytest.mark.parametrize("path", ["../nowhere", "../../outside"])
def test_a_local_source_must_be_there_and_inside_the_checkout(checkout: Checkout, path: str) -> None:
    (checkout.top.parent / "outside").mkdir()
    head = f"[sources]\ndata = {{ kind = 'local', path = '{path}' }}"
    checkout.script("uses", 'echo text > "{out}/file"', head=head)
    error = fails(checkout, 3, "uses")
    assert (error["class"], path in error["message"]) == ("MissingSourceError", True)


def test_a_file_that_is_named_otherwise_than_its_recipe_is_refused(checkout: Checkout) -> None:
    checkout.recipe("sized", SIZED).rename(checkout.top / "recipes" / "seized.toml")
    assert "sized.toml" in fails(checkout, 3, "seized")["message"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["relize", "sized"], "'realize'"),
        (["realize"], "envmgr realize --help"),
        (["realize", "sized", "--ofline"], "envmgr realize --help"),
        (["realize", "sized", "--set", "size"], "--set AXIS=VALUE"),
        (["realize", "sized", "--set", "size=big", "--set", "size=small"], "once"),
    ],
)
def test_a_question_that_cannot_be_understood_is_a_usage_error(
    checkout: Checkout, arguments: list[str], meant: str
) -> None:
    error = checkout.fails(2, *arguments)
    assert (error["class"], meant in error["fix"]) == ("UsageError", True)


def test_a_folder_without_recipes_above_it_is_no_checkout(checkout: Checkout) -> None:
    (checkout.top / "recipes").rmdir()
    assert checkout.fails(3, "realize", "sized")["class"] == "NoCheckoutError"
