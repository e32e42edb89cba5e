"""What objects were made from, where an input came out in several ways, or is not here any more."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.provenance.ancestry import ancestry, made_of
from envmgr.store.db import NotValidError
from envmgr.store.store import Store


def derivation(name: str, **inputs: Derivation) -> Derivation:
    return Derivation(name, "1", "x86_64-linux", "script", 1, BuiltOutput(), inputs=inputs)


def publish(store: Store, made: Derivation, text: str, inputs: Mapping[str, StorePath], *, refers: bool) -> Realisation:
    with store.stage(made.name) as staging:
        names = " ".join(path.base for path in inputs.values()) if refers else ""
        (staging.out / "file").write_text(f"{text} {names}")
        return store.publish(
            staging, derivation=made, resolved=made.resolved_digest(inputs), candidates=inputs.values(),
            isolation="sandboxed", bare_host={},
        ).wait()  # fmt: skip


def test_the_inputs_that_a_build_got_are_told_by_the_resolved_digest(tmp_path: Path) -> None:
    below = derivation("below")
    noise = derivation("noise", below=below)
    tool = derivation("tool", noise=noise, below=below)
    with Store.open(tmp_path / "store") as store:
        first, other = (
            publish(store, below, text, {}, refers=False) for text in ("x", "y")
        )  # one derivation, two objects: only the last one is its answer now
        ways = [
            publish(store, noise, f"noise {path}", {"below": path}, refers=True).store_path
            for path in (first.store_path, other.store_path)
        ]
        for way in ways:
            inputs = {"noise": way, "below": other.store_path}
            made = publish(store, tool, f"tool {way}", inputs, refers=False)
            known = made_of(store, made.store_path)
            assert known.inputs == inputs
            assert known.lost == ()
        whole = ancestry(store, {made.store_path: None})
        assert [*whole] == sorted(whole)
        assert whole.keys() == {made.store_path, ways[1], other.store_path}


def test_an_input_of_which_nothing_is_known_is_lost_and_an_object_that_is_not_here_an_error(tmp_path: Path) -> None:
    gone = derivation("gone")
    tool = derivation("tool", gone=gone)
    path = StorePath.of(kind="built", manifest=Digest.of(b"gone"), name="gone", version="1")
    with Store.open(tmp_path / "store") as store:
        made = publish(store, tool, "tool", {"gone": path}, refers=False)
        known = made_of(store, made.store_path)
        assert known.inputs == {}
        assert known.lost == ("gone",)
        assert known.origin is not None
        assert known.origin.realisation == made
        with pytest.raises(NotValidError):
            ancestry(store, {path: None})
