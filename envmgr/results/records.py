"""RunRecords on disk: find one, read one."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from envmgr.model.errors import IntegrityError, InvalidInputError
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import AnyRecord, parse_record

LAST = "last"
"""What stands for the newest run, instead of the beginning of its id."""


class DamagedRecordError(IntegrityError):
    """A record cannot be read."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(
            f"not a run's record: {why}", where=str(file), fix="the logs beside it are what is left of the run"
        )


class AmbiguousRunError(InvalidInputError):
    """Several runs have an id that begins so."""

    def __init__(self, run: str, ids: Sequence[str]) -> None:
        self.run, self.ids = run, tuple(ids)
        super().__init__(f"{len(ids)} runs begin with {run!r}: {', '.join(ids)}", fix="give more of the id")


def find(folder: Path, run: str) -> AnyRecord | None:
    """The record of a run, by its id or by the beginning of it, or `last`; None where no id begins so.

    Raises:
        AmbiguousRunError: several do.
        DamagedRecordError: it cannot be read.
    """
    found = _begun(folder, run, RECORD)
    return read(found / RECORD) if found else None


def folder_of(folder: Path, run: str) -> Path | None:
    """The folder of a run, as `find`, whether it has a record or not.

    Raises:
        AmbiguousRunError: several begin so.
    """
    return _begun(folder, run, "")


def _begun(folder: Path, run: str, file: str) -> Path | None:
    """The folder that is called so, else the one whose name begins so, of those that have a file; the last for LAST."""
    beginning = "" if run == LAST else run
    paths = folder.glob(f"{beginning}*/") if run.replace("-", "").isalnum() else []
    found = sorted(path for path in paths if path.is_dir() and (path / file).exists())
    if run == LAST:
        return found[-1] if found else None
    if len(found) > 1 and found[0].name != run:  # else it is one beside which somebody has put a copy
        raise AmbiguousRunError(run, [path.name for path in found])
    return found[0] if found else None


def read(file: Path) -> AnyRecord:
    """One record.

    Raises:
        DamagedRecordError: it cannot be read.
    """
    try:
        record = parse_record(file.read_text())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise DamagedRecordError(file, ": ".join([*map(str, fault["loc"][-1:]), fault["msg"]])) from error
    except (OSError, ValueError) as error:
        raise DamagedRecordError(file, str(error)) from error
    if record.id != file.parent.name:  # its files are looked for by its id
        raise DamagedRecordError(file, f"it is that of run {record.id}")
    return record
