"""One binary cache: its files read as what they should be, and nothing taken for granted."""

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from envmgr.config import CacheSettings
from envmgr.manifest import Manifest
from envmgr.model.digest import Digest
from envmgr.model.errors import FetchError, IntegrityError
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.record import MAX_RECORD, Record
from envmgr.sharing.transport import BadAddressError, Transport
from envmgr.store.pack import Source, expand

MAX_INTRODUCTION = 2**16
MAX_MANIFEST = 2**28
"""Bytes; a manifest of a million files has some 150 million."""

READERS = 8
"""Records that are read at a time."""
ATTEMPTS = 2
FIRST_WAIT = 0.2


class Introduction(BaseModel):
    """What `envmgr-cache.json` says."""

    model_config = ConfigDict(frozen=True)

    schema_: Literal["envmgr.cache/1"] = Field(default="envmgr.cache/1", alias="schema")
    compression: Literal["zstd"] = "zstd"


class NotACacheError(FetchError):
    """What is at the place of a cache is none, or none that this envmgr can read."""

    def __init__(self, cache: str, why: str, *, where: str) -> None:
        super().__init__(
            f"{cache} is no binary cache that can be used: {why}",
            where=where,
            fix="see whether the address is right, and whether a gateway wants you to sign in first",
        )
        self.cache = cache
        self.why = why


class DamagedCacheError(IntegrityError):
    """A file of a cache is not what it should be."""

    def __init__(self, cache: str, file: str, why: str, *, where: str) -> None:
        super().__init__(
            f"cache {cache}: {file} is damaged: {why}",
            where=where,
            fix="tell who keeps that cache; `envmgr cache push --again` writes it anew",
        )
        self.cache = cache
        self.file = file
        self.why = why


@dataclass(frozen=True)
class Cache:
    """A cache by name; its place is looked at when it is first needed."""

    name: str
    settings: CacheSettings

    @property
    def is_remote(self) -> bool:
        """Whether the network is needed to reach it."""
        return urlsplit(self.settings.url).scheme in {"http", "https", "s3"}

    @cached_property
    def transport(self) -> Transport:
        """How its files are got at; nothing is asked yet.

        Raises:
            BadAddressError: there is no such kind of address.
            MissingExtraError: what is needed to reach it is not installed.
        """
        return _transport(self.settings.url, self.settings.timeout)

    def introduce(self) -> None:
        """Go on only if this is a binary cache.

        Raises:
            NotACacheError: it is none.
            UnusableError: it does not answer.
        """
        text = self.transport.read(layout.INTRODUCTION, MAX_INTRODUCTION)
        if text is None:
            raise NotACacheError(self.name, f"it has no {layout.INTRODUCTION}", where=self.transport.place)
        try:
            Introduction.model_validate_json(text)
        except ValidationError as error:
            why = f"its {layout.INTRODUCTION} is not one"
            raise NotACacheError(self.name, why, where=self.transport.place) from error

    def object(self, path: StorePath) -> Record | None:
        """The record of an object; None where the cache has none.

        Raises:
            DamagedCacheError: what is there is not that.
            UnusableError: the cache does not answer.
        """
        name = layout.object_record(path)
        record = self._record(name)
        if record is not None and record.store_path != path:
            raise self.damaged(name, f"it is of {record.store_path}")
        return record

    def paths(self) -> list[StorePath]:
        """The objects that the cache holds, sorted.

        Raises:
            NotListableError: this kind of place cannot say.
            UnusableError: the cache does not answer.
        """
        files = filter(layout.is_name, self.transport.sizes(layout.OBJECTS))
        return sorted(StorePath(file.removeprefix(f"{layout.OBJECTS}/").removesuffix(".json")) for file in files)

    def records(self, paths: Collection[StorePath]) -> Iterator[Record]:
        """The records of some objects, read several at a time; those that are gone are left out.

        Raises:
            DamagedCacheError: one is not what it should be.
            UnusableError: the cache does not answer.
        """
        with ThreadPoolExecutor(READERS, thread_name_prefix="read") as pool:
            yield from filter(None, pool.map(self.object, paths))

    def answer(self, question: Digest) -> Record | None:
        """The record of what a derivation digest, or a resolved digest, came to; None where the cache has none.

        Raises:
            DamagedCacheError: what is there is not that.
            UnusableError: the cache does not answer.
        """
        name = layout.realisation_record(question)
        record = self._record(name)
        if record is not None and not record.about(question):
            raise self.damaged(name, "it answers another question")
        return record

    def manifest(self, record: Record) -> Manifest:
        """The manifest of an object.

        Raises:
            DamagedCacheError: it is gone, or another one.
            UnusableError: the cache does not answer.
        """
        name = layout.manifest(record.manifest)
        data = self.transport.read(name, MAX_MANIFEST)
        if data is None:
            raise self.damaged(name, "it is gone")
        try:
            text = expand(data, MAX_MANIFEST)
            if Digest.of(text) != record.manifest:
                raise self.damaged(name, "its digest is another one")
            return Manifest.parse(text)
        except ValueError as error:
            raise self.damaged(name, str(error)) from error

    @contextmanager
    def contents(self, record: Record) -> Iterator[Source]:
        """The packed content of an object, as it comes.

        Raises:
            DamagedCacheError: it is gone.
            UnusableError: the cache does not answer; also while it is read.
        """
        name = layout.contents(record.manifest)
        with self.transport.stream(name) as source:
            if source is None:
                raise self.damaged(name, "it is gone")
            yield source

    def damaged(self, file: str, why: str) -> DamagedCacheError:
        """What is to be raised where a file of this cache is not what it should be."""
        return DamagedCacheError(self.name, file, why, where=self.transport.place)

    def _record(self, name: str) -> Record | None:
        text = self.transport.read(name, MAX_RECORD)
        try:
            record = None if text is None else Record.parse(text)
        except ValueError as error:
            raise self.damaged(name, str(error)) from error
        if record is not None and record.store_path.kind(record.manifest) is None:
            raise self.damaged(name, "its manifest gives another store path")
        return record


def _transport(url: str, patience: float) -> Transport:
    match urlsplit(url):
        case SplitResult(scheme="http" | "https"):
            return _web(url, patience)
        case SplitResult(scheme="s3"):
            from envmgr.sharing.bucket import Bucket

            return Bucket(url, seconds=patience)
        case SplitResult(scheme="file", path=path):
            return _folder(unquote(path))
        case SplitResult(scheme="") if url.startswith("/"):
            return _folder(url)
    raise BadAddressError(url, "the path of a folder, or an address that begins with http:, https:, s3: or file:")


def _folder(path: str) -> Transport:
    from envmgr.sharing.folder import Folder

    return Folder(Path(path))


def _web(url: str, patience: float) -> Transport:
    from envmgr.network.address import Network
    from envmgr.network.pip_settings import pip_settings
    from envmgr.sharing.web import Web

    certificates = pip_settings(os.environ).get("cert") or os.environ.get("SSL_CERT_FILE")
    network = Network(
        certificates=Path(certificates) if certificates else None,
        attempts=ATTEMPTS,
        first_wait=FIRST_WAIT,
        longest_wait=patience,
        connect_seconds=patience,
        read_seconds=patience,
    )
    return Web(url, network)
