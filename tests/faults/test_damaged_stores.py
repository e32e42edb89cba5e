"""Every kind of damage to an object and to the index: found by `verify` or at use, and mended by the documented way."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from envmgr.store.record import Record, read
from tests.faults.forks import Forks
from tests.faults.system_calls import KILL, LET, Call
from tests.functional.conftest import Checkout

# Objects


def opened(file: Path) -> Path:
    """A file of an object, and its folder, made writable as a careless person does."""
    file.parent.chmod(0o755)
    if not file.is_symlink():
        file.chmod(0o644)
    return file


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    opened(file).write_bytes(data)


def replace_by(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def replace(file: Path) -> None:
        opened(file).unlink()
        make(file)

    return replace


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped bit": flip,
    "cut": lambda file: os.truncate(opened(file), 1),
    "emptied": lambda file: os.truncate(opened(file), 0),
    "longer": lambda file: opened(file).write_bytes(file.read_bytes() + b"more"),
    "deleted": lambda file: opened(file).unlink(),
    "a file more": lambda file: opened(file).with_name("more").touch(),
    "a folder more": lambda file: opened(file).with_name("more").mkdir(),
    "executable": lambda file: file.chmod(0o555),
    "writable": lambda file: file.chmod(0o644),
    "a folder": replace_by(lambda file: file.mkdir()),
    "a link": replace_by(lambda file: file.symlink_to("other")),
    "a fifo": replace_by(os.mkfifo),
    "a device": replace_by(lambda file: os.mknod(file, 0o20444, os.makedev(1, 3))),
    "touched": os.utime,
    "a folder touched": lambda file: os.utime(file.parent),
    "renamed": lambda file: opened(file).rename(file.with_name("renamed")),
}


@pytest.fixture
def words(checkout: Checkout) -> Path:
    """The object of a recipe `words`, with a file `file` and a link `link` to it."""
    checkout.recipe(
        "words", "[build]\nbuilder = 'tree'\nsettings.texts = { 'folder/file' = 'words', other = 'other' }\n"
    )
    checkout.script("linked", 'echo words > "{out}/file"')
    return checkout("realize", "words").path


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_is_found_and_made_whole_again(checkout: Checkout, words: Path, damage: str) -> None:
    DAMAGES[damage](words / "folder" / "file")
    (found,) = checkout("verify", "--json", expect=7).data["damages"]
    assert found["store_path"] == words.name
    assert checkout("verify", "--repair", "--json").data["damages"][0]["repaired"]
    assert (words / "folder" / "file").read_text() == "words"
    checkout("verify")


# The index


@pytest.fixture
def chain(checkout: Checkout) -> Checkout:
    """A store with `inner`, and `outer`, which refers to it."""
    checkout.recipe("inner", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'inner' }\n")
    checkout.script("outer", 'echo "../{inner.name}/file" > "{out}/file"', head="[inputs]\ninner = 'inner'")
    checkout("root", "add", "outer")
    return checkout


def sql(*statements: str) -> Callable[[Path], None]:
    """Change the index as nobody should, without its foreign keys; `of('name')` is the number of an object."""

    def change(index: Path) -> None:
        with closing(sqlite3.connect(index, isolation_level=None)) as connection:
            found = connection.execute("SELECT id, store_path FROM objects").fetchall()
            numbers = {path[33:].rpartition("-")[0]: number for number, path in found}
            connection.create_function("of", 1, numbers.get)
            for statement in statements:
                connection.execute(statement)

    return change


def other_database(index: Path) -> None:
    index.unlink()
    with closing(sqlite3.connect(index)) as connection:
        connection.executescript("CREATE TABLE t (a); PRAGMA user_version = 1;")


def middle_page(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[4096:8192] = bytes(4096)
    index.write_bytes(data)


FILE_DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut in half": lambda index: os.truncate(index, index.stat().st_size // 2),
    "cut to a page": lambda index: os.truncate(index, 4096),
    "cut within its header": lambda index: os.truncate(index, 50),
    "emptied": lambda index: os.truncate(index, 0),
    "zeroed": lambda index: index.write_bytes(bytes(index.stat().st_size)),
    "garbage": lambda index: index.write_bytes(os.urandom(index.stat().st_size)),
    "a page lost": middle_page,
    "another database": other_database,
    "deleted": lambda index: index.unlink(),
}


@pytest.mark.parametrize("damage", FILE_DAMAGES)
def test_a_damaged_index_is_named_and_made_again_from_the_files_beside_it(chain: Checkout, damage: str) -> None:
    FILE_DAMAGES[damage](chain.store / "db.sqlite")
    for command in (["verify"], ["gc"], ["realize", "outer", "--offline"]):
        error = chain.fails(7, *command)
        assert (error["class"], "--rebuild-db" in error["fix"]) == ("DamagedIndexError", True), command
    assert chain("verify", "--rebuild-db", "--json").data == {"objects": 2, "realisations": 2, "unused": []}
    chain("verify")
    assert chain("realize", "outer").built == []


ROWS = (
    "SELECT store_path, manifest, size FROM objects",
    "SELECT a.store_path, b.store_path FROM refs JOIN objects a ON a.id = referrer JOIN objects b ON b.id = reference",
    "SELECT derivation, resolved, store_path, isolation, bare_host FROM realisations JOIN objects ON id = object",
)


def rows(store: Path) -> list[object]:
    """All that the index says, without its numbers."""
    with closing(sqlite3.connect(f"file:{store}/db.sqlite?mode=ro", uri=True)) as connection:
        return [sorted(connection.execute(query).fetchall()) for query in ROWS]


def truth(store: Path) -> dict[Path, Record]:
    """What the files say that the index can be made from."""
    return {file: read(file) for file in (store / "records").iterdir()}


WRONG_ROWS = {
    "an object is missing that is referred to": ["DELETE FROM objects WHERE id = of('inner')"],
    "references are missing": ["DELETE FROM refs"],
    "a reference too many": ["INSERT INTO refs VALUES (of('inner'), of('outer'))"],
    "a reference to nothing": ["INSERT INTO refs VALUES (of('inner'), 999)"],
    "a realisation of another object": ["UPDATE realisations SET object = of('inner') WHERE object = of('outer')"],
    "another isolation": ["UPDATE realisations SET isolation = 'unsandboxed'"],
    "another manifest": ["UPDATE objects SET manifest = 'sha256:' || printf('%064d', 0) WHERE id = of('outer')"],
    "another size": ["UPDATE objects SET size = 7 WHERE id = of('outer')"],
}
INVENTED_ROWS = {
    "an object": [
        "INSERT INTO objects SELECT 9, 'a' || substr(store_path, 2), manifest, 1 FROM objects WHERE id = of('outer')",
    ],
    "a realisation": [
        "UPDATE realisations SET derivation = 'sha256:' || printf('%064d', 0) WHERE object = of('outer')",
    ],
}
MISSING_ROWS = {
    "an object": [
        "DELETE FROM refs WHERE referrer = of('outer')",
        "DELETE FROM realisations WHERE object = of('outer')",
        "DELETE FROM objects WHERE id = of('outer')",
    ],
    "realisations": ["DELETE FROM realisations"],
}


@pytest.mark.parametrize("statements", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_an_index_that_says_otherwise_than_its_files_is_found_and_made_again(
    chain: Checkout, statements: list[str]
) -> None:
    before, files = rows(chain.store), truth(chain.store)
    sql(*statements)(chain.store / "db.sqlite")
    for command in (["verify"], ["verify", "--repair"]):
        assert "--rebuild-db" in chain.fails(7, *command)["fix"]
    assert truth(chain.store) == files
    chain("verify", "--rebuild-db")
    assert rows(chain.store) == before
    chain("verify")


@pytest.mark.parametrize("statements", INVENTED_ROWS.values(), ids=INVENTED_ROWS)
def test_what_the_index_has_invented_is_found_and_forgotten(chain: Checkout, statements: list[str]) -> None:
    before, files = rows(chain.store), truth(chain.store)
    sql(*statements)(chain.store / "db.sqlite")
    chain("verify", expect=7)
    chain("verify", "--repair", expect=7)
    assert truth(chain.store) == files
    chain("verify", "--rebuild-db")
    assert rows(chain.store) == before
    chain("verify")


@pytest.mark.parametrize("wrong", [{"size": 7}, {"references": []}, {"manifest": f"sha256:{'0' * 64}"}], ids=str)
def test_a_record_that_is_wrong_itself_is_not_taken_for_the_truth(chain: Checkout, wrong: dict[str, object]) -> None:
    before, files = rows(chain.store), truth(chain.store)
    (record,) = (chain.store / "records").glob("*-outer-1")
    described, *rest = record.read_text().split("\n")
    record.write_text("\n".join([json.dumps(json.loads(described) | wrong), *rest]))
    assert "--repair" in chain.fails(7, "verify")["fix"]
    chain("verify", "--repair")
    assert (rows(chain.store), truth(chain.store)) == (before, files)


@pytest.mark.parametrize("statements", MISSING_ROWS.values(), ids=MISSING_ROWS)
def test_what_the_index_does_not_know_is_warned_of_and_taken_in_again(chain: Checkout, statements: list[str]) -> None:
    before = rows(chain.store)
    sql(*statements)(chain.store / "db.sqlite")
    (warning,) = chain("verify", "--json").json()["warnings"]
    assert "--rebuild-db" in warning
    chain("verify", "--rebuild-db")
    assert rows(chain.store) == before
    assert chain("verify", "--json").json()["warnings"] == []


def test_an_old_journal_beside_the_index_is_found_when_it_was_played_back(forks: Forks, chain: Checkout) -> None:
    """The journal of a command that was killed in the middle of its transaction, put beside an index that went on."""
    journal = chain.store / "db.sqlite-journal"
    chain.recipe("later", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'later' }\n")
    before = rows(chain.store)
    wrote: list[Call] = []

    def verdict(call: Call) -> int:
        wrote.extend([call] if call.path.endswith("/db.sqlite") else [])
        return KILL if wrote else LET

    forks.start(chain, "realize", "later", calls=["pwrite64"]).end(verdict)
    old = journal.read_bytes()
    chain("realize", "later")
    assert not journal.exists()
    journal.write_bytes(old)
    (warning,) = chain("verify", "--json").json()["warnings"]
    assert (rows(chain.store) == before, "later" in warning) == (True, True)
    chain("verify", "--rebuild-db")
    assert chain("realize", "later").built == []
