"""The index: which objects are valid, what they refer to, and which derivations gave them.

It decides what is valid, but holds nothing that the files beside it do not say as well. The tables are described in
`schema`.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.connection import Connection, DamagedIndexError

_SHOWN = 5

_CLOSURE = """
    WITH RECURSIVE closure (id) AS (
        SELECT id FROM objects WHERE store_path IN (SELECT value FROM json_each(?))
        UNION
        SELECT reference FROM refs JOIN closure ON referrer = closure.id
    )
"""


_INSIDE = "SELECT store_path FROM objects JOIN closure USING (id) ORDER BY store_path"
_UNREFERRED = """
    WITH RECURSIVE asked (id) AS (
        SELECT id FROM objects WHERE store_path IN (SELECT value FROM json_each(?))
    ), needed (id) AS (
        SELECT reference FROM refs WHERE reference IN asked AND referrer NOT IN asked
        UNION
        SELECT reference FROM refs JOIN needed ON referrer = needed.id
    )
    SELECT store_path FROM objects WHERE id IN asked AND id NOT IN needed
"""
_MADE = """
    SELECT derivation FROM realisations JOIN objects ON id = object
    WHERE store_path IN (SELECT value FROM json_each(?))
"""
_ANSWERING = """
    SELECT DISTINCT store_path FROM json_each(?)
    JOIN realisations ON derivation = json_extract(value, '$[0]') AND resolved = json_extract(value, '$[1]')
    JOIN objects ON objects.id = object
"""
_DROP = "DELETE FROM objects WHERE store_path IN (SELECT value FROM json_each(?))"
_REALISED = "SELECT DISTINCT derivation FROM realisations WHERE derivation IN (SELECT value FROM json_each(?))"
_OUTSIDE = """
    SELECT store_path, size, (
        SELECT other.store_path FROM refs JOIN objects other ON other.id = referrer
        WHERE reference = objects.id ORDER BY referrer LIMIT 1
    ) FROM objects WHERE id NOT IN closure ORDER BY id DESC
"""


class NotValidError(IntegrityError):
    """Something relies on objects that the store does not hold."""

    def __init__(self, index: Path, missing: Collection[StorePath]) -> None:
        super().__init__(
            f"not valid in this store: {', '.join(sorted(map(str, missing)))}",
            where=str(index),
            fix="realize what gives these objects, and try again",
        )
        self.missing = frozenset(missing)


@dataclass(frozen=True)
class Statistics:
    """How many objects are valid, and the bytes of their files."""

    objects: int
    bytes: int


@dataclass(frozen=True)
class DeadObject:
    """An object that no root reaches, the bytes of its files, and another dead object that refers to it, if any."""

    store_path: StorePath
    bytes: int
    referrer: StorePath | None

    @property
    def why(self) -> str:
        """Why it is dead, for people."""
        return f"no root reaches it, nor {self.referrer}, which refers to it" if self.referrer else "no root names it"


@dataclass(frozen=True)
class Dropped:
    """What is not valid any more.

    `derivations` are those of which no realisation is left.
    """

    paths: list[StorePath]
    derivations: list[Digest]


class Database:
    """The index of one store, for all threads of this process."""

    def __init__(self, index: Path, *, read_only: bool) -> None:
        self._connection = Connection(index, read_only=read_only)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def object(self, path: StorePath) -> StoreObject | None:
        """What is known of a valid object; None where there is none."""
        with self._connection.reading() as connection:
            row = connection.execute(
                "SELECT id, manifest, size FROM objects WHERE store_path = ?", (str(path),)
            ).fetchone()
            if row is None:
                return None
            references = connection.execute(
                "SELECT store_path FROM refs JOIN objects ON id = reference WHERE referrer = ? ORDER BY store_path",
                (row[0],),
            ).fetchall()
        return StoreObject(
            store_path=path,
            manifest=Digest.parse(row[1]),
            size=row[2],
            references=tuple(StorePath(reference) for (reference,) in references),
        )

    def objects(self) -> list[StorePath]:
        """Every valid object, references before their referrers."""
        with self._connection.reading() as connection:
            return [StorePath(path) for (path,) in connection.execute("SELECT store_path FROM objects ORDER BY id")]

    def closure(self, paths: Iterable[StorePath]) -> list[StorePath]:
        """The objects that some objects reach by references, with themselves, sorted.

        Raises:
            NotValidError: one of them is not valid.
        """
        asked = set(paths)
        with self._connection.reading() as connection:
            rows = connection.execute(_CLOSURE + _INSIDE, (_as_json(asked),)).fetchall()
        closure = [StorePath(path) for (path,) in rows]
        if missing := asked.difference(closure):
            raise NotValidError(self._connection.index, missing)
        return closure

    def referrers(self, paths: Iterable[StorePath]) -> dict[StorePath, list[StorePath]]:
        """For each of some objects the objects that refer to it, sorted."""
        found: dict[StorePath, list[StorePath]] = {path: [] for path in paths}
        query = """
            SELECT named.store_path, naming.store_path FROM objects named
            JOIN refs ON refs.reference = named.id JOIN objects naming ON naming.id = refs.referrer
            WHERE named.store_path IN (SELECT value FROM json_each(?)) ORDER BY naming.store_path
        """
        with self._connection.reading() as connection:
            rows = connection.execute(query, (_as_json(found),)).fetchall()
        for reference, referrer in rows:
            found[StorePath(reference)].append(StorePath(referrer))
        return found

    def reached(self, roots: Iterable[StorePath]) -> set[StorePath]:
        """The objects that roots reach, with themselves; a root that is not valid reaches nothing."""
        with self._connection.reading() as connection:
            rows = connection.execute(_CLOSURE + _INSIDE, (_as_json(roots),)).fetchall()
        return {StorePath(path) for (path,) in rows}

    def valid_among(self, paths: Iterable[str]) -> set[str]:
        """Which of some names are those of valid objects."""
        with self._connection.reading() as connection:
            return {str(path) for path in _valid_among(connection, paths)}

    def realisation(self, resolved: Digest) -> Realisation | None:
        """The realisation of a resolved derivation; None where none gave a valid object."""
        found = self._realisations("resolved = ?", str(resolved))
        return found[0] if found else None

    def realisations_of_derivation(self, *derivations: Digest) -> list[Realisation]:
        """What derivations came to, each time that its inputs were other objects."""
        listed = json.dumps([str(derivation) for derivation in derivations])
        return self._realisations("derivation IN (SELECT value FROM json_each(?))", listed)

    def realisations_of(self, path: StorePath) -> list[Realisation]:
        """Every realisation that gave an object."""
        return self._realisations("store_path = ?", str(path))

    def answering(self, realisations: Iterable[Realisation]) -> set[StorePath]:
        """The objects that are now what came of the derivations of some realisations, resolved alike."""
        asked = json.dumps([(str(made.derivation), str(made.resolved)) for made in realisations])
        with self._connection.reading() as connection:
            return {StorePath(path) for (path,) in connection.execute(_ANSWERING, (asked,))}

    def realisations_of_name(self, name: str) -> list[Realisation]:
        """Every realisation that gave an object of this name, of any version."""
        found = self._realisations("instr(store_path, ?) = 33", f"-{name}-")
        return [item for item in found if item.store_path.name == name]

    def realised(self, beginnings: Iterable[str]) -> list[tuple[Digest, Digest]]:
        """Each derivation that was realised and whose digest begins so, in hex; with each of its resolved digests."""
        query = """
            SELECT derivation, resolved FROM json_each(?)
            JOIN realisations ON derivation >= 'sha256:' || value AND derivation < 'sha256:' || value || 'g'
        """
        with self._connection.reading() as connection:
            rows = connection.execute(query, (json.dumps([*beginnings]),)).fetchall()
        return [(Digest.parse(derivation), Digest.parse(resolved)) for derivation, resolved in rows]

    def statistics(self) -> Statistics:
        """How much is in the store."""
        with self._connection.reading() as connection:
            return Statistics(*connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM objects").fetchone())

    def dead(self, roots: Iterable[StorePath]) -> list[DeadObject]:
        """The objects that no root reaches, referrers before their references.

        A root that is not valid reaches nothing.
        """
        with self._connection.reading() as connection:
            rows = connection.execute(_CLOSURE + _OUTSIDE, (_as_json(roots),)).fetchall()
        return [DeadObject(StorePath(path), size, StorePath(by) if by else None) for path, size, by in rows]

    def record(self, objects: Iterable[StoreObject], realisations: Iterable[Realisation]) -> None:
        """Make objects valid, references before their referrers, and bind derivations to them: all or nothing.

        What is there already stays as it is; of two realisations of one derivation the last one counts.

        Raises:
            NotValidError: an object that is referred to is not valid.
        """
        with self._connection.writing() as connection:
            for described in objects:
                if missing := set(described.references) - _valid_among(connection, described.references):
                    raise NotValidError(self._connection.index, missing)
                _insert_object(connection, described)
            connection.executemany(
                """
                INSERT OR REPLACE INTO realisations (resolved, derivation, object, isolation, bare_host, origin)
                VALUES (?, ?, (SELECT id FROM objects WHERE store_path = ?), ?, ?, ?)
                """,
                [_row(realisation) for realisation in realisations],
            )

    def drop(self, paths: Collection[StorePath]) -> Dropped:
        """Make objects invalid, and forget the realisations that gave them.

        What an object that is not among them refers to stays, with all that it refers to.
        """
        asked = {str(path): path for path in paths}
        with self._connection.writing() as connection:
            gone = [path for (path,) in connection.execute(_UNREFERRED, (_as_json(asked),))]
            derivations = {derivation for (derivation,) in connection.execute(_MADE, (_as_json(gone),))}
            connection.execute(_DROP, (_as_json(gone),))
            left = {derivation for (derivation,) in connection.execute(_REALISED, (json.dumps([*derivations]),))}
        return Dropped([asked[path] for path in gone], [Digest.parse(derivation) for derivation in derivations - left])

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the index; nothing, if all is well."""
        with self._connection.reading() as connection:
            found = [text for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok"]
            return found + [f"dangling row in {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]

    def require_whole(self) -> None:
        """Go on only if SQLite finds nothing wrong with the index.

        Raises:
            DamagedIndexError: it does.
        """
        if found := self.faults():
            raise DamagedIndexError(self._connection.index, "; ".join(found[:_SHOWN]))

    def _realisations(self, condition: str, value: str) -> list[Realisation]:
        query = f"""
            SELECT resolved, derivation, store_path, manifest, isolation, bare_host, origin
            FROM realisations JOIN objects ON id = object WHERE {condition} ORDER BY resolved
        """  # noqa: S608  every condition stands in this file
        with self._connection.reading() as connection:
            rows = connection.execute(query, (value,)).fetchall()
        return [
            Realisation(
                resolved=Digest.parse(resolved),
                derivation=Digest.parse(derivation),
                store_path=StorePath(path),
                manifest=Digest.parse(manifest),
                isolation=isolation,
                bare_host=json.loads(bare_host),
                origin=origin,
            )
            for resolved, derivation, path, manifest, isolation, bare_host, origin in rows
        ]


def _insert_object(connection: sqlite3.Connection, described: StoreObject) -> None:
    path = str(described.store_path)
    connection.execute(
        "INSERT OR IGNORE INTO objects (store_path, manifest, size) VALUES (?, ?, ?)",
        (path, str(described.manifest), described.size),
    )
    connection.execute(
        """
        INSERT OR IGNORE INTO refs SELECT referrer.id, reference.id FROM objects referrer, objects reference
        WHERE referrer.store_path = ? AND reference.store_path IN (SELECT value FROM json_each(?))
        """,
        (path, _as_json(described.references)),
    )


def _row(realisation: Realisation) -> tuple[str, ...]:
    return (
        str(realisation.resolved),
        str(realisation.derivation),
        str(realisation.store_path),
        realisation.isolation,
        json.dumps(realisation.bare_host, sort_keys=True),
        realisation.origin,
    )


def _valid_among(connection: sqlite3.Connection, paths: Iterable[StorePath | str]) -> set[StorePath]:
    query = "SELECT store_path FROM objects WHERE store_path IN (SELECT value FROM json_each(?))"
    return {StorePath(path) for (path,) in connection.execute(query, (_as_json(paths),))}


def _as_json(paths: Iterable[StorePath | str]) -> str:
    return json.dumps([str(path) for path in paths])
