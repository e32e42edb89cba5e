"""A run as a folder of files that stand for themselves: its record, its logs, and what proves where it comes from."""

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
    texts = {path: what.read_bytes() if isinstance(what, Path) else what for path, what in files.items()}
    there = {path for path in texts if (place / path).exists()}
    if other := sorted(path for path in there if (place / path).read_bytes() != texts[path]):
        raise PublishedOtherwiseError(run, place, other[:_SHOWN])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".publishing-") as draft:
        for path in sorted(texts.keys() - there):
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            Path(draft, "file").write_bytes(texts[path])
            Path(draft, "file").rename(place / path)
    return there != texts.keys()
