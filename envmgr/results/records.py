"""RunRecords on disk: list them, find one."""

from pathlib import Path

from pydantic import ValidationError

from envmgr.model.errors import IntegrityError
from envmgr.model.run_record import RunRecord

FILE = "record.json"


class DamagedRecordError(IntegrityError):
    """A record cannot be read."""

    def __init__(self, file: Path, why: str) -> None:
        self.file = file
        super().__init__(
            f"not a run's record: {why}", where=str(file), fix="the logs beside it are what is left of the run"
        )


def records(folder: Path) -> list[RunRecord]:
    """Every record below a folder of runs, oldest first; runs that did not end have none.

    Raises:
        DamagedRecordError: one cannot be read.
    """
    return [read(file) for file in sorted(folder.glob(f"*/{FILE}"))]


def find(folder: Path, run: str) -> RunRecord | None:
    """The record of a run, by its id or by the beginning of it that only it has; None where there is none."""
    files = sorted(folder.glob(f"{run}*/{FILE}")) if run.replace("-", "").isalnum() else []
    return read(files[0]) if len(files) == 1 else None


def read(file: Path) -> RunRecord:
    """One record.

    Raises:
        DamagedRecordError: it cannot be read.
    """
    try:
        return RunRecord.parse(file.read_text())
    except (OSError, ValidationError) as error:
        raise DamagedRecordError(file, str(error)) from error
