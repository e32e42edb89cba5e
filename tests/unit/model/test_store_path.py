"""Store paths, printed and parsed."""

import pytest

from envmgr.model.digest import Digest
from envmgr.model.store_path import BASE_LENGTH, StorePath

MANIFEST = Digest.of(b"a manifest")


def test_a_store_path_is_parsed_as_it_was_printed() -> None:
    path = StorePath.of(kind="built", manifest=MANIFEST, name="harness-cpp", version="1.0")
    assert StorePath.parse(str(path)) == path
    assert str(path).endswith("-harness-cpp-1.0")
    assert len(path.base) == BASE_LENGTH


def test_kind_manifest_name_and_version_all_name_the_path() -> None:
    paths = {
        StorePath.of(kind=kind, manifest=manifest, name=name, version=version).base
        for kind in ("built", "fixed")
        for manifest in (MANIFEST, Digest.of(b"another"))
        for name in ("a", "b")
        for version in ("1", "2")
    }
    assert len(paths) == 16


def test_a_golden_store_path_stays_what_it_is() -> None:
    path = StorePath.of(kind="fixed", manifest=MANIFEST, name="a", version="1")
    assert str(path) == GOLDEN


@pytest.mark.parametrize(
    "text", ["", "a-b-1", "../" + "a" * 29 + "-b-1", "A" * 32 + "-b-1", "a" * 32 + "-b", "1" * 32 + "-b-1"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a store path"):
        StorePath.parse(text)


GOLDEN = "3ibkgwtf6w72os6gyov224kwheayxejp-a-1"
