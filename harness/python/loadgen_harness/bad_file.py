"""A file that is scored, or scored against, and is missing or broken: what is wrong with it, and what mends it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar


class BadFileError(Exception):
    """Nothing can be said of a result, because of one file."""

    fix: ClassVar[str]
    """What to do about files of that kind."""

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{file}: {what}\n  fix: {self.fix}")


@contextmanager
def reading(file: Path, kind: type[BadFileError]) -> Iterator[None]:
    """Raise `kind` where the file cannot be opened or read."""
    try:
        yield
    except OSError as error:
        raise kind(file, f"cannot be read: {error.strerror}") from error


def complain(program: str, error: BadFileError | OSError) -> int:
    """Say what went wrong, and return the exit code; an OSError is of a file that could not be written."""
    said = error if isinstance(error, BadFileError) else f"{error.filename}: cannot be written: {error.strerror}"
    sys.stderr.write(f"{program}: {said}\n")
    return 1
