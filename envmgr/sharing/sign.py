"""Signatures added to what a cache holds already: with a new key for an old one, or to what was pushed without any."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.cache import READERS, Cache
from envmgr.sharing.keys import PrivateKey
from envmgr.sharing.record import Record, SignedRealisation

Vouched = Callable[[Record, SignedRealisation], bool]
"""Whether we are ready to sign what a record says of a realisation."""


@dataclass(frozen=True)
class Signed:
    """How many realisations have a signature more, had it already, and were left as they are: nobody vouched."""

    signed: int
    already: int
    left: int


def sign(cache: Cache, paths: Collection[StorePath], key: PrivateKey, vouched: Vouched) -> Signed:
    """Sign what a cache says of some objects, as far as it is vouched for.

    Raises:
        DamagedCacheError: a record is not what it should be.
        ReadOnlyPlaceError, UnusableError: the cache cannot be written.
    """
    counts = {"signed": 0, "already": 0, "left": 0}
    with ThreadPoolExecutor(READERS, thread_name_prefix="sign") as pool:
        for kinds in pool.map(lambda record: _sign(cache, record, key, vouched), cache.records(paths)):
            for kind in kinds:
                counts[kind] += 1
    cache.transport.flush()
    return Signed(**counts)


def _sign(cache: Cache, record: Record, key: PrivateKey, vouched: Vouched) -> list[str]:
    """Sign one record, in all files that it stands in; what became of each of its realisations."""
    new: list[SignedRealisation] = []
    kinds: list[str] = []
    for made in record.realisations:
        signature = made.signatures.get(key.name, "")
        if signature and key.public.holds(signature, record.statement(made)):
            kinds.append("already")
        elif vouched(record, made):
            kinds.append("signed")
            new.append(record.signed(made, key))
        else:
            kinds.append("left")
    if new:
        _join(cache, layout.object_record(record.store_path), record, new)
    for made in new:
        for question in {made.digest, made.resolved}:
            _join_answer(cache, question, record, made)
    return kinds


def _join(cache: Cache, name: str, record: Record, new: Collection[SignedRealisation]) -> None:
    def change(before: bytes | None) -> bytes:
        known = Record.parse(before) if before else record
        return known.with_realisations(tuple(new)).show() if known.described == record.described else before or b""

    cache.transport.change(name, change)


def _join_answer(cache: Cache, question: Digest, record: Record, made: SignedRealisation) -> None:
    _join(cache, layout.realisation_record(question), record.model_copy(update={"realisations": ()}), [made])
