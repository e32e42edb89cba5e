"""What the comparison of varied builds says, and the other kernel under which it builds."""

import os
from pathlib import Path

import pytest

from benchmarks.reproducibility import Outcome, _explain, _row
from benchmarks.user_mode_linux import UserModeLinux
from benchmarks.variations import Variation, variations
from envmgr.manifest import FileEntry, Manifest
from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.record import show


def outcome(folder: Path, name: str, contents: dict[str, str]) -> Outcome:
    """What came of some derivations: each an object of one file, whose SHA-256 begins so."""
    outputs = {}
    folder = folder / name
    folder.mkdir()
    for derivation, digit in contents.items():
        manifest = Manifest((FileEntry("file", 1, executable=False, sha256=digit * 64),))
        path = StorePath.of(kind="built", manifest=manifest.digest, name="thing", version="1")
        outputs[derivation] = str(path)
        described = StoreObject(store_path=path, manifest=manifest.digest, size=1)
        (folder / str(path)).write_bytes(show(described, [], manifest.text))
    return Outcome(Variation(name, "something"), outputs, "sandboxed", folder, 2.0, 1.0)


def test_what_differs_is_counted_and_its_entries_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = outcome(tmp_path, "first", {"one": "a", "two": "b"})
    other = outcome(tmp_path, "other", {"one": "a", "two": "c"})
    assert _row(first, first.outputs) == "| first | something | sandboxed | 2 of 2 | 2 s at load 1 |"
    assert "| 1 of 2 |" in _row(other, first.outputs)
    _explain(other, first.outputs, [first.records])
    said = capsys.readouterr().err.splitlines()
    assert said == [f"other: pinned {first.outputs['two']}, here {other.outputs['two']}", "    file"]


def test_what_this_machine_cannot_vary_is_known_beforehand(tmp_path: Path) -> None:
    tried = {item.name: item for item in variations(tmp_path, root=None, python=None)}
    assert len(tried) == 11
    assert not tried["nothing"].lacks
    assert "--root" in tried["distribution"].lacks
    assert "--python" in tried["interpreter"].lacks


def test_the_other_kernel_has_a_clock_of_its_own_and_gives_back_what_was_written(tmp_path: Path) -> None:
    if lacks := UserModeLinux.lacks(tmp_path):
        pytest.skip(f"no {lacks} here")
    command = [
        "/bin/sh",
        "-c",
        'uname -r; date -u +%Y-%m; echo "$WORD" > /mnt/answer/word; echo lost > /mnt/lost; exit 7',
    ]
    code, said = UserModeLinux("2031-02-03 04:05:06").run(
        command, {"PATH": "/usr/bin:/bin", "WORD": "kept it"}, folder=tmp_path, answer=tmp_path
    )
    release, date = said.splitlines()
    assert (code, date, release == os.uname().release) == (7, "2031-02", False)
    assert (tmp_path / "word").read_text() == "kept it\n"
    assert not Path("/mnt/lost").exists()
