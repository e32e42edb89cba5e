"""A tree as one compressed archive: the same files give the same bytes."""

import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from envmgr.model.errors import UsageError
from envmgr.results.submission.checks.names import is_inside


class TakenError(UsageError):
    """Something lies where the archive, or the tree, is to be written."""

    def __init__(self, place: Path) -> None:
        self.place = place
        super().__init__("there is something already", where=str(place), fix="name another place, or take it away")


def package(tree: Path, file: Path) -> int:
    """Write the archive, which has the tree's own entries at its top; returns how many files are in it.

    What a link leads to is in it, but for what lies outside of the tree. There is a whole archive, or none.

    Raises:
        TakenError: there is such a file.
    """
    paths = sorted(path for path in tree.rglob("*") if path.is_file() and is_inside(tree, path))
    try:
        raw = file.open("xb")
    except FileExistsError as error:
        raise TakenError(file) from error
    try:
        _pack(tree, paths, raw)
    except BaseException:
        file.unlink()
        raise
    return len(paths)


def _pack(tree: Path, paths: Sequence[Path], raw: BinaryIO) -> None:
    with (
        raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in paths:
            entry = tarfile.TarInfo(str(path.relative_to(tree)))
            entry.size = path.stat().st_size
            with path.open("rb") as data:
                archive.addfile(entry, data)
