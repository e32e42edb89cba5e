"""`envmgr verify`: every byte held against its manifest."""

import hashlib
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

TREE = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello', 'deep/other' = 'other' }\n"


@pytest.fixture
def words(checkout: Checkout) -> Path:
    """The object of a recipe `words` in a store where it is the only one."""
    checkout.recipe("words", TREE)
    return checkout("realize", "words").path


def test_a_store_as_it_was_made_is_clean(checkout: Checkout, words: Path) -> None:
    assert checkout("verify").stdout == "1 objects, 0 damaged\n"
    assert checkout("verify", "--json").data == {"objects": 1, "damages": [], "runs": [], "proved": []}


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
    (record,) = (checkout.store / "records").iterdir()
    record.write_text("{}")
    answer = checkout("verify", "--rebuild-db", "--json").json()
    assert answer["data"]["objects"] == 0
    assert f"records/{record.name}" in answer["data"]["unused"]
    assert any(record.name in warning for warning in answer["warnings"])


def test_repair_builds_again_what_is_damaged_with_what_it_was_built_from(checkout: Checkout, origin: Origin) -> None:
    fetched, built = chain(checkout, origin)
    tamper(fetched / "data.txt")
    tamper(built / "file")
    result = checkout("verify", "--repair")
    assert result.stdout.splitlines()[-1] == "3 objects, 2 damaged, 2 repaired"
    assert (fetched / "data.txt").read_text() == "from outside"
    assert (built / "file").read_text() == "from outside\n"
    assert checkout("verify").stdout == "3 objects, 0 damaged\n"


def test_what_no_recipe_says_any_more_is_built_from_the_text_of_its_derivation(
    checkout: Checkout, origin: Origin
) -> None:
    _, built = chain(checkout, origin)
    shutil.rmtree(checkout.top / "recipes")
    (checkout.top / "recipes").mkdir()
    tamper(built / "file")
    checkout("verify", "--repair")
    assert (built / "file").read_text() == "from outside\n"


def test_what_cannot_be_had_again_is_left_as_it_is_with_what_needs_it(checkout: Checkout, origin: Origin) -> None:
    fetched, built = chain(checkout, origin)
    (shown,) = (checkout.store / "objects").glob("*-shown-1")
    shutil.rmtree(checkout.top / "recipes")
    (checkout.top / "recipes").mkdir()
    for file in (fetched / "data.txt", shown / "copy", built / "file"):
        tamper(file)
    answer = checkout("verify", "--repair", "--json", expect=7).json()
    for damage in answer["data"]["damages"]:
        assert not damage["repaired"]
        assert "nobody says where data.txt-0 comes from" in damage["why_not"]
    assert (fetched / "data.txt").read_text() == "FROM OUTSIDE"
    assert (shown / "copy").read_text() == "FROM OUTSIDE"
    assert (built / "file").read_text() == "FROM OUTSIDE\n"


def test_repair_copies_from_a_cache_what_it_has(checkout: Checkout, words: Path, tmp_path: Path) -> None:
    checkout("cache", "push", str(tmp_path / "cache"), "words")
    checkout("cache", "add", "team", str(tmp_path / "cache"))
    shutil.rmtree(checkout.top / "recipes")
    (checkout.top / "recipes").mkdir()
    tamper(words / "hello")
    result = checkout("verify", "--repair")
    assert "built" not in result.stderr
    assert (words / "hello").read_text() == "hello"
    assert checkout("verify").stdout == "1 objects, 0 damaged\n"


def test_a_part_of_the_store_can_be_verified(checkout: Checkout, origin: Origin) -> None:
    fetched, built = chain(checkout, origin)
    tamper(fetched / "data.txt")
    assert checkout("verify", "report").stdout == "1 objects, 0 damaged\n"
    assert checkout("verify", str(fetched), expect=7).stdout.splitlines()[-1] == "1 objects, 1 damaged"
    assert checkout.fails(3, "verify", "absent")["class"] == "UnknownNameError"
    assert built.exists()


def test_modes_that_let_others_write_are_damage_and_are_mended(checkout: Checkout, words: Path) -> None:
    (words / "hello").chmod(0o664)
    answer = checkout("verify", "--json", expect=7).json()
    assert answer["data"]["damages"][0]["what"] == "modes or times are not an object's: hello"
    assert answer["error"]["fix"] == "envmgr verify --repair"
    checkout("verify", "--repair")
    assert stat.S_IMODE((words / "hello").stat().st_mode) == 0o444


def chain(checkout: Checkout, origin: Origin) -> tuple[Path, Path]:
    """Realise `report`, which is built from `shown`, which is made from a file; both ends."""
    url = origin.serve("/data.txt", Reply(b"from outside"))
    sha256 = hashlib.sha256(b"from outside").hexdigest()
    source = f"data = {{ kind = 'url', urls = ['{url}'], file = 'data.txt', sha256 = '{sha256}' }}"
    checkout.recipe(
        "shown", f"[sources]\n{source}\n[build]\nbuilder = 'tree'\nsettings.files = {{ copy = 'data/data.txt' }}\n"
    )
    lines = ('read -r line < "{shown}/copy" || true', 'echo "$line" > "{out}/file"')
    checkout.script("report", *lines, head="inputs.shown = 'shown'")
    built = checkout("realize", "report").path
    (fetched,) = (checkout.store / "objects").glob("*-data.txt-0")
    return fetched, built


def tamper(file: Path) -> None:
    """Change a file as a careless person does, who then hides it."""
    file.chmod(0o644)
    file.write_text(file.read_text().upper())
    file.chmod(0o444)
