"""`envmgr cache`: what one user pushes another one copies, as far as it can be proved, and builds otherwise."""

import json
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout, Result, until
from tests.functional.team import Team, names

pytestmark = pytest.mark.usefixtures("sandboxed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return Team.make(tmp_path_factory.mktemp("team"))


@pytest.fixture
def team(made: Team, tmp_path: Path) -> Team:
    return made.copy(tmp_path / "team")


def test_what_was_pushed_is_copied_with_what_it_refers_to_and_nothing_else(team: Team) -> None:
    bob = team.trusting()
    result = bob("realize", "user")
    assert "0 to build, 2 to copy (0 MB), 0 to fetch, 0 present" in result.stderr
    assert (sorted(names(result.copied)), result.built) == (["base", "user"], [])
    assert (result.path / (result.path / "refers").read_text().strip()).read_text() == "base\n"
    assert (result.path / "copy").read_text() == "tool\n"
    assert bob("verify").stdout == "2 objects, 0 damaged\n"
    assert bob("verify", "--rebuild-db", "--json").data["realisations"] == 2


def test_a_dry_run_says_what_would_be_copied(team: Team) -> None:
    data = team.trusting()("realize", "user", "--dry-run", "--json").data
    assert (names(data["copy"]), data["build"], data["copy_bytes"] > 0) == (["base", "user"], [], True)
    assert team.bob.objects() == set()


def test_where_an_object_came_from_can_be_asked(team: Team) -> None:
    path = team.trusting()("realize", "user").path
    (made,) = team.bob("show", path.name, "--json").data["realisations"]
    assert made["origin"] == "cache team, signed by alice-1"
    (built,) = team.alice("show", path.name, "--json").data["realisations"]
    assert built["origin"] == ""


def test_without_a_signature_that_is_trusted_it_is_built(team: Team) -> None:
    team.bob("cache", "add", "team", str(team.cache))
    result = team.bob("realize", "user")
    (warning, *_) = result.warned
    assert "signed by alice-1, which is not trusted" in warning
    assert (result.copied, sorted(result.built)) == ([], ["base-1", "tool-1", "user-1"])


def test_a_lockfile_that_pins_it_needs_no_signature(team: Team) -> None:
    team.bob("cache", "add", "team", str(team.cache))
    result = team.bob("realize", "user", "--lock", "recipes.lock")
    assert (sorted(names(result.copied)), result.built, result.warned) == (["base", "user"], [], [])
    (made,) = team.bob("show", result.path.name, "--json").data["realisations"]
    assert made["origin"] == "cache team, pinned by the lockfile"
    assert (made["isolation"], made["resolved"]) == ("unknown", made["derivation"])


def test_what_a_lockfile_pinned_counts_only_where_it_is_pinned(team: Team) -> None:
    team.bob("cache", "add", "team", str(team.cache))
    team.bob("realize", "user", "--lock", "recipes.lock")
    asked = ("realize", "user", "--no-caches")
    assert team.bob(*asked, "--lock", "recipes.lock", "--dry-run", "--json").data["build"] == []
    assert team.bob(*asked, "--dry-run", "--json").data["build"][-1] == "user-1"
    assert (
        team.bob.fails(2, "cache", "push", str(team.cache), "user", "--lock", "recipes.lock")["class"]
        == "UnsandboxedError"
    )
    assert sorted(team.bob(*asked).built) == ["base-1", "tool-1", "user-1"]
    assert team.bob(*asked, "--dry-run", "--json").data["present"] == 1


def test_only_what_is_surely_sandboxed_is_copied_where_a_sandbox_is_required(team: Team) -> None:
    team.bob("cache", "add", "team", str(team.cache))
    asked = ("realize", "user", "--lock", "recipes.lock", "--sandbox", "required")
    assert team.bob(*asked, "--dry-run", "--json").data["copy"] == []
    team.bob("cache", "trust", team.key)
    assert names(team.bob(*asked, "--dry-run", "--json").data["copy"]) == ["base", "user"]


def test_a_revoked_key_counts_no_more_and_is_named(team: Team) -> None:
    bob = team.trusting()
    bob("cache", "revoke", "alice-1")
    result = bob("realize", "user", "--dry-run")
    assert "it is signed by alice-1, which was revoked" in result.warned[0]
    assert bob.fails(2, "cache", "trust", team.key)["class"] == "RevokedKeyError"
    assert bob("cache", "list", "--json").data["revoked"] == ["alice-1"]


def test_a_new_key_takes_over_what_the_old_one_signed(team: Team) -> None:
    team.trusting()
    key = team.bob("cache", "keygen", "bob-1").stdout.strip()
    assert team.bob("cache", "sign", str(team.cache), "--json").data == {
        "key": "bob-1",
        "signed": 2,
        "already": 0,
        "left": 0,
    }
    carol = team.alice.of_user("carol")
    carol("cache", "add", "team", str(team.cache))
    carol("cache", "trust", key)
    assert names(carol("realize", "user", "--dry-run", "--json").data["copy"]) == ["base", "user"]
    stats = carol("cache", "stats", "team", "--json").data
    assert (stats["objects"], stats["realisations"], stats["signed"]) == (2, 3, {"alice-1": 2, "bob-1": 2})


def test_what_nobody_vouches_for_is_not_signed_unless_told(team: Team) -> None:
    team.bob("cache", "keygen", "bob-1")
    assert team.bob("cache", "sign", str(team.cache), "--json").data["left"] == 2
    assert team.bob("cache", "sign", str(team.cache), "--all", "--json").data["signed"] == 2


def test_another_derivation_that_resolves_to_the_same_is_not_built_again(team: Team) -> None:
    bob = team.trusting()
    bob.script("tool", 'printf "tool\\n" > "{out}/file"')
    result = bob("realize", "user")
    assert result.built == ["tool-1"]
    assert sorted(names(result.copied)) == ["base", "user"]


def test_what_is_there_already_is_not_pushed_again(team: Team) -> None:
    before = {file: file.stat().st_mtime_ns for file in team.cache.rglob("*") if file.is_file()}
    data = team.alice("cache", "push", str(team.cache), "user", "--json").data
    assert (data["written"], data["present"], data["packed"]) == ([], 2, 0)
    assert {file: file.stat().st_mtime_ns for file in team.cache.rglob("*") if file.is_file()} == before


def test_what_two_push_is_signed_by_both(team: Team) -> None:
    for answer in (team.cache / "realisations").iterdir():
        answer.unlink()
    team.bob("cache", "keygen", "bob-1")
    assert team.bob("cache", "push", str(team.cache), "user", "--json").data["present"] == 0
    for file in (team.cache / "objects").iterdir():
        (made,) = json.loads(file.read_bytes())["realisations"]
        assert sorted(made["signatures"]) == ["alice-1", "bob-1"]


def test_what_was_built_without_a_sandbox_is_pushed_only_when_told(team: Team, tmp_path: Path) -> None:
    place = str(tmp_path / "other")
    error = team.bob.fails(2, "cache", "push", place, "base", "--sandbox", "none")
    assert (error["class"], "-base-1" in error["message"]) == ("UnsandboxedError", True)
    assert not Path(place).exists()
    assert team.bob("cache", "push", place, "base", "--unsandboxed", "--json").data["present"] == 0


def test_a_damaged_object_is_not_pushed(team: Team, tmp_path: Path) -> None:
    path = team.alice("realize", "base").path
    (path / "file").chmod(0o644)
    (path / "file").write_text("BASE\n")
    error = team.alice.fails(7, "cache", "push", str(tmp_path / "other"), "base")
    assert (error["class"], "file" in error["message"]) == ("DamagedTreeError", True)
    assert not list((tmp_path / "other").rglob("*.zst"))


def test_pull_copies_from_one_cache_and_says_what_it_lacks(team: Team) -> None:
    bob = team.trusting()
    (path,) = (file.stem for file in (team.cache / "objects").glob("*-user-1.json"))
    assert bob("cache", "pull", "team", path).path.name == path
    assert bob("cache", "pull", "team", "base", "--json").data["paths"] == [bob("realize", "base").path.name]
    error = bob.fails(6, "cache", "pull", "team", "tool")
    assert (error["class"], "tool" in error["message"]) == ("NotInCacheError", True)


def test_pull_of_what_nobody_signed_is_refused(team: Team) -> None:
    team.bob("cache", "add", "team", str(team.cache))
    (path,) = (file.stem for file in (team.cache / "objects").glob("*-user-1.json"))
    error = team.bob.fails(7, "cache", "pull", "team", path)
    assert "alice-1, which is not trusted" in error["message"]
    assert team.bob.fails(7, "cache", "pull", "team", "user")["class"] == "UntrustedError"
    assert team.bob("cache", "pull", "team", "user", "--lock", "recipes.lock").path.name == path


def test_caches_are_listed_in_the_order_in_which_they_are_asked(team: Team) -> None:
    bob = team.bob
    bob("cache", "add", "team", str(team.cache))
    bob("cache", "trust", team.key)
    bob("cache", "add", "near", "/nowhere/near", "--priority", "1", "--timeout", "0.5")
    data = bob("cache", "list", "--json").data
    assert list(data["caches"]) == ["near", "team"]
    assert data["caches"]["near"] == {"url": "/nowhere/near", "priority": 1, "timeout": 0.5}
    assert (data["trusted"], data["own"]) == (["alice-1"], [])
    assert names(bob("cache", "list", "team", "--json").data["objects"]) == ["base", "user"]
    bob("cache", "remove", "near")
    assert list(bob("cache", "list", "--json").data["caches"]) == ["team"]
    assert "'team'" in bob.fails(2, "cache", "list", "taem")["fix"]


def test_caches_can_be_left_out(team: Team) -> None:
    assert team.trusting()("realize", "user", "--no-caches", "--dry-run", "--json").data["copy"] == []


def test_a_private_key_is_readable_by_its_owner_only(team: Team) -> None:
    data = team.bob("cache", "keygen", "bob-1", "--json").data
    file = Path(data["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert team.bob.fails(2, "cache", "keygen", "bob-1")["class"] == "KeyExistsError"
    file.chmod(0o644)
    assert team.bob.fails(12, "cache", "sign", str(team.cache))["class"] == "ExposedKeyError"


def test_a_checkout_cannot_add_a_cache_or_a_key(team: Team) -> None:
    for name in ("caches.toml", "config.toml", ".envmgr/caches.toml"):
        team.bob.write(name, f'[cache.evil]\nurl = "{team.cache}"\n[trusted]\n{team.key.replace(":", " = ", 1)!r}\n')
    assert team.bob("cache", "list", "--json").data == {"caches": {}, "trusted": [], "revoked": [], "own": []}


@contextmanager
def serving(checkout: Checkout, cache: Path) -> Iterator[str]:
    """A cache over HTTP, by our own server; the address."""
    with checkout.start("cache", "serve", str(cache), "--port", "0", "--json") as process:
        address = until(process, "serving")[-1].split()[-1]
        yield address
        process.send_signal(signal.SIGINT)
        answer = Result(process.wait(), process.stdout.read() if process.stdout else "", "")
        assert (answer.exit, answer.data["requests"] > 0) == (0, True)


def test_a_cache_is_served_over_http(team: Team) -> None:
    with serving(team.alice, team.cache) as address:
        bob = team.trusting(address)
        assert bob("realize", "user", "--offline", "--dry-run", "--json").data["copy"] == []
        result = bob("realize", "user")
        assert (sorted(names(result.copied)), result.built) == (["base", "user"], [])
        assert bob.fails(2, "cache", "push", "team", "tool")["class"] == "ReadOnlyPlaceError"
        assert bob.fails(2, "cache", "list", "team")["class"] == "NotListableError"


def test_where_nothing_is_to_push_that_is_said_at_once_and_otherwise_it_is_pushed(team: Team) -> None:
    alice = replace(team.alice, forked=False)
    alice("cache", "add", "team", str(team.cache))
    path = alice("realize", "user").path.name
    for named in ((str(team.cache), path), ("team", path), ("team", "user")):
        result = alice("cache", "push", *named)
        assert (result.stdout, result.stderr) == ("0 objects written (0.0 MB), 2 were there\n", "")
    for kind in ("realisations", "objects"):
        gone = next((team.cache / kind).iterdir())
        gone.unlink()
        assert "1 objects written" in alice("cache", "push", "team", path).stdout
        assert gone.exists()
    assert alice.fails(7, "cache", "push", "team", "a" * 32 + "-gone-1")["class"] == "NotValidError"


def test_an_address_that_no_cache_can_have_is_refused(team: Team) -> None:
    for url in ("ftp://example.org/cache", "s3://"):
        assert team.bob.fails(2, "cache", "add", "team", url)["class"] == "BadAddressError"
