"""Early cutoff: a change that does not reach the bytes stops there."""

from pathlib import Path

import pytest

from tests.functional.conftest import Checkout, empty_checkout


@pytest.fixture(scope="module")
def realised(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """`n5` is made from `n4`, and so on; `n0` keeps one line of a local file, `n2` half of that; all realised."""
    checkout = empty_checkout(tmp_path_factory.mktemp("realised"))
    checkout.write("notes/notes.txt", "left right\na comment\n")
    head = "sources.notes = { kind = 'local', path = '../notes' }"
    checkout.script("n0", 'read -r line < "{notes}/notes.txt"; echo "$line" > "{out}/file"', head=head)
    for number in range(1, 6):
        name = f"n{number - 1}"
        keep = "$left" if number == 2 else "$left $right"
        checkout.script(
            f"n{number}",
            f'read -r left right < "{{{name}}}/file"; echo "{keep}" > "{{out}}/file"',
            head=f"inputs.{name} = '{name}'",
        )
    checkout("realize", "n5")
    return checkout


@pytest.fixture
def chain(realised: Checkout, tmp_path: Path) -> Checkout:
    """A copy of that, to be changed."""
    return realised.copied(tmp_path)


def test_a_comment_at_the_bottom_of_a_chain_costs_one_build(chain: Checkout) -> None:
    before = chain("realize", "n5").path
    chain.write("notes/notes.txt", "left right\nanother comment\n")
    after = chain("realize", "n5")
    assert (after.built, after.path) == (["n0-1"], before)


def test_a_change_goes_as_far_as_it_reaches_the_bytes(chain: Checkout) -> None:
    before = chain("realize", "n5").path
    chain.write("notes/notes.txt", "left RIGHT\na comment\n")
    after = chain("realize", "n5")
    assert (after.built, after.path) == (["n0-1", "n1-1", "n2-1"], before)


def test_a_comment_in_a_recipe_builds_nothing_and_one_in_its_script_builds_it_alone(chain: Checkout) -> None:
    recipe = chain.top / "recipes/n3.toml"
    recipe.write_text(recipe.read_text() + "\n# a comment\n")
    assert chain("realize", "n5").built == []
    recipe.write_text(recipe.read_text().replace("set -eu", "set -eu # a comment"))
    assert chain("realize", "n5").built == ["n3-1"]


def test_what_was_cut_off_is_there_from_now_on(chain: Checkout) -> None:
    chain.write("notes/notes.txt", "left right\nanother comment\n")
    chain("realize", "n5")
    (found,) = chain("why-rebuild", "n5", "--json").data["recipes"]
    assert found["state"] == "present"
    assert chain("realize", "n5", "--dry-run", "--json").data["build"] == []
