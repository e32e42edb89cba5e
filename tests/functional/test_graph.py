"""`envmgr graph`: what a recipe is made of."""

from tests.functional.conftest import Checkout

TREE = "[build]\nbuilder = 'tree'\n"


def test_the_tree_unfolds_each_derivation_once(checkout: Checkout) -> None:
    checkout.write("recipes/words/hello.txt", "hello\n")
    checkout.recipe("library", f"sources.words = {{ kind = 'local', path = 'words' }}\n{TREE}")
    checkout.recipe("tool", f"inputs.library = 'library'\n{TREE}")
    checkout.recipe("both", f"inputs = {{ library = 'library', tool = 'tool' }}\n{TREE}")
    assert checkout("graph", "both").stdout.splitlines() == [
        "both-1",
        "├─ library: library-1",
        "│  └─ words: words-0  (local)",
        "└─ tool: tool-1",
        "   └─ library: library-1  …",
    ]


def test_json_names_each_derivation_once_inputs_first(checkout: Checkout) -> None:
    checkout.recipe("library", TREE)
    checkout.recipe("tool", f"inputs.library = 'library'\n{TREE}")
    data = checkout("graph", "tool", "--json").data
    library, tool = data["nodes"]
    assert (library["label"], tool["label"]) == ("library-1", "tool-1")
    assert tool["inputs"] == {"library": library["derivation"]}
    assert data["root"] == tool["derivation"]


def test_axes_choose_what_is_shown(checkout: Checkout) -> None:
    checkout.recipe("library", TREE)
    variants = "[variants.plain]\ndefault = 'yes'\nyes = {}\nno.inputs.library = 'library'\n"
    checkout.recipe("tool", f"{TREE}{variants}")
    assert checkout("graph", "tool").stdout == "tool-1\n"
    assert checkout("graph", "tool", "--set", "plain=no").stdout == "tool-1\n└─ library: library-1\n"


def test_an_unknown_recipe_gets_the_nearest_name(checkout: Checkout) -> None:
    checkout.recipe("library", TREE)
    assert checkout.fails(3, "graph", "libary")["fix"] == "did you mean 'library'?"
