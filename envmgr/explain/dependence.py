"""Why one object depends on another: every reference on the ways between them, and the files that hold it.

An object that was built with another need not refer to it; that is another question, which `built_with` answers from
the derivations' texts.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.explain.derivation_text import derivation_text
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.store.references import mentions
from envmgr.store.store import Store


@dataclass(frozen=True)
class Mention:
    """Where a reference was found: a file or symlink of the referrer."""

    path: str
    target: str
    """What the symlink says; empty for a file."""

    def __str__(self) -> str:
        return f"{self.path} -> {self.target}" if self.target else self.path


@dataclass(frozen=True)
class Edge:
    """One reference, and every place where it was found."""

    referrer: StorePath
    reference: StorePath
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Use:
    """One step of the way by which something was built with something else: a derivation, and its input's role."""

    derivation: Digest
    label: str
    role: str
    """Of the input that leads on."""


def edges_between(store: Store, starts: Collection[StorePath], ends: Collection[StorePath]) -> list[Edge]:
    """Every reference on a way from some objects to some others, in the order of the distance from the first.

    Raises:
        NotValidError: one of the starts is not valid.
        UnfitTreeError: an object on the way cannot be read.
    """
    references = {path: _references(store, path) for path in store.closure(starts)}
    leading = _leading(references, ends)
    return [edge for referrer in _outward(references, starts, leading) for edge in _edges(store, referrer, leading)]


def _references(store: Store, path: StorePath) -> tuple[StorePath, ...]:
    described = store.object(path)
    return described.references if described else ()


def _leading(references: Mapping[StorePath, Collection[StorePath]], ends: Collection[StorePath]) -> set[StorePath]:
    """What reaches one of `ends`, these included."""
    referrers = defaultdict(list)
    for referrer, named in references.items():
        for reference in named:
            referrers[reference].append(referrer)
    return set(_reached(ends, referrers))


def _outward(
    references: Mapping[StorePath, Collection[StorePath]], starts: Collection[StorePath], leading: Collection[StorePath]
) -> Iterator[StorePath]:
    within = {path: [item for item in references[path] if item in leading] for path in leading if path in references}
    return _reached(sorted(path for path in starts if path in leading), within)


def _reached(starts: Collection[StorePath], ways: Mapping[StorePath, Collection[StorePath]]) -> Iterator[StorePath]:
    """Everything that can be reached, each once, the nearest first."""
    seen, waiting = set(starts), deque(starts)
    while waiting:
        path = waiting.popleft()
        yield path
        for further in ways.get(path, ()):
            if further not in seen:
                seen.add(further)
                waiting.append(further)


def _edges(store: Store, referrer: StorePath, leading: Collection[StorePath]) -> Iterator[Edge]:
    wanted = [path for path in _references(store, referrer) if path in leading]
    folder = store.folder(referrer)
    for reference, places in mentions(folder, wanted).items():
        yield Edge(referrer, reference, tuple(_mention(folder, place) for place in places))


def _mention(folder: Path, place: str) -> Mention:
    file = folder / place
    return Mention(place, str(file.readlink()) if file.is_symlink() else "")


def built_with(store: Store, starts: Collection[StorePath], ends: Collection[StorePath]) -> list[Use]:
    """The shortest way by inputs of derivations from some objects to one of some others; none where there is no way.

    It goes as far as the store has the texts of the derivations: those of objects that were collected are gone.
    """
    waiting: deque[tuple[Digest, tuple[Use, ...]]] = deque(
        (item.derivation, ()) for path in starts for item in store.database.realisations_of(path)
    )
    seen: set[Digest] = set()
    while waiting:
        digest, way = waiting.popleft()
        if digest in seen or (text := derivation_text(store, digest)) is None:
            continue
        seen.add(digest)
        for role, below in text.inputs.items():
            further = (*way, Use(digest, text.label, role))
            if any(item.store_path in ends for item in store.database.realisations_of_derivation(below)):
                return list(further)
            waiting.append((below, further))
    return []
