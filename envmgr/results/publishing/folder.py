"""A run as a folder of files that stand for themselves: its record, its logs, and what proves where it comes from."""

import filecmp
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from envmgr.results.publishing.faults import PublishedOtherwiseError

_SHOWN = 3


def publish(folder: Path, run: str, files: Mapping[str, bytes | Path]) -> bool:
    """Write the files of a run below a folder of its own; False where all of them are there already.

    What is missing there is added; nothing that is there is changed.

    Args:
        folder: where the run's own folder goes.
        run: its id.
        files: by path below that; their bytes, or a file that has them.

    Raises:
        PublishedOtherwiseError: a file of another content stands there; nothing was written.
    """
    place = folder / run
    there = {path for path in files if (place / path).exists()}
    if other := sorted(path for path in there if not _is(place / path, files[path])):
        raise PublishedOtherwiseError(run, place, other[:_SHOWN])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".publishing-") as draft:
        for path in sorted(files.keys() - there):
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            _write(Path(draft, "file"), files[path])
            Path(draft, "file").rename(place / path)
    return there != files.keys()


def _is(file: Path, what: bytes | Path) -> bool:
    """Whether a file has these bytes."""
    return filecmp.cmp(file, what, shallow=False) if isinstance(what, Path) else file.read_bytes() == what


def _write(file: Path, what: bytes | Path) -> None:
    if isinstance(what, Path):
        shutil.copyfile(what, file)
    else:
        file.write_bytes(what)
