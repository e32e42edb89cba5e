"""`envmgr list`: the recipes."""

from tests.functional.conftest import Checkout

AXES = """
[build]
builder = "tree"
[variants.size]
default = "small"
small.settings.texts = { size = "small" }
large.settings.texts = { size = "large" }
"""
TREE = "[build]\nbuilder = 'tree'\n"


def test_each_recipe_is_a_line_with_its_summary_and_axes(checkout: Checkout) -> None:
    checkout.recipe("tool", AXES)
    checkout.recipe("library", TREE)
    checkout.recipe("small", "use = { recipe = 'tool', set = { size = 'small' } }")
    assert checkout("list").stdout.splitlines() == [
        "library  An example",
        "small    An example",
        "         is tool with size = small",
        "tool     An example",
        "         size = [small] | large",
    ]


def test_json_says_what_each_recipe_describes(checkout: Checkout) -> None:
    checkout.recipe("tool", AXES)
    checkout.recipe("small-tool", "use = { recipe = 'tool', set = { size = 'small' } }")
    small, tool = checkout("list", "--json").data["recipes"]
    assert (small["name"], small["kind"], small["axes"]) == ("small-tool", "use", {})
    assert (tool["name"], tool["kind"], tool["axes"]) == ("tool", "build", {"size": ["small", "large"]})
    assert tool["defaults"] == {"size": "small"}
    assert tool["file"] == str(checkout.top / "recipes" / "tool.toml")


def test_a_checkout_without_recipes_has_an_empty_list(checkout: Checkout) -> None:
    assert checkout("list").stdout == ""
    assert checkout("list", "--json").data == {"recipes": []}


def test_a_recipe_that_is_not_valid_is_named_with_its_line(checkout: Checkout) -> None:
    file = checkout.recipe("tool", "bild = 1\n")
    error = checkout.fails(3, "list")
    assert error["where"].startswith(f"{file}:4:")
    assert "'build'" in error["fix"]
