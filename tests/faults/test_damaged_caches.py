"""A binary cache of which one file is not what it was, each file in turn and each damage: no result changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.conftest import assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.functional.team import Team

pytestmark = pytest.mark.usefixtures("sandboxed")


def flipped(file: Path) -> bytes:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    return bytes(data)


def of_another(file: Path) -> bytes:
    """What the file after this one holds, in the same folder if it is not the only one there."""
    others = sorted(file.parent.iterdir()) if len(list(file.parent.iterdir())) > 1 else sorted(file.parent.rglob("*"))
    return next(other for other in [*others[others.index(file) + 1 :], *others] if other.is_file()).read_bytes()


DAMAGES: dict[str, Callable[[Path], bytes | None]] = {
    "flipped": flipped,
    "cut": lambda file: file.read_bytes()[:-1],
    "emptied": lambda _: b"",
    "swapped": of_another,
    "lost": lambda _: None,
}


@contextmanager
def damaged(file: Path, damage: Callable[[Path], bytes | None]) -> Iterator[None]:
    """A file with that damage, whole again at the end."""
    whole, after = file.read_bytes(), damage(file)
    file.unlink()
    if after is not None:
        file.write_bytes(after)
    yield
    file.write_bytes(whole)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """One for all tests of this file, which put everything back in its place."""
    return Team.make(tmp_path_factory.mktemp("team"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_happens_to_a_file_of_a_cache_the_result_is_the_same(forks: Forks, team: Team, damage: str) -> None:
    made = forks(team.alice, "realize", "user").path.name
    files = [file for file in sorted(team.cache.rglob("*")) if file.is_file() and file.name != "changing"]
    assert {file.parent.name for file in files} == {"cache", "contents", "manifests", "objects", "realisations"}
    for number, file in enumerate(files):
        bob = replace(team, bob=team.bob.of_user(f"bob-{damage}-{number}")).trusting()
        with damaged(file, DAMAGES[damage]):
            result = forks(bob, "realize", "user")
        assert result.path.name == made, (file, result.stderr)
        assert_nothing_is_lost(bob, {made})
