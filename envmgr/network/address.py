"""From one address to its bytes: the one room that speaks HTTP, by way of `requests`.

Nothing that is hot may import it (`requests` alone costs more than a no-op realize).

Redirects are followed here rather than by `requests`, so that a hop to another origin takes no credentials along, never
leaves https for http, and its body is not read at all.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from http.client import responses
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, IncompleteRead

from envmgr.model.errors import FetchError
from envmgr.network.checked_file import CHUNK_BYTES
from envmgr.network.punctual import PunctualAdapter

TRANSIENT_STATUSES = {408, 425, 429, 500, 502, 503, 504}
HOPELESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.SSLError,
)
MAX_REDIRECTS = 10
MAX_PAGE_BYTES = 64 * 2**20
SLOWEST_BYTES_A_SECOND = 64

Result = TypeVar("Result")


@dataclass(frozen=True)
class Network:
    """How the outside is reached, and how much patience there is with it. Proxies and netrc are the user's."""

    offline: bool = False
    certificates: Path | None = None
    """A file of certificate authorities to trust; without it, those of REQUESTS_CA_BUNDLE, or of `requests` itself."""
    attempts: int = 4
    """For each address."""
    first_wait: float = 0.5
    """Seconds before the second attempt; doubled before each later one."""
    longest_wait: float = 60.0
    """Seconds; also the most that a server's Retry-After is obeyed."""
    connect_seconds: float = 15.0
    read_seconds: float = 60.0
    """Without a byte, or with hardly any."""
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def session(self) -> requests.Session:
        """Connections that are kept open between downloads; no cookies.

        Raises:
            CertificatesError: the file of authorities is missing.
        """
        if self.certificates is not None and not self.certificates.exists():
            raise CertificatesError(self.certificates)
        session = requests.Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            session.mount(scheme, PunctualAdapter())
        session.headers["User-Agent"] = "envmgr"
        # Some servers label a compressed file as an encoded body; it would be decoded before it could be hashed.
        session.headers["Accept-Encoding"] = "identity"
        return session


class CertificatesError(FetchError):
    """The certificate authorities to trust are not there."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"there is no file of certificate authorities at {file}",
            fix="set `cert` of pip's configuration (PIP_CERT) to an existing file, or remove it",
        )
        self.file = file


@dataclass(frozen=True)
class Failure:
    """Why one address did not give what was asked; `status` is its HTTP status, if it came to that."""

    url: str
    why: str
    status: int | None = None


class UnreachableError(FetchError):
    """No address gave the file; `failures` has each that was tried, and why."""

    def __init__(self, what: str, failures: Sequence[Failure]) -> None:
        tried = "".join(f"\n  {failure.url}: {failure.why}" for failure in failures)
        super().__init__(
            f"{what} could not be fetched from any address:{tried}",
            fix="check the network and the proxy settings, or add a mirror to the source",
        )
        self.what = what
        self.failures = tuple(failures)


class OfflineError(FetchError):
    """Something has to be fetched, and the network may not be used."""

    def __init__(self, what: str, urls: Sequence[str]) -> None:
        super().__init__(f"{what} is not here, and envmgr is offline", fix="run once without --offline to fetch it")
        self.what = what
        self.urls = tuple(map(shown, urls))


@dataclass(frozen=True)
class Page:
    """A small document; `url` is where it was found after redirects."""

    url: str
    media_type: str
    body: bytes


class RefusedError(Exception):
    """This address will not give the file, however often it is asked."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class BrokenOffError(RefusedError):
    """This attempt failed; the next one may not. `wait` is how many seconds the server asked for."""

    def __init__(self, why: str, status: int | None = None, wait: float = 0.0) -> None:
        super().__init__(why, status)
        self.wait = wait


@dataclass(frozen=True)
class Response:
    """What came before the body; a file answers as a server would."""

    url: str
    status: int
    headers: Mapping[str, str]

    @property
    def length(self) -> int | None:
        """Bytes of the body, if the server says so."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isdecimal() and "Transfer-Encoding" not in self.headers else None

    @property
    def range_start(self) -> int | None:
        """Where the body begins in the file: `Content-Range: bytes 5-9/10` gives 5."""
        match = re.match(r"bytes (\d+)-", self.headers.get("Content-Range", ""))
        return int(match[1]) if match else None

    @property
    def strong_entity_tag(self) -> str:
        """Only a strong tag promises the same bytes, and may stand in If-Range."""
        tag = self.headers.get("ETag", "")
        return tag if tag.startswith('"') else ""


def read_page(url: str, *, accept: str, network: Network) -> Page:
    """Fetch a small document, such as a page of a package index, into memory.

    Raises:
        OfflineError: the network may not be used, and the address is not a `file:`.
        UnreachableError: there is no such page, or no way to it.
    """
    if network.offline and not url.startswith("file:"):
        raise OfflineError("the page", [url])
    try:
        return patiently(network, lambda: _read_page(url, accept, network))
    except RefusedError as error:
        raise UnreachableError("the page", [Failure(shown(url), error.why, error.status)]) from error


def _read_page(url: str, accept: str, network: Network) -> Page:
    body = bytearray()
    with open_address(url, {"Accept": accept}, network) as (response, chunks):
        if response.status != HTTPStatus.OK:
            raise refusal(response)
        for chunk in chunks:
            body += chunk
            if len(body) > MAX_PAGE_BYTES:
                raise RefusedError(f"the page is larger than {MAX_PAGE_BYTES} bytes")
    return Page(response.url, response.headers.get("Content-Type", "text/html"), bytes(body))


def patiently(network: Network, attempt: Callable[[], Result]) -> Result:
    """Make an attempt, and make it again after a wait when it broke off, as often as the network says.

    Raises:
        RefusedError: from the attempt; a BrokenOffError only from the last one.
    """
    wait = network.first_wait
    for _ in range(network.attempts - 1):
        try:
            return attempt()
        except BrokenOffError as error:
            network.sleep(min(max(wait, error.wait), network.longest_wait))
            wait *= 2
    return attempt()


@contextmanager
def open_address(url: str, headers: Mapping[str, str], network: Network) -> Iterator[tuple[Response, Iterator[bytes]]]:
    """Ask an address once: what it answers, whatever the status, and its body as it comes.

    Raises:
        BrokenOffError: no connection, no answer in time, or no more bytes; also while the body is read.
        RefusedError: it cannot give a body that we may take.
    """
    if url.startswith("file:"):
        with _open_file(url) as file:
            size = str(os.fstat(file.fileno()).st_size)
            yield Response(url, HTTPStatus.OK, {"Content-Length": size}), iter(lambda: file.read(CHUNK_BYTES), b"")
        return
    try:
        with _get(_https_of_s3(url), headers, network) as response:
            encoding = response.headers.get("Content-Encoding", "identity").lower()
            if encoding != "identity":
                raise RefusedError(f"the server encodes the body ({encoding}), though it was asked not to")
            yield Response(str(response.url), response.status_code, response.headers), _chunks(response.raw, network)
    except HOPELESS as error:
        raise RefusedError(_root(error)) from error
    except (requests.RequestException, HTTPError) as error:
        raise BrokenOffError(_root(error)) from error


def _open_file(url: str) -> BinaryIO:
    parts = _parsed(url)
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_file():
        raise RefusedError("there is no such file", HTTPStatus.NOT_FOUND)
    return path.open("rb")


def _https_of_s3(url: str) -> str:
    """Write `s3://bucket/key` as https; a public bucket needs no signature."""
    parts = _parsed(url)
    return f"https://{parts.netloc}.s3.amazonaws.com{parts.path}" if parts.scheme == "s3" else url


def _get(url: str, headers: Mapping[str, str], network: Network) -> requests.Response:
    """GET, following redirects; credentials that stand in the address go to its own origin only."""
    first = _parsed(url)
    credentials = (unquote(first.username or ""), unquote(first.password or "")) if first.username else None
    for _ in range(MAX_REDIRECTS):
        hop = _parsed(url)
        response = network.session.get(
            _without_credentials(hop),
            headers=headers,
            auth=credentials if origin(hop) == origin(first) else None,
            timeout=(network.connect_seconds, network.read_seconds),
            verify=None if network.certificates is None else str(network.certificates),
            allow_redirects=False,
            stream=True,
        )
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
        if _parsed(url).scheme not in ({"https"} if hop.scheme == "https" else {"http", "https"}):
            raise RefusedError(f"the server redirects from {hop.scheme} to {shown(url)}", response.status_code)
    raise RefusedError(f"more than {MAX_REDIRECTS} redirects")


def _chunks(body: HTTPResponse, network: Network) -> Iterator[bytes]:
    """Give the body as it comes, but not a trickle, which could hold a slot for days."""
    received, since = 0, time.monotonic()
    while chunk := body.read1(CHUNK_BYTES, decode_content=False):
        yield chunk
        received += len(chunk)
        if time.monotonic() - since > network.read_seconds:
            if received < SLOWEST_BYTES_A_SECOND * network.read_seconds:
                raise BrokenOffError(f"fewer than {SLOWEST_BYTES_A_SECOND} bytes a second came")
            received, since = 0, time.monotonic()


def refusal(response: Response) -> RefusedError:
    """Say what a status that is not a success means."""
    status = response.status
    why = f"the server answers {status} ({responses.get(status, 'unknown')})"
    if status in TRANSIENT_STATUSES:
        return BrokenOffError(why, status, _retry_after(response.headers.get("Retry-After", "")))
    return RefusedError(why, status)


def _retry_after(text: str) -> float:
    """Seconds to wait: the header has them, or a date (RFC 9110, 10.2.3)."""
    if text.isdecimal():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Say to whom credentials for an address belong: scheme, host and port (RFC 6454)."""
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        origin(parts)
    except ValueError as error:
        raise RefusedError(f"not an address: {error}") from error
    return parts


def _without_credentials(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def shown(url: str) -> str:
    """Write an address as it may stand in a message or a log."""
    return re.sub(r"//[^/@]*@", "//", url)


def _root(error: BaseException) -> str:
    """Find the cause at the bottom of a chain of wrappers, as one plain sentence."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, IncompleteRead):
        return f"the transfer broke off {error.expected} bytes before its end"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
