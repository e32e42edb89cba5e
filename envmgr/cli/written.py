"""A file that a command writes where somebody asked for it."""

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
    """Write a text; its bytes.

    Raises:
        NotWrittenThereError: there is no such folder, or it may not be written to.
    """
    try:
        return file.write_bytes(text.encode())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise NotWrittenThereError(file, error.strerror or str(error)) from error


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it.

    Raises:
        NotWrittenThereError: a file stands in its way, or it may not be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise NotWrittenThereError(folder, error.strerror or str(error)) from error
