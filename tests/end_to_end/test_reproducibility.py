"""Two stores made apart hold the same, a store can stand anywhere, and a change without effect stops where it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.end_to_end.conftest import LOCK, QUICK, Made, Proof, copy_checkout

pytestmark = [pytest.mark.end_to_end, pytest.mark.registry, pytest.mark.xdist_group("end_to_end")]

AFTER = """
name = "after"
version = "1"
summary = "What is made from the harness"

[inputs]
harness = "harness-cpp"

[build]
builder = "script"
settings.argv = ["/bin/sh", "-c", "echo {harness.name} > {out}/name"]
"""


def test_two_stores_made_apart_have_the_same_store_paths_and_manifests(proof: Proof) -> None:
    first, second = ({key: (item.store_path, item.manifest) for key, item in made.items()} for made in proof.made)
    assert any(str(path).endswith("-harness-cpp-1") for path, _ in first.values())
    assert first == second


def test_their_objects_hold_the_bytes_that_their_manifests_say(proof: Proof) -> None:
    for place in (proof.first, proof.second):
        assert place("verify", "--json").data["damages"] == []


def test_what_ran_programs_without_a_sandbox_is_marked(proof: Proof) -> None:
    first, second = map(unsandboxed, proof.made)
    assert second == {"harness-cpp", "libcxx", "loadgen", "shapes", "shapes-preprocessed"}
    assert first == (set() if proof.record.isolation == "sandboxed" else second)


def unsandboxed(made: Made) -> set[str]:
    """The names of what was built without a sandbox."""
    labels = [str(item.store_path).partition("-")[2] for item in made.values() if item.isolation == "unsandboxed"]
    return {label.rpartition("-")[0] for label in labels}


def test_a_store_that_was_moved_still_runs(proof: Proof) -> None:
    place = proof.second
    moved = replace(place, store=place.store.parent / "elsewhere" / "deeper" / "store")
    moved.store.parent.mkdir(parents=True)
    place.store.rename(moved.store)
    try:
        result, record = moved.run(*LOCK, *QUICK, "--offline")
    finally:
        moved.store.rename(place.store)
    assert (result.built, record.metrics["result_valid"]) == ([], True)
    assert (record.closure, record.metrics["mAP"]) == (proof.record.closure, proof.record.metrics["mAP"])


def test_a_comment_in_a_header_rebuilds_the_harness_once_and_nothing_after_it(proof: Proof, tmp_path: Path) -> None:
    copy_checkout(tmp_path / "checkout")
    place = replace(proof.second, top=tmp_path / "checkout")
    (place.top / "recipes/after.toml").write_text(AFTER)
    command = ("realize", "harness-cpp", "after", "--sandbox", "none")
    before = place(*command)
    assert before.built == ["after-1"]
    with (place.top / "harness/cpp/src/backend.h").open("a") as header:
        header.write("// A comment.\n")
    changed = place(*command)
    assert changed.built == ["harness-cpp-1"]
    assert changed.stdout == before.stdout
    assert place(*command).built == []
