"""Binary caches that answer wrongly, late or not at all: named, left alone, and never believed."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from tests.functional.conftest import PATIENCE, Checkout, Result
from tests.functional.team import Team, names
from tests.loopback import Origin, Reply

pytestmark = pytest.mark.usefixtures("sandboxed")

HTML = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return Team.make(tmp_path_factory.mktemp("team"))


@pytest.fixture
def team(made: Team, tmp_path: Path) -> Team:
    return made.copy(tmp_path / "team")


def realized_all_the_same(bob: Checkout, *options: str) -> Result:
    """Realize `user` whatever the cache does; it is what Alice made."""
    result = bob("realize", "user", "--lock", "recipes.lock", *options)
    assert (result.path / "copy").read_text() == "tool\n"
    return result


def swapped(team: Team, file: str) -> bytes:
    """What the same file of the other object holds."""
    kind = file.partition("/")[0]
    return (team.cache / team.file(kind, "base" if team.file(kind, "user") == file else "user")).read_bytes()


def bomb(_team: Team, _file: str) -> bytes:
    return zstandard.ZstdCompressor().compress(bytes(2**27))


DAMAGES: dict[str, Callable[[Team, str], bytes]] = {
    "flipped": lambda team, file: bytes([*(body := (team.cache / file).read_bytes())[:-1], body[-1] ^ 1]),
    "cut": lambda team, file: (team.cache / file).read_bytes()[:-4],
    "emptied": lambda _team, _file: b"",
    "followed by more": lambda team, file: (team.cache / file).read_bytes() + b"more",
    "another one": swapped,
    "a page of a gateway": lambda _team, _file: HTML,
    "a bomb": bomb,
}


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *(("contents", damage) for damage in DAMAGES),
        *(("manifests", damage) for damage in ("flipped", "followed by more", "another one")),
        *(("objects", damage) for damage in ("cut", "another one", "a page of a gateway")),
    ],
)
def test_a_damaged_file_is_named_and_the_object_is_built(team: Team, kind: str, damage: str) -> None:
    file = team.file(kind, "user")
    (team.cache / file).write_bytes(DAMAGES[damage](team, file))
    result = realized_all_the_same(team.trusting())
    assert any(f"cache team: {file} is damaged" in warning for warning in result.warned)
    assert result.built == ["tool-1", "user-1"]
    assert names(result.copied) == ["base"]


def test_what_is_damaged_in_one_cache_is_copied_from_the_next(team: Team, tmp_path: Path) -> None:
    team.alice("cache", "push", str(tmp_path / "second"), "user")
    (team.cache / team.file("contents", "user")).write_bytes(HTML)
    bob = team.trusting()
    bob("cache", "add", "second", str(tmp_path / "second"), "--priority", "60")
    result = realized_all_the_same(bob)
    assert (sorted(names(result.copied)), result.built) == (["base", "user"], [])
    assert len(result.warned) == 1


def test_pull_of_what_is_damaged_fails_and_a_push_again_mends_it(team: Team) -> None:
    file = team.file("contents", "user")
    (team.cache / file).write_bytes(HTML)
    bob = team.trusting()
    error = bob.fails(7, "cache", "pull", "team", "user")
    assert (error["class"], file in error["message"]) == ("DamagedCacheError", True)
    team.alice("cache", "push", str(team.cache), "user", "--again")
    bob("cache", "pull", "team", "user")


def change(team: Team, name: str, **fields: object) -> None:
    """Change what the cache says of an object, in its record and in every answer that it is."""
    path = team.cache / team.file("objects", name)
    stem = path.stem
    for file in (*(team.cache / "objects").iterdir(), *(team.cache / "realisations").iterdir()):
        record = json.loads(file.read_bytes())
        if record["store_path"] == stem:
            file.write_text(json.dumps(record | fields))


def test_a_signature_does_not_hold_for_other_references(team: Team) -> None:
    change(team, "user", references=[])
    result = team.trusting()("realize", "user")
    assert "the signature of alice-1 is false" in result.warned[0]
    assert "user-1" in result.built


def test_references_that_nobody_signed_are_held_against_the_bytes(team: Team) -> None:
    change(team, "user", references=[], realisations=[])
    team.bob("cache", "add", "team", str(team.cache))
    result = realized_all_the_same(team.bob)
    assert "it says otherwise than its bytes what it refers to" in result.warned[0]
    assert "user-1" in result.built


def test_an_answer_to_another_question_is_not_taken(team: Team) -> None:
    texts = {answer: answer.read_text() for answer in (team.cache / "realisations").iterdir()}
    (of_base,) = (text for text in texts.values() if json.loads(text)["store_path"].endswith("-base-1"))
    of_user = next(text for text in texts.values() if text != of_base)
    for answer, text in texts.items():
        answer.write_text(of_user if text == of_base else of_base)
    result = team.trusting()("realize", "user")
    assert (result.copied, "it answers another question" in result.warned[0]) == ([], True)


GONE_WRONG = {
    "silent": Reply(HTML, stall_after=0),
    "dripping": Reply(HTML, trickle=0.2),
    "endless": Reply(HTML, endless=True),
    "always breaking off": Reply(HTML, cut_after=10),
    "longer than it says": Reply(HTML, headers={"Content-Length": "5"}, declares_length=False),
    "compressed on the way": Reply(HTML, headers={"Content-Encoding": "gzip"}),
    "out of order": Reply(status=500),
    "forbidden": Reply(status=403),
    "gone": Reply(status=404),
    "a gateway": Reply(HTML, headers={"Content-Type": "text/html"}),
    "in circles": Reply(status=302, headers={"Location": "/envmgr-cache.json"}),
    "pointing at a file": Reply(status=302, headers={"Location": "file:///etc/passwd"}),
}


@pytest.mark.parametrize("fault", GONE_WRONG)
def test_a_cache_that_cannot_be_used_is_said_once_and_left_alone(team: Team, origin: Origin, fault: str) -> None:
    bob = team.serve(origin)
    origin.serve("/envmgr-cache.json", GONE_WRONG[fault])
    result = realized_all_the_same(bob)
    (warning,) = result.warned
    assert warning.startswith(("cache team is left alone", "cache team is no binary cache"))
    assert result.copied == []


def test_a_cache_that_nobody_answers_for_is_left_alone(team: Team) -> None:
    (warning,) = realized_all_the_same(team.trusting("http://127.0.0.1:9")).warned
    assert "cache team is left alone" in warning


@pytest.mark.parametrize("fault", ["silent", "endless", "always breaking off", "gone"])
def test_a_content_that_does_not_come_is_made_here(team: Team, origin: Origin, fault: str) -> None:
    bob = team.serve(origin)
    origin.serve("/" + team.file("contents", "user"), GONE_WRONG[fault])
    result = realized_all_the_same(bob)
    assert (result.warned != [], "user-1" in result.built) == (True, True)


def test_a_content_that_breaks_off_is_continued(team: Team, origin: Origin) -> None:
    bob = team.serve(origin)
    file = team.file("contents", "user")
    body = (team.cache / file).read_bytes()
    origin.serve(f"/{file}", Reply(body, cut_after=20), Reply(body))
    result = realized_all_the_same(bob)
    assert (sorted(names(result.copied)), result.warned) == (["base", "user"], [])
    assert [request.headers["Range"] for request in origin.asked(f"/{file}")] == [None, "bytes=20-"]


def test_what_a_cache_lacked_a_moment_ago_is_not_asked_for_again(team: Team, origin: Origin) -> None:
    bob = team.serve(origin)
    bob.script("lone", 'echo lone > "{out}/file"')
    bob("realize", "lone", "--dry-run")
    first = len(origin.requests)
    bob("realize", "lone", "--dry-run")
    assert [request.path for request in origin.requests[first:]] == []


def test_a_source_is_taken_without_a_signature_and_only_if_it_is_what_it_must_be(
    checkout: Checkout, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        checkout.write(f"{name}.txt", name)
        source = f"[sources]\ndata = {{ kind = 'local', path = '../{name}.txt' }}\n"
        checkout.recipe(name, f"{source}[build]\nbuilder = 'tree'\nsettings.files = {{ data = 'data/{name}.txt' }}\n")
    alice, bob, cache = checkout.of_user("alice"), checkout.of_user("bob"), tmp_path / "cache"
    alice("realize", "one", "two")
    sources = sorted(path for path in alice.objects() if path.endswith(".txt-0"))
    alice("cache", "push", str(cache), *sources)
    bob("cache", "add", "team", str(cache))
    taken = bob("realize", "two")
    assert (taken.copied, taken.fetched, taken.built) == ([sources[1]], [], ["two-1"])
    one, two = (
        next(file for file in (cache / "realisations").iterdir() if name in file.read_text()) for name in sources
    )
    question = f"sha256:{one.stem}"
    record = json.loads(two.read_text())
    record["realisations"][0] |= {"resolved": question}
    one.write_text(json.dumps(record))
    result = bob("realize", "one")
    assert (result.path / "data").read_text() == "one"
    assert (result.fetched, "nobody has signed it" in result.warned[0]) == (["one.txt-0"], True)


def test_who_copies_at_once_copies_once(team: Team, origin: Origin) -> None:
    bob = replace(team.serve(origin), forked=False)
    with ExitStack() as stack:
        processes = [stack.enter_context(bob.start("realize", "user")) for _ in range(3)]
        assert {process.communicate(timeout=PATIENCE)[0] for process in processes} == {
            f"{bob('realize', 'user').path}\n"
        }
    for name in ("base", "user"):
        assert len(origin.asked("/" + team.file("contents", name))) == 1
