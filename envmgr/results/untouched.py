"""Whether the files of a run are what its record says, by digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from envmgr.content import ReadError, hash_file
from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.run_record import Recorded, RunRecord

_SHOWN = 3


@dataclass(frozen=True)
class Touched:
    """A file of a run that is not what it was."""

    path: str
    """Below the run's folder."""
    what: Literal["changed", "gone"]


class TouchedRunError(IntegrityError):
    """Files of a run are not what they were when it was recorded."""

    def __init__(self, run: str, folder: Path, files: Sequence[Touched]) -> None:
        self.run, self.files = run, tuple(files)
        shown = ", ".join(f"{file.path} ({file.what})" for file in files[:_SHOWN])
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        super().__init__(
            f"{len(files)} files of run {run} are not what they were: {shown}{more}",
            where=str(folder),
            fix="believe nothing that is read from them; `envmgr runs replay` measures anew",
        )


def recorded_files(record: Recorded) -> dict[str, Digest]:
    """The files of a run by path below its folder, each with the digest that its record has."""
    written = record.files if isinstance(record, RunRecord) else {}
    return {**written, **{path: digest for step in record.steps for path, digest in step.files.items()}}


def touched(folder: Path, record: Recorded) -> list[Touched]:
    """The files of a run that are not what its record says, sorted; none for a run that nobody has touched.

    Args:
        folder: the run's own folder.
        record: its record.
    """
    now = {path: (digest, _now(folder / path)) for path, digest in sorted(recorded_files(record).items())}
    return [Touched(path, "changed" if found else "gone") for path, (said, found) in now.items() if found != said]


def require_untouched(folder: Path, record: Recorded) -> None:
    """Raise TouchedRunError where the files of a run are not what its record says."""
    if changed := touched(folder, record):
        raise TouchedRunError(record.id, folder, changed)


def _now(file: Path) -> Digest | None:
    """The digest of a file as it is; None where it cannot be read."""
    try:
        return Digest(hash_file(str(file))[2])
    except ReadError:
        return None
