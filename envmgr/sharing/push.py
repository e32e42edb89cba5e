"""From objects of the store to files of a cache, in an order in which a reader never finds half of anything.

Contents and manifests come first and are flushed, then the records of objects, then the records by which these are
found as answers; references before their referrers. A push that is interrupted leaves what it had finished, and files
that nobody finds; the next one goes on. What is there is known by names alone, with few requests. Two who push the same
at once write the same content, and their records are joined.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from envmgr.model.canonical import canonical_text
from envmgr.model.errors import UsageError
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.cache import Cache, Introduction
from envmgr.sharing.keys import PrivateKey
from envmgr.sharing.parcel import Parcel, parcels
from envmgr.sharing.record import Record, SignedRealisation
from envmgr.store.pack import Sink, pack, squeeze
from envmgr.store.store import Store

GROUP_OBJECTS = 256
GROUP_BYTES = 2**30
"""Objects become visible in groups of so many, or of so many bytes: what an interruption can cost."""
WRITERS = 8


class UnsandboxedError(UsageError):
    """Objects would be pushed that nobody saw being built in a sandbox."""

    def __init__(self, paths: Sequence[StorePath]) -> None:
        super().__init__(
            f"not built in a sandbox, as far as is known: {', '.join(map(str, paths))}",
            fix="build them where there is a sandbox (`envmgr doctor`), or push them all the same with --unsandboxed",
        )
        self.paths = tuple(paths)


@dataclass(frozen=True)
class Pushed:
    """What a push did: objects of which something was written, objects that were there, bytes of content written."""

    written: tuple[StorePath, ...]
    present: int
    bytes: int


@dataclass(frozen=True)
class Pusher:
    """Writes objects of a store into a cache."""

    store: Store
    cache: Cache
    key: PrivateKey | None
    """What the records are signed with; None: they are not signed."""
    unsandboxed: bool = False
    """Whether also what was not built in a sandbox is pushed."""
    again: bool = False
    """Whether also what is there already is written."""
    notice: Callable[[Event], None] = lambda event: None

    def push(self, paths: Iterable[StorePath]) -> Pushed:
        """Write objects that are held, and all that they refer to.

        Raises:
            UnsandboxedError: one was not built in a sandbox; nothing was pushed.
            DamagedTreeError: one is damaged; it was not pushed.
            ReadOnlyPlaceError, UnusableError, NotACacheError: the cache cannot be written.
        """
        wanted = parcels(self.store, paths, unsandboxed=self.unsandboxed)
        if refused := [parcel.path for parcel in wanted if parcel.is_doubtful and not self.unsandboxed]:
            raise UnsandboxedError(refused)
        missing = wanted if self.again else self._missing(wanted)
        written = 0
        if missing:
            self.cache.transport.change(layout.INTRODUCTION, self._introduction)
            with ThreadPoolExecutor(WRITERS, thread_name_prefix="push") as pool:
                written = sum(self._push_group(group, pool) for group in _groups(missing))
            self.cache.transport.flush()
        return Pushed(tuple(parcel.path for parcel in missing), len(wanted) - len(missing), written)

    def _missing(self, wanted: Sequence[Parcel]) -> list[Parcel]:
        """What is not there yet, and of that, whether the content is."""
        there = self.cache.transport.existing({name for parcel in wanted for name in parcel.records()})
        return [
            replace(parcel, is_new=layout.object_record(parcel.path) not in there)
            for parcel in wanted
            if not there.issuperset(parcel.records())
        ]

    def _introduction(self, before: bytes | None) -> bytes:
        if before is not None:
            self.cache.introduce()
            return before
        return canonical_text(Introduction().model_dump(by_alias=True)) + b"\n"

    def _push_group(self, group: Sequence[Parcel], pool: ThreadPoolExecutor) -> int:
        """Write some objects; returns how many bytes of content that were."""
        sent = [*pool.map(self._push_content, group)]
        self.cache.transport.flush()
        signed = [self._signed(parcel) for parcel in sent]
        for _ in pool.map(self._push_record, signed):
            pass
        self.cache.transport.flush()
        for _ in pool.map(self._push_answers, signed):
            pass
        return sum(parcel.packed for parcel in sent if parcel.is_new)

    def _push_content(self, parcel: Parcel) -> Parcel:
        """Write the content and the manifest of an object, unless they are there; the parcel with their size."""
        if not parcel.is_new and (record := self.cache.object(parcel.path)):
            return replace(parcel, packed=record.packed)
        label, transport = str(parcel.path), self.cache.transport
        self.notice(Event("started", label, "push"))
        manifest = self.store.manifest(parcel.path)
        with transport.writing(layout.contents(manifest.digest)) as sink:
            packed = pack(self.store.folder(parcel.path), manifest, _Counted(sink, label, self.notice))
        with transport.writing(layout.manifest(manifest.digest)) as sink:
            sink.write(squeeze(manifest.text))
        self.notice(Event("finished", label, "push"))
        return replace(parcel, packed=packed, is_new=True)

    def _signed(self, parcel: Parcel) -> Parcel:
        if self.key is None:
            return parcel
        return replace(parcel, realisations=tuple(parcel.record.signed(made, self.key) for made in parcel.realisations))

    def _push_record(self, parcel: Parcel) -> None:
        def change(before: bytes | None) -> bytes:
            return _joined(parcel.record, parcel.realisations, before)

        self.cache.transport.change(layout.object_record(parcel.path), change)

    def _push_answers(self, parcel: Parcel) -> None:
        """Say what the object is the answer to; another object that is the answer already stays it."""
        for name, made in parcel.answers():

            def change(before: bytes | None, made: SignedRealisation = made) -> bytes:
                known = _parsed(before)
                if before and known and known.store_path != parcel.path and not self.again:
                    return before
                return _joined(parcel.record, (made,), before)

            self.cache.transport.change(name, change)


def _joined(record: Record, made: tuple[SignedRealisation, ...], before: bytes | None) -> bytes:
    """What a record's file is to hold: what it says of the same object stays in it."""
    known = _parsed(before)
    stay = known.realisations if known and known.described == record.described else ()
    return record.model_copy(update={"realisations": stay}).with_realisations(made).show()


def _parsed(text: bytes | None) -> Record | None:
    try:
        return Record.parse(text) if text else None
    except ValueError:
        return None  # damaged: it is written anew


def _groups(wanted: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    group: list[Parcel] = []
    for parcel in wanted:
        group.append(parcel)
        if len(group) == GROUP_OBJECTS or sum(each.described.size for each in group) >= GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


class _Counted:
    """A sink that tells how much it took."""

    def __init__(self, sink: Sink, label: str, notice: Callable[[Event], None]) -> None:
        self._sink = sink
        self._label = label
        self._notice = notice
        self._done = 0

    def write(self, data: bytes) -> None:
        self._sink.write(data)
        self._done += len(data)
        self._notice(Event("progressed", self._label, "push", done=self._done))
