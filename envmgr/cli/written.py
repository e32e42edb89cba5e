"""A file that a command writes where somebody asked for it."""

import os
from contextlib import suppress
from pathlib import Path

from envmgr.model.errors import HostError


class NotWrittenThereError(HostError):
    """A file can't be made where it was asked for."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(
            f"the file can't be made: {reason}", where=str(file), fix="name a place in a folder that you may write to"
        )


def write(file: Path, text: str) -> int:
    """Write a text, whole or not at all, whoever reads the file meanwhile; its bytes.

    What is no file (a pipe, a terminal) or a link to one is written to as it is.

    Raises:
        NotWrittenThereError: there is no such folder, or it may not be written to.
    """
    as_it_is = file.is_symlink() or (file.exists() and not file.is_file())
    place = file if as_it_is else file.with_name(f".{os.getpid()}.draft")
    try:
        count = place.write_bytes(text.encode(errors="replace"))  # half a character pair of JSON's can't be written
        if not as_it_is:
            place.replace(file)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise NotWrittenThereError(file, error.strerror or str(error)) from error
    finally:
        if not as_it_is:
            with suppress(OSError):
                place.unlink(missing_ok=True)
    return count


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it.

    Raises:
        NotWrittenThereError: a file stands in its way, or it may not be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise NotWrittenThereError(folder, error.strerror or str(error)) from error
