"""`envmgr verify`: every byte held against its manifest."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout

TREE = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello', 'deep/other' = 'other' }\n"


@pytest.fixture
def words(checkout: Checkout) -> Path:
    """The object of a recipe `words` in a store where it is the only one."""
    checkout.recipe("words", TREE)
    return checkout("realize", "words").path


def test_a_store_as_it_was_made_is_clean(checkout: Checkout, words: Path) -> None:
    assert checkout("verify").stdout == "1 objects, 0 damaged\n"
    assert checkout("verify", "--json").data == {"objects": 1, "damages": []}


def test_each_file_that_is_not_as_it_was_is_named(checkout: Checkout, words: Path) -> None:
    tamper(words / "deep" / "other")
    result = checkout("verify", expect=7)
    assert result.stdout.splitlines()[1].strip() == "deep/other"
    answer = checkout("verify", "--json", expect=7).json()
    (damage,) = answer["data"]["damages"]
    assert (damage["store_path"], damage["changes"]) == (words.name, ["deep/other"])
    assert not answer["ok"]
    assert (answer["error"]["class"], answer["error"]["exit"]) == ("DamagedStoreError", 7)


def test_verify_changes_nothing(checkout: Checkout, words: Path) -> None:
    tamper(words / "hello")
    checkout("verify", expect=7)
    assert (words / "hello").read_text() == "HELLO"


def test_a_damaged_object_that_is_deleted_is_realised_again(checkout: Checkout, words: Path) -> None:
    tamper(words / "hello")
    subprocess.run(["chmod", "-R", "u+w", str(words)], check=True)
    shutil.rmtree(words)
    assert checkout("realize", "words").path == words
    assert (words / "hello").read_text() == "hello"
    checkout("verify")


def test_a_lost_index_is_made_anew_and_nothing_is_built_again(checkout: Checkout, words: Path) -> None:
    (checkout.store / "db.sqlite").unlink()
    assert checkout.fails(7, "realize", "words", "--offline")["class"] == "DamagedIndexError"
    assert checkout("verify", "--rebuild-db", "--json").data == {"objects": 1, "realisations": 1, "unused": []}
    survey = checkout("realize", "words", "--dry-run", "--json").data
    assert (survey["present"], survey["build"]) == (1, [])
    assert checkout("realize", "words").path == words


def test_records_that_cannot_be_used_are_warned_of(checkout: Checkout, words: Path) -> None:
    (record,) = (checkout.store / "manifests").glob("*.json")
    record.write_text("{}")
    answer = checkout("verify", "--rebuild-db", "--json").json()
    assert answer["data"]["objects"] == 0
    assert f"manifests/{record.name}" in answer["data"]["unused"]
    assert any(record.name in warning for warning in answer["warnings"])


def tamper(file: Path) -> None:
    file.chmod(0o644)
    file.write_text(file.read_text().upper())
