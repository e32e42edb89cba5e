"""Why a run could not be published. What was written before that stays, and the next try goes on from there."""

import re
from collections.abc import Sequence
from pathlib import Path

from envmgr.model.errors import FetchError, HostError, UsageError

_CREDENTIALS = re.compile(r"//[^/@\s]+@")


class MissingPackageError(HostError):
    """The package that speaks to a service is not installed."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(
            f"publishing to {service} needs a package that is not installed", fix=f"pip install 'envmgr[{service}]'"
        )


class UnpublishedError(FetchError):
    """A service did not take a run: it does not answer, refuses, or fails."""

    def __init__(self, run: str, why: str, *, where: str, fix: str) -> None:
        self.run, self.why = run, without_credentials(why)
        super().__init__(f"run {run} was not published: {self.why}", where=without_credentials(where), fix=fix)


class PublishedOtherwiseError(UsageError):
    """There is something else already where a run would go."""

    def __init__(self, run: str, place: Path, files: Sequence[str]) -> None:
        self.run, self.files = run, tuple(files)
        super().__init__(
            f"other files stand where run {run} would go: {', '.join(files)}",
            where=str(place),
            fix="name another folder, or remove what is there",
        )


def without_credentials(text: str) -> str:
    """A text without the user and the password that stand in an address."""
    return _CREDENTIALS.sub("//…@", text)
