"""recipes.lock, printed and parsed."""

import pytest

from envmgr.model.digest import Digest
from envmgr.model.lockfile import Locked, LockedSource, Lockfile, LockfileError, Root

DIGEST = Digest.of(b"x")


def entry(recipe: str, **fields: object) -> Locked:
    known = {"version": "1", "system": "x86_64-linux", "derivation": DIGEST, "builder": "script", "revision": 1}
    return Locked.model_validate({"recipe": recipe, **known, **fields})


def test_a_lockfile_is_parsed_as_it_was_printed() -> None:
    full = entry(
        "a",
        axes={"device": "cpu"},
        settings={"argv": ["sh", 'a "quoted" {place}', "line\nbreak\x7f"], "deep": [{"x": {"y.z": 1}}], "no": False},
        environment={"A": "é"},
        inputs={"tool": DIGEST},
        manifest=DIGEST,
        contents={"bin/tool": "0" * 16},
        sources={"s": LockedSource(kind="url", name="f", derivation=DIGEST, md5="0" * 32, size=7)},
    )
    lockfile = Lockfile(root=(Root(recipe="a", set={"device": "cpu"}),), entry=(full, entry("b")))
    assert Lockfile.parse(lockfile.show()) == lockfile


def test_equal_locks_are_equal_texts_whatever_order_they_were_made_in() -> None:
    one = Lockfile().with_entries(Root(recipe="a"), [entry("a"), entry("b")])
    other = Lockfile().with_entries(Root(recipe="a"), [entry("b"), entry("a")])
    assert one.show() == other.show()


def test_entries_of_other_variants_and_systems_stay_when_one_is_locked() -> None:
    first = Lockfile().with_entries(
        Root(recipe="a"), [entry("a", axes={"device": "cuda"}), entry("a", system="aarch64-linux")]
    )
    both = first.with_entries(Root(recipe="a"), [entry("a", version="2")])
    assert {(item.system, item.version) for item in both.entry} == {
        ("x86_64-linux", "1"), ("aarch64-linux", "1"), ("x86_64-linux", "2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["version = 2", "version = 1\nsurprise = 1", "version = [", "", "version = 1\n[[entry]]\nrecipe = 1"]
)
def test_what_is_no_lockfile_of_this_version_is_refused(text: str) -> None:
    with pytest.raises(LockfileError):
        Lockfile.parse(text)
