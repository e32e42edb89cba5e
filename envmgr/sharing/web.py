"""A binary cache behind a web server, read over http or https.

It takes no files: what a server would take is decided by the server, and who may push to what it serves can push to the
folder or bucket behind it.
"""

import itertools
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import NoReturn

from envmgr.network.address import BrokenOffError, Network, RefusedError, open_address, patiently, refusal, shown
from envmgr.sharing.transport import Change, NotListableError, ReadOnlyPlaceError, UnusableError
from envmgr.store.pack import Sink, Source

ABSENT = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
"""What a server says of a file that is not there; buckets forbid instead, where they do not tell what they hold."""


class Web:
    """The files of a cache below one address."""

    def __init__(self, url: str, network: Network) -> None:
        self._url = url.rstrip("/")
        self._network = network
        self.place = shown(url)

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a small file."""
        try:
            return patiently(self._network, lambda: self._read(name, limit))
        except RefusedError as error:
            raise self._unusable(name, error) from error

    def _read(self, name: str, limit: int) -> bytes | None:
        with open_address(f"{self._url}/{name}", {}, self._network) as (response, chunks):
            if response.status in ABSENT:
                return None
            if response.status != HTTPStatus.OK:
                raise refusal(response)
            body = bytearray()
            for chunk in chunks:
                body += chunk
                if len(body) > limit:
                    return None
            if response.length not in (None, len(body)):
                raise BrokenOffError(f"the transfer broke off after {len(body)} of {response.length} bytes")
            return bytes(body)

    @contextmanager
    def stream(self, name: str) -> Iterator[Source | None]:
        """A large file; where a transfer breaks off, it is continued."""
        with closing(_transfer(f"{self._url}/{name}", self._network)) as chunks:
            try:
                first = next(chunks, b"")
            except RefusedError as error:
                if error.status not in ABSENT:
                    raise self._unusable(name, error) from error
                yield None
                return
            yield _Body(itertools.chain([first], chunks), lambda error: self._unusable(name, error))

    def _unusable(self, name: str, error: RefusedError) -> UnusableError:
        return UnusableError(f"{self.place}/{name}", error.why)

    @contextmanager
    def writing(self, name: str) -> Iterator[Sink]:
        """Refuse."""
        self._read_only()
        yield  # a context manager is a generator

    def change(self, name: str, change: Change) -> None:
        """Refuse."""
        self._read_only()

    def flush(self) -> None:
        """Nothing was written."""

    def existing(self, names: Collection[str]) -> set[str]:
        """Refuse: only who writes asks."""
        self._read_only()

    def sizes(self, folder: str) -> Mapping[str, int]:
        """Refuse."""
        raise NotListableError(self.place)

    def _read_only(self) -> NoReturn:
        raise ReadOnlyPlaceError(self.place)


class _Body:
    """A transfer as a source."""

    def __init__(self, chunks: Iterator[bytes], unusable: Callable[[RefusedError], UnusableError]) -> None:
        self._chunks = chunks
        self._unusable = unusable
        self._rest = b""

    def read(self, size: int) -> bytes:
        if not self._rest:
            try:
                self._rest = next(self._chunks, b"")
            except RefusedError as error:
                raise self._unusable(error) from error
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _transfer(url: str, network: Network) -> Generator[bytes, None, None]:
    """The bytes of a file; where they break off, the transfer goes on from there, as long as it gets anywhere.

    Whether the second part is of the same file is not asked: what comes out is held against its manifest.

    Raises:
        RefusedError: the file cannot be had, or not to its end.
    """
    received, vain = 0, 0
    while True:
        try:
            for chunk in _from(received, url, network):
                received, vain = received + len(chunk), 0
                yield chunk
        except BrokenOffError as error:
            vain += 1
            if vain >= network.attempts:
                raise
            network.sleep(min(max(network.first_wait, error.wait), network.longest_wait))
        else:
            return


def _from(start: int, url: str, network: Network) -> Iterator[bytes]:
    """The bytes of a file from one on."""
    with open_address(url, {"Range": f"bytes={start}-"} if start else {}, network) as (response, chunks):
        whole = response.status == HTTPStatus.OK
        if not whole and (response.status != HTTPStatus.PARTIAL_CONTENT or response.range_start != start):
            raise refusal(response)
        skip = start if whole else 0
        left = response.length
        for chunk in chunks:
            left = None if left is None else left - len(chunk)
            if skip < len(chunk):
                yield chunk[skip:]
            skip = max(0, skip - len(chunk))
        if left:
            raise BrokenOffError(f"the transfer broke off {left} bytes before its end")
