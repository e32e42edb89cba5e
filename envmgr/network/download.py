"""From addresses to one checked file.

A download is bounded in size, tried again where trying again can help, and resumed where it broke off. Its name is
given to it only when it is whole and right.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.network.address import (
    BrokenOffError,
    Failure,
    Network,
    OfflineError,
    RefusedError,
    Response,
    UnreachableError,
    open_address,
    patiently,
    refusal,
    shown,
)
from envmgr.network.checked_file import CheckedFile, Checks, WrongContentError

MAX_FILE_BYTES = 64 * 2**30

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in all (None: unknown)."""


def download(
    urls: Sequence[str],
    destination: Path,
    checks: Checks,
    *,
    network: Network,
    limit_bytes: int = MAX_FILE_BYTES,
    progress: Progress = lambda _done, _total: None,
) -> Digest:
    """Fetch a file from the first address that gives it, and return its SHA-256.

    The file appears under its name only when it is whole and all checks hold. After a failed transfer the partial
    file `<destination>.part` stays and is continued next time; of a file that failed a check nothing does. A file of
    which no hash is known is continued only from the same address, and where that vouches for its being the same.

    Args:
        urls: https, http, file, or s3 for public buckets; tried in order.
        destination: a file in an existing folder.
        checks: what is known about the file.
        network: how the outside is reached.
        limit_bytes: bound of a file whose size is not known.
        progress: told the bytes as they come.

    Raises:
        OfflineError: the network may not be used, and no address is a `file:`.
        UnreachableError: no address gave a file.
        WrongContentError: addresses gave files, and none the right one.
    """
    usable = [url for url in urls if url.startswith("file:")] if network.offline else urls
    if not usable:
        raise OfflineError(destination.name, urls)
    failures: list[Failure] = []
    wrong: WrongContentError | None = None
    with CheckedFile(destination, checks) as file:
        for url in usable:
            if not checks.have_hash:
                file.restart()
            transfer = _Transfer(url, file, network, limit_bytes, progress)
            try:
                return patiently(network, transfer.attempt)
            except WrongContentError as error:
                wrong = wrong or error
            except RefusedError as error:
                failures.append(Failure(shown(url), error.why, error.status))
    if wrong is not None:
        raise wrong
    raise UnreachableError(destination.name, failures)


@dataclass
class _Transfer:
    """A file on its way from one address; `entity_tag` is that of the body whose beginning we have."""

    url: str
    file: CheckedFile
    network: Network
    limit_bytes: int
    progress: Progress
    entity_tag: str = ""

    def attempt(self) -> Digest:
        """Fetch what is missing. What was resumed and came out wrong is fetched once whole."""
        resumed = self.file.size > 0
        try:
            return self._attempt()
        except WrongContentError:
            if not resumed:
                raise
        return self._attempt()

    def _attempt(self) -> Digest:
        size = self.file.checks.size
        if size is None or self.file.size < size:
            with open_address(self.url, self._headers(), self.network) as (response, chunks):
                self._receive(response, chunks)
        return self.file.finish(shown(self.url))

    def _headers(self) -> dict[str, str]:
        if not self.file.size or not (self.entity_tag or self.file.checks.have_hash):
            return {}
        resume = {"Range": f"bytes={self.file.size}-"}
        return {**resume, "If-Range": self.entity_tag} if self.entity_tag else resume

    def _receive(self, response: Response, chunks: Iterator[bytes]) -> None:
        self._place(response)
        known = self.file.checks.size
        total = None if response.length is None else self.file.size + response.length
        self._judge_announced(known, total)
        # One byte more than is right shows that a body is too long; whether it would ever end does not matter.
        for chunk in chunks:
            self.file.write(chunk)
            self.progress(self.file.size, known or total)
            if self.file.size > (known or self.limit_bytes):
                break
        self._judge_received(known or total)

    def _place(self, response: Response) -> None:
        """Make the partial file end where the body begins."""
        match response.status:
            case HTTPStatus.PARTIAL_CONTENT if response.range_start == self.file.size:
                pass
            case HTTPStatus.PARTIAL_CONTENT | HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.file.restart()
                raise BrokenOffError("the server cannot continue the transfer", response.status)
            case HTTPStatus.OK:
                self.file.restart()
                self.entity_tag = response.strong_entity_tag
            case _:
                raise refusal(response)

    def _judge_announced(self, known: int | None, total: int | None) -> None:
        if known is not None and total not in (None, known):
            self.file.refuse("size", str(total), shown(self.url))
        if known is None and total is not None and total > self.limit_bytes:
            raise RefusedError(f"the file has {total} bytes, and the bound is {self.limit_bytes}")

    def _judge_received(self, whole: int | None) -> None:
        if whole is not None and self.file.size < whole:
            raise BrokenOffError(f"the transfer broke off after {self.file.size} of {whole} bytes")
        if whole is None and self.file.size > self.limit_bytes:
            self.file.restart()
            raise RefusedError(f"the file has more bytes than the bound of {self.limit_bytes}")
