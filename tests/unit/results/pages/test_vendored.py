"""What is not ours is what its package has, and its licence lies beside it."""

import hashlib
from pathlib import Path

import tomli

import envmgr.results.pages

PLACE = Path(envmgr.results.pages.__file__).parent / "vendored"


def test_vendored_files_are_those_that_are_written_down() -> None:
    for folder in PLACE.iterdir():
        origin = tomli.loads((folder / "ORIGIN.toml").read_text())
        names = {file.name for file in folder.iterdir()} - {"ORIGIN.toml"}
        assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names} == origin["files"]
        assert "LICENSE" in names
