"""The text of a derivation: what is in it, and what is not."""

from dataclasses import replace
from typing import Any

import pytest

from envmgr.model.derivation import BuiltOutput, Derivation, FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath

SOURCE = Derivation(
    name="source", version="1", system="any", builder="fetch", revision=1,
    output=FixedOutput("file", {"sha256": "0" * 64}, "source.tar.gz"),
)  # fmt: skip
BUILT = Derivation(
    name="tool", version="2", system="x86_64-linux", builder="script", revision=1, output=BuiltOutput(),
    settings={"argv": ["sh", "{source}"]}, environment={"A": "b"}, inputs={"source": SOURCE},
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": "3"},
        {"system": "aarch64-linux"},
        {"builder": "cmake"},
        {"revision": 2},
        {"settings": {"argv": ["sh"]}},
        {"environment": {"A": "c"}},
        {"host_tools": {"gcc": "12.2"}},
        {"inputs": {}},
        {"inputs": {"other-role": SOURCE}},
        {"inputs": {"source": replace(SOURCE, output=FixedOutput("file", {"sha256": "1" * 64}, "source.tar.gz"))}},
    ],
)
def test_every_field_that_may_change_the_bytes_changes_the_digest(change: dict[str, Any]) -> None:
    assert replace(BUILT, **change).digest != BUILT.digest


def test_a_fixed_output_is_its_hash_whatever_fetches_it() -> None:
    assert replace(SOURCE, system="x86_64-linux", builder="other", revision=7).digest == SOURCE.digest


def test_the_resolved_digest_depends_on_what_an_input_came_to_and_not_on_how() -> None:
    path = StorePath.of(kind="fixed", manifest=Digest.of(b"x"), name="source", version="1")
    other = replace(BUILT, inputs={"source": replace(SOURCE, version="9")})
    assert BUILT.digest != other.digest
    assert BUILT.resolved_digest({"source": path}) == other.resolved_digest({"source": path})


def test_a_setting_without_canonical_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"settings\.speed"):
        replace(BUILT, settings={"speed": 0.5})  # type: ignore[dict-item]  # the point of the test
