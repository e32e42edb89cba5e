"""The contract between a binary cache and the place where its files lie: a folder, a web server, a bucket.

Names are those of `layout`. A file is whole or not there: whoever writes one makes it beside, and gives it its name in
one step. What a place cannot do (a web server takes no files) it says by an error of its own.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from envmgr.model.errors import FetchError, HostError, UsageError
from envmgr.store.pack import Sink, Source

Change = Callable[[bytes | None], bytes]
"""From what a file holds (None: it is not there) to what it shall hold."""


class UnusableError(FetchError):
    """A place does not answer, or refuses: there is no use in asking it again in this command."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"cannot be used: {why}", where=place, fix="see whether it is there and may be used")
        self.place = place
        self.why = why


class BadAddressError(UsageError):
    """An address is of no kind that a cache can have."""

    def __init__(self, url: str, wanted: str) -> None:
        super().__init__(f"not the address of a cache: {url}", fix=f"name {wanted}")
        self.url = url
        self.why = "its address is none that a cache can have"


class MissingExtraError(HostError):
    """What is needed to reach a kind of place is not installed."""

    def __init__(self, url: str) -> None:
        self.why = "caches in buckets need a package that is not installed: pip install 'envmgr[s3]'"
        super().__init__(self.why, where=url, fix="pip install 'envmgr[s3]'")
        self.url = url


class ReadOnlyPlaceError(UsageError):
    """A place takes no files."""

    def __init__(self, place: str) -> None:
        super().__init__(
            "this cache can only be read", where=place, fix="push to the folder or the bucket that is served there"
        )
        self.place = place


class NotListableError(UsageError):
    """A place cannot say what it holds."""

    def __init__(self, place: str) -> None:
        super().__init__(
            "a web server does not say what it holds", where=place, fix="ask the folder or bucket that is served"
        )
        self.place = place


class Transport(Protocol):
    """Where the files of one cache lie; for all threads of this process."""

    @property
    def place(self) -> str:
        """Where, for people; without credentials."""

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a small file; None where there is none, or one of more than `limit` bytes.

        Raises:
            UnusableError: the place does not answer, or refuses.
        """

    def stream(self, name: str) -> AbstractContextManager[Source | None]:
        """A large file, read as it comes; None where there is none. Reading may raise UnusableError.

        Raises:
            UnusableError: the place does not answer, or refuses.
        """

    def writing(self, name: str) -> AbstractContextManager[Sink]:
        """Write a large file: it is there when the block ends well, and not at all otherwise.

        Raises:
            ReadOnlyPlaceError, UnusableError: it cannot be written.
        """

    def change(self, name: str, change: Change) -> None:
        """Replace a small file by what comes of it; of two who do so at once, none undoes what the other did.

        Raises:
            ReadOnlyPlaceError, UnusableError: it cannot be written.
        """

    def flush(self) -> None:
        """Return when all that was written so far will outlast a crash."""

    def existing(self, names: Collection[str]) -> set[str]:
        """Which of these files are there.

        Raises:
            UnusableError: the place does not answer, or refuses.
        """

    def sizes(self, folder: str) -> Mapping[str, int]:
        """The files of one folder of the layout, with their bytes.

        Raises:
            NotListableError: this kind of place cannot say.
            UnusableError: the place does not answer, or refuses.
        """
