"""`envmgr graph`: what a recipe is made of."""

import json

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


def test_graphviz_and_mermaid_get_each_derivation_and_each_edge_once(checkout: Checkout) -> None:
    checkout.write("recipes/words/hello.txt", "hello\n")
    checkout.recipe("library", f"sources.words = {{ kind = 'local', path = 'words' }}\n{TREE}")
    checkout.recipe("tool", f"inputs.library = 'library'\n{TREE}")
    checkout.recipe("both", f"inputs = {{ library = 'library', tool = 'tool' }}\n{TREE}")
    assert checkout("graph", "both", "--format", "dot").stdout.splitlines() == [
        "digraph plan {",
        "  rankdir=LR; node [shape=box];",
        '  n0 [label="words-0", style=rounded];',
        '  n1 [label="library-1"];',
        '  n2 [label="tool-1"];',
        '  n3 [label="both-1"];',
        '  n1 -> n0 [label="words"];',
        '  n2 -> n1 [label="library"];',
        '  n3 -> n1 [label="library"];',
        '  n3 -> n2 [label="tool"];',
        "}",
    ]
    assert checkout("graph", "both", "--format", "mermaid").stdout.splitlines() == [
        "flowchart LR",
        '  n0("words-0")',
        '  n1["library-1"]',
        '  n2["tool-1"]',
        '  n3["both-1"]',
        '  n1 -->|"words"| n0',
        '  n2 -->|"library"| n1',
        '  n3 -->|"library"| n1',
        '  n3 -->|"tool"| n2',
    ]


def test_json_is_a_form_as_well(checkout: Checkout) -> None:
    checkout.recipe("library", TREE)
    assert (
        json.loads(checkout("graph", "library", "--format", "json").stdout)
        == checkout("graph", "library", "--json").data
    )


def test_an_unknown_recipe_gets_the_nearest_name(checkout: Checkout) -> None:
    checkout.recipe("library", TREE)
    assert checkout.fails(3, "graph", "libary")["fix"] == "did you mean 'library'?"
