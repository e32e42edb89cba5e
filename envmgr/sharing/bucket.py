"""A binary cache in a bucket that speaks S3, by way of `obstore` (the extra `s3`): its only gateway.

The address is `s3://BUCKET/PREFIX`, with `?endpoint=URL` and `?region=NAME` where the bucket is not Amazon's.
Credentials are those of the environment that every S3 tool reads (`AWS_ACCESS_KEY_ID` and so on).
"""

import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from envmgr.sharing.transport import BadAddressError, Change, MissingExtraError, UnusableError
from envmgr.store.pack import Sink, Source

if TYPE_CHECKING:
    from obstore.store import S3Store

_RETRIES = 2
_ASKED_ONE_BY_ONE = 200
"""Up to so many files are asked for one by one; for more, their folder is listed, a thousand names a request."""
_AT_ONCE = 16
_LONG = timedelta(days=1)
_UNKNOWN = "501 Not Implemented"
"""What a server answers that knows no conditions."""


class Bucket:
    """The files of a cache in a bucket, below a prefix."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self.place = url
        self._store = _opened(url, timedelta(seconds=seconds))
        self._conditional = True

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a small file."""
        found = self._read(name, limit)
        return found[0] if found else None

    @contextmanager
    def stream(self, name: str) -> Iterator[Source | None]:
        """A large file."""
        import obstore

        file = None
        with suppress(FileNotFoundError), _trouble(self.place, FileNotFoundError):
            file = obstore.open_reader(self._store, name)
        yield _Reader(file, self.place) if file else None

    @contextmanager
    def writing(self, name: str) -> Iterator[Sink]:
        """Write a large file: it is gathered here first, as a bucket takes a file as a whole."""
        import obstore

        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with _trouble(self.place):
                obstore.put(self._store, name, file)

    def change(self, name: str, change: Change) -> None:
        """Replace a small file, provided that it is still what was read; else read it again.

        Some that speak S3 know no conditions (Swift is one): there the last one who writes at once wins.
        """
        while True:
            found = self._read(name, None)
            after = change(found[0] if found else None)
            if found and after == found[0]:
                return
            if not self._conditional:
                self._put(name, after, "overwrite")
                return
            if self._put_if(name, after, {"e_tag": found[1]} if found else "create"):
                return

    def flush(self) -> None:
        """A bucket has what it said it took."""

    def existing(self, names: Collection[str]) -> set[str]:
        """Which of these files are there."""
        if len(names) > _ASKED_ONE_BY_ONE:
            return {
                name for folder in {name.rpartition("/")[0] for name in names} for name in self.sizes(folder)
            }.intersection(names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return {name for name, there in zip(names, pool.map(self._is_there, names), strict=True) if there}

    def sizes(self, folder: str) -> Mapping[str, int]:
        """The files of one folder of the layout."""
        import obstore

        with _trouble(self.place):
            return {
                f"{folder}/{found['path'].rpartition('/')[2]}": found["size"]
                for chunk in obstore.list(self._store, f"{folder}/", chunk_size=1000)
                for found in chunk
            }

    def _read(self, name: str, limit: int | None) -> tuple[bytes, str | None] | None:
        import obstore

        with suppress(FileNotFoundError), _trouble(self.place, FileNotFoundError):
            found = obstore.get(self._store, name)
            if limit is None or found.meta["size"] <= limit:
                return bytes(found.bytes()), found.meta["e_tag"]
        return None

    def _put(self, name: str, data: bytes, mode: Any) -> None:  # noqa: ANN401  obstore's type exists for checkers only
        import obstore

        with _trouble(self.place):
            obstore.put(self._store, name, data, mode=mode)

    def _put_if(self, name: str, data: bytes, mode: Any) -> bool:  # noqa: ANN401  as for `_put`
        """Write a file on a condition; whether that is done."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            with _trouble(self.place, BaseError):
                obstore.put(self._store, name, data, mode=mode)
        except (AlreadyExistsError, PreconditionError):
            return False
        except BaseError as error:
            if _UNKNOWN not in str(error):
                raise UnusableError(self.place, _reason(str(error))) from error
            self._conditional = False
            return False
        return True

    def _is_there(self, name: str) -> bool:
        import obstore

        with suppress(FileNotFoundError), _trouble(self.place, FileNotFoundError):
            obstore.head(self._store, name)
            return True
        return False


class _Reader:
    def __init__(self, file: Any, place: str) -> None:  # noqa: ANN401  obstore's type exists for checkers only
        self._file = file
        self._place = place

    def read(self, size: int) -> bytes:
        with _trouble(self._place):
            return bytes(self._file.read(size))


@contextmanager
def _trouble(place: str, *passing: type[Exception]) -> Iterator[None]:
    """Let what goes wrong be the bucket's failure, but for what is named."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, passing):
            raise
        raise UnusableError(place, _reason(str(error))) from error


def _reason(text: str) -> str:
    """What a server says in its document of an error, or what is said first."""
    said = re.search(r"<Message>([^<]+)</Message>", text)
    return said[1] if said else text.splitlines()[0].strip()


def _opened(url: str, patience: timedelta) -> "S3Store":
    try:
        from obstore.store import S3Store
    except ImportError:
        raise MissingExtraError(url) from None
    parts, options = urlsplit(url), parse_qs(urlsplit(url).query)
    if not parts.netloc or options.keys() - {"endpoint", "region"} or any(len(value) > 1 for value in options.values()):
        raise BadAddressError(url, "a bucket as s3://BUCKET/PREFIX?endpoint=URL&region=NAME")
    chosen: dict[str, Any] = {key: value[0] for key, value in options.items()}
    plain = chosen.get("endpoint", "").startswith("http://")
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "connect_timeout": patience,
            "read_timeout": patience,
            "timeout": _LONG,
            **({"allow_http": True} if plain else {}),
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": patience * (_RETRIES + 1)},
        **chosen,
    )
