"""`envmgr size`: own, closure, and what something else needs as well."""

import os

import pytest

from tests.functional.conftest import Checkout


@pytest.fixture
def pair(checkout: Checkout) -> Checkout:
    """`one` and `two` link to `base`; their files have 10, 110 and 1,000 bytes. `base` and `one` are realised."""
    checkout.recipe("base", f"[build]\nbuilder = 'tree'\nsettings.texts = {{ text = '{'b' * 1000}' }}\n")
    base = checkout("realize", "base").path.name
    for name, size in (("one", 10), ("two", 110)):
        checkout.recipe(
            name,
            f"inputs.base = 'base'\n[build]\nbuilder = 'tree'\n"
            f"settings.texts = {{ text = '{name[0] * size}' }}\nsettings.symlinks = {{ base = '../{base}' }}\n",
        )
    checkout("realize", "one")
    return checkout


def test_own_and_closure_are_told_apart_and_the_largest_comes_first(pair: Checkout) -> None:
    data = pair("size", "one", "--json").data
    assert (data["own"], data["closure"], data["shared"]) == (10, 1010, 0)
    assert [(item["store_path"][33:], item["bytes"]) for item in data["objects"]] == [("base-1", 1000), ("one-1", 10)]


def test_what_another_object_needs_as_well_is_named(pair: Checkout) -> None:
    two = pair("realize", "two").path.name
    data = pair("size", "one", "--json").data
    assert (data["closure"], data["shared"]) == (1010, 1000)
    base, one = data["objects"]
    assert (base["shared"], base["used_by"], one["shared"]) == (True, [two], False)
    assert pair("size", "one").stdout.splitlines()[5].endswith(f"-base-1  (also used by {two})")


def test_a_file_with_two_names_is_counted_once(pair: Checkout) -> None:
    two, one = pair("realize", "two", "one").stdout.splitlines()
    os.unlink(f"{one}/text")  # noqa: PTH108  as in the next line
    os.link(f"{two}/text", f"{one}/text")
    data = pair("size", "one", "--json").data
    assert (data["own"], data["shared"]) == (110, 1110)  # the other name keeps the bytes
    pair.recipe("bench", "inputs = { a = 'one', b = 'two' }\n[[run.steps]]\nname = 'go'\nargv = ['/bin/true']\n")
    data = pair("size", "bench", "--json").data
    assert (data["own"], data["closure"], data["shared"]) == (110, 1110, 0)


def test_what_is_not_here_is_an_error(pair: Checkout) -> None:
    assert pair.fails(3, "size", "two")["class"] == "NotRealisedError"
    assert pair.fails(7, "size", f"{'a' * 32}-one-1")["class"] == "NotValidError"
