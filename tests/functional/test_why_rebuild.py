"""`envmgr why-rebuild`: which field differs from the last one realised, and what is at the bottom of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import Checkout, empty_checkout

NOTES = "sources.notes = { kind = 'local', path = '../notes' }"


@pytest.fixture(scope="module")
def realised(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """`outer` is made from `middle`, that from `inner`, and that is the first line of a local file; all realised."""
    checkout = empty_checkout(tmp_path_factory.mktemp("realised"))
    checkout.write("notes/notes.txt", "first\nsecond\n")
    checkout.script("inner", 'read -r line < "{notes}/notes.txt"; echo "$line" > "{out}/file"', head=NOTES)
    checkout.script("middle", 'echo "middle" > "{out}/file"', head="inputs.inner = 'inner'")
    checkout.script("outer", 'echo "outer" > "{out}/file"', head="inputs.middle = 'middle'")
    checkout("realize", "outer")
    return checkout


@pytest.fixture
def chain(realised: Checkout, tmp_path: Path) -> Checkout:
    """A copy of that, to be changed."""
    return realised.copied(tmp_path)


def why(checkout: Checkout, name: str, *arguments: str) -> dict[str, Any]:
    """The one explanation."""
    (recipe,) = checkout("why-rebuild", name, *arguments, "--json").data["recipes"]
    explanation: dict[str, Any] = recipe
    return explanation


def test_what_is_present_needs_no_reason(chain: Checkout) -> None:
    found = why(chain, "outer")
    assert (found["state"], found["fields"], found["causes"]) == ("present", [], [])
    assert chain("why-rebuild", "outer").stdout == "outer-1 is present: nothing would be built\n"


def test_an_edited_file_at_the_bottom_is_found_through_all_that_is_above_it(chain: Checkout) -> None:
    chain.write("notes/notes.txt", "first\n2\n")
    found = why(chain, "outer")
    assert (found["state"], [field["field"] for field in found["fields"]]) == ("changed", ["inputs.middle"])
    assert found["may_be_cut_off"]
    (cause,) = found["causes"]
    assert (cause["way"], cause["label"]) == (["middle", "inner", "notes"], "notes-0")
    assert [field["field"] for field in cause["fields"]] == ["output.known.manifest"]
    (file,) = cause["files"]
    assert (file["path"], file["text"]["lines"][-3:]) == ("notes.txt", [" first", "-second", "+2"])


def test_a_changed_setting_is_shown_before_and_after_and_in_a_diff_of_the_two_texts(chain: Checkout) -> None:
    chain.script("middle", 'echo "MIDDLE" > "{out}/file"', head="inputs.inner = 'inner'")
    assert not why(chain, "middle")["may_be_cut_off"]
    (cause,) = why(chain, "outer")["causes"]
    (field,) = cause["fields"]
    assert (cause["way"], field["field"]) == (["middle"], "settings.argv[2]")
    assert field["before"].replace("middle", "MIDDLE") == field["after"]
    assert {line for line in cause["text"]["lines"] if line[0] in "+-"} == {
        "--- realised",
        "+++ now",
        '-echo \\"middle\\" > \\"{out}/file\\""',
        '+echo \\"MIDDLE\\" > \\"{out}/file\\""',
    }
    text = chain("why-rebuild", "outer").stdout
    assert "because of middle, which is middle-1:" in text
    assert "settings.argv[2]: set -eu" in text


def test_each_of_several_causes_is_named_once_the_nearest_first(chain: Checkout) -> None:
    head = "inputs = { inner = 'inner', middle = 'middle' }"
    chain.script("outer", 'echo "outer" > "{out}/file"', head=head)
    chain("realize", "outer")
    chain.script("inner", 'read -r line < "{notes}/notes.txt"; echo "$line." > "{out}/file"', head=NOTES)
    chain.script("outer", 'echo "OUTER" > "{out}/file"', head=head)
    assert [cause["way"] for cause in why(chain, "outer")["causes"]] == [[], ["inner"]]


def test_an_input_that_is_new_or_another_recipe_is_a_cause_of_its_own(chain: Checkout) -> None:
    chain.script("middle", 'echo "middle" > "{out}/file"', head=f"inputs.inner = 'other'\n{NOTES}")
    chain.script("other", 'echo "other" > "{out}/file"')
    causes = {tuple(cause["way"]): cause["fields"] for cause in why(chain, "outer")["causes"]}
    assert [field["field"] for field in causes["middle",]] == ["inputs.notes"]
    assert causes["middle", "inner"] == [{"field": "recipe", "before": "inner-1", "after": "other-1"}]


def test_what_was_never_realised_is_said(chain: Checkout) -> None:
    chain.script("other", 'echo "other" > "{out}/file"')
    found = why(chain, "other")
    assert (found["state"], found["earlier"], found["causes"]) == ("new", None, [])


def test_an_object_that_is_gone_is_said(chain: Checkout) -> None:
    path = chain("realize", "outer").path
    path.rename(path.with_name("gone"))
    assert why(chain, "outer")["state"] == "gone"


def test_another_one_than_the_last_can_be_held_against(chain: Checkout) -> None:
    first = chain("realize", "outer").path.name
    chain.script("outer", 'echo "second" > "{out}/file"', head="inputs.middle = 'middle'")
    second = chain("realize", "outer").path.name
    chain.script("outer", 'echo "third" > "{out}/file"', head="inputs.middle = 'middle'")
    assert why(chain, "outer")["earlier"]["store_path"] == second
    assert why(chain, "outer", "--against", first)["earlier"]["store_path"] == first
    assert chain.fails(2, "why-rebuild", "outer", "--against", "middle")["class"] == "NotAStorePathError"


def test_of_a_run_each_input_is_explained(chain: Checkout) -> None:
    step = "[[run.steps]]\nname = 'go'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    chain.recipe("bench", f"inputs = {{ middle = 'middle', outer = 'outer' }}\n{step}")
    chain.script("outer", 'echo "OUTER" > "{out}/file"', head="inputs.middle = 'middle'")
    found = chain("why-rebuild", "bench", "--json").data["recipes"]
    assert {item["recipe"]: item["state"] for item in found} == {"middle": "present", "outer": "changed"}
