"""`envmgr log`: the log of the last build."""

from tests.functional.conftest import Checkout


def test_the_log_holds_what_the_build_said(checkout: Checkout) -> None:
    checkout.script("loud", "echo first", "echo second >&2", 'echo text > "{out}/file"')
    checkout("realize", "loud")
    assert checkout("log", "loud").stdout == "first\nsecond\n"
    assert checkout("log", "loud", "--json").data["text"] == "first\nsecond\n"


def test_a_failed_build_has_a_log_too(checkout: Checkout) -> None:
    checkout.script("broken", "echo the reason", "exit 3")
    checkout("realize", "broken", expect=5)
    assert checkout("log", "broken").stdout == "the reason\n"


def test_what_was_not_built_has_none(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    assert checkout.fails(12, "log", "words")["class"] == "NoStoreError"
    checkout("realize", "words")
    error = checkout.fails(3, "log", "words")
    assert (error["class"], error["fix"]) == ("NoLogError", "envmgr realize words")
