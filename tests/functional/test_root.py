"""`envmgr root`: what is kept, and why."""

from tests.functional.conftest import Checkout

TREE = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n"


def test_a_root_that_is_added_is_realised_and_listed_until_it_is_removed(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    added = checkout("root", "add", "words", "--as", "mine", "--json").data
    assert (checkout.store / "objects" / added["path"] / "hello").read_text() == "hello"
    (root,) = checkout("root", "list", "--json").data["roots"]
    assert root == {"kind": "profile", "name": "mine", "reason": "envmgr root add words", "paths": [added["path"]]}
    assert checkout("root", "list").stdout == "profile mine: envmgr root add words\n"
    assert checkout("root", "remove", "mine").stdout == "removed mine\n"
    assert checkout("root", "list").stdout == ""


def test_adding_a_root_again_replaces_it(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    before = checkout("root", "add", "words", "--json").data["path"]
    checkout.recipe("words", TREE.replace("'hello'", "'other'"))
    after = checkout("root", "add", "words", "--json").data["path"]
    (root,) = checkout("root", "list", "--json").data["roots"]
    assert before != after
    assert root["paths"] == [after]


def test_removing_an_unknown_root_names_the_known_ones(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    checkout("root", "add", "words")
    assert checkout.fails(2, "root", "remove", "wrods")["fix"] == "profiles: words"


def test_a_name_that_is_no_file_name_is_refused(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    assert checkout.fails(2, "root", "add", "words", "--as", "../words")["class"] == "UsageError"
