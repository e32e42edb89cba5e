"""An object of the store as it goes to a cache: what is said of it, and in which files."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.record import Record, SignedRealisation
from envmgr.store.offer import derivation_texts, ordered_closure
from envmgr.store.store import Store


@dataclass(frozen=True)
class Parcel:
    """One object on its way to a cache."""

    described: StoreObject
    realisations: tuple[SignedRealisation, ...]
    """What gave it, as far as that is to be told."""
    is_doubtful: bool
    """Whether nobody saw it being built in a sandbox."""
    is_new: bool = True
    """Whether its content must be written; else only its records are."""
    packed: int = 0
    """Bytes of its content, once it is packed."""

    @property
    def path(self) -> StorePath:
        """Its store path."""
        return self.described.store_path

    @property
    def record(self) -> Record:
        """What is said of it, but for what gave it."""
        return Record(**self.described.model_dump(), packed=self.packed)

    def answers(self) -> Iterator[tuple[str, SignedRealisation]]:
        """The files by which it is found as an answer, each with the realisation that is the answer."""
        for made in self.realisations:
            for digest in {made.digest, made.resolved}:
                yield layout.realisation_record(digest), made

    def records(self) -> list[str]:
        """The files that are there when it is."""
        return [layout.object_record(self.path), *(name for name, _ in self.answers())]


def parcels(store: Store, paths: Iterable[StorePath], *, unsandboxed: bool) -> list[Parcel]:
    """Some objects with all that they refer to, references before their referrers.

    Args:
        store: where they are.
        paths: the objects.
        unsandboxed: whether builds outside a sandbox are told of as well.

    Raises:
        NotValidError: one of them is gone.
        DamagedObjectError: the text of a derivation is lost.
    """
    return [_parcel(store, described, unsandboxed=unsandboxed) for described in ordered_closure(store, paths)]


def _parcel(store: Store, described: StoreObject, *, unsandboxed: bool) -> Parcel:
    path = described.store_path
    is_fixed = path.kind(described.manifest) == "fixed"
    told = [
        made
        for made in store.database.realisations_of(path)
        if made.isolation != "unknown" and (unsandboxed or is_fixed or made.isolation != "unsandboxed")
    ]
    texts = derivation_texts(store, path, told)
    signed = (
        SignedRealisation(
            resolved=made.resolved,
            derivation=json.loads(texts[made.derivation]),
            isolation=made.isolation,
            bare_host=made.bare_host,
        )
        for made in told
    )
    return Parcel(described, tuple(signed), is_doubtful=not (told or is_fixed))
