"""Stores of others that lie below the user's own: read, never written, and asked in their order.

What one of them has is used in place. The object becomes a link in the user's own store, with all that is known of it
there, so that roots, garbage collection, `why-depends` and a rebuilt index know it like any other. Nobody reads its
bytes for that: a store below is trusted as its files are, and `verify` reads them.

A store that cannot be used is said once, and left alone. One whose index cannot be used is read by its files, which
takes longer.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.store.adopt import Foreign
from envmgr.store.connection import DamagedIndexError
from envmgr.store.links import lenders, lent_from
from envmgr.store.offer import offer, ordered_closure
from envmgr.store.rebuild import open_without_index
from envmgr.store.schema import OlderStoreError
from envmgr.store.store import Store


class Below:
    """The stores below one store, for all threads of a command; they are opened with the first question."""

    def __init__(self, roots: Sequence[Path], store: Store, say: Callable[[str], None]) -> None:
        """Take the stores below, the store that borrows, and who is told what people should know."""
        self._store = store
        self._say = say
        real = [Path(os.path.realpath(root)) for root in roots]
        self._roots = [root for root in dict.fromkeys(real) if root != store.root]
        self._opened: list[Store] | None = None
        self._closing = ExitStack()
        self._found: dict[StorePath, list[_Loan]] = {}
        self._said: set[str] = set()
        self._mutex = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def answer(self, derivation: Digest, wanted: StorePath | None) -> Realisation | None:
        """What a derivation came to in the first of them that knows it; to be linked before it is used.

        Args:
            derivation: which one.
            wanted: the object that it must have come to, if that is known.
        """
        made = self._first(lambda lender: lender.realisations_of(derivation), wanted)
        if made is None:
            self._tell_what_is_lost(derivation)
        return made

    def resolved_answer(self, resolved: Digest) -> Realisation | None:
        """What a resolved derivation came to in the first of them that knows it; linked.

        Raises:
            DiskFullError, NotWrittenError, ReadOnlyStoreError: the own store can't be written.
        """
        made = self._first(lambda lender: [found] if (found := lender.realisation(resolved)) else [], None)
        if made is not None:
            self.link([made])
        return made

    def link(self, made: Iterable[Realisation]) -> None:
        """Make those of these that were found here valid in the own store, with all that they refer to.

        Raises:
            DiskFullError, NotWrittenError, ReadOnlyStoreError: the own store can't be written.
        """
        with self._mutex:
            for path in {item.store_path for item in made}:
                for loan in self._found.pop(path, []):
                    self._store.link(loan.foreign, loan.lender)

    def _tell_what_is_lost(self, derivation: Digest) -> None:
        """Say which object that a derivation came to here, or refers to, was lent and is gone."""
        layout, database = self._store.layout, self._store.database
        if lenders(layout):
            known = {made.store_path for made in database.realisations_of_derivation(derivation)}
            for path in database.closure(known):
                if not layout.object(path).is_dir() and (place := lent_from(layout, path)):
                    self._tell(f"{path} was linked to {place}, and is not there any more")

    def _first(self, ask: Callable[[Store], list[Realisation]], wanted: StorePath | None) -> Realisation | None:
        with self._mutex:
            for lender in [*self._lenders()]:
                try:
                    for made in ask(lender):
                        if made.store_path == wanted or (wanted is None and made.is_vouched_for):
                            self._found[made.store_path] = _loans(lender, made.store_path)
                            return made
                except (EnvmgrError, OSError) as error:
                    self._leave(lender.root, error)
                    self._lenders().remove(lender)
            return None

    def _lenders(self) -> list[Store]:
        if self._opened is None:
            opened = [self._open(root) for root in self._roots]
            self._opened = [store for store in opened if store is not None]
        return self._opened

    def _open(self, root: Path) -> Store | None:
        try:
            store = self._open_in_some_way(root)
        except (EnvmgrError, OSError) as error:
            self._leave(root, error)
            return None
        self._closing.callback(store.close)
        return store

    def _open_in_some_way(self, root: Path) -> Store:
        try:
            return Store.open(root, read_only=True)
        except (DamagedIndexError, OlderStoreError) as error:
            self._tell(f"store {root}: {error.message}; its files are read instead, which takes longer")
            scratch = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="envmgr-index-"))
            return open_without_index(root, Path(scratch))

    def _leave(self, root: Path, error: EnvmgrError | OSError) -> None:
        reason = error.message if isinstance(error, EnvmgrError) else error.strerror
        self._tell(f"store {root} is left alone: {reason}")

    def _tell(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(what)


@dataclass(frozen=True)
class _Loan:
    """An object of a store below, and that store's `objects/`."""

    foreign: Foreign
    lender: Path


def _loans(lender: Store, path: StorePath) -> list[_Loan]:
    """An object with all that it refers to, references first, each held against its store path by its manifest."""
    loans = [_Loan(offer(lender, described), lender.layout.objects) for described in ordered_closure(lender, [path])]
    for loan in loans:
        loan.foreign.check()
    return loans
