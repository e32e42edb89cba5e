"""What objects were made from, as far as a store knows: each object with the derivation that gave it, and its inputs.

A derivation names its inputs by what was asked for, and what one of these came to may differ from time to time. Which
objects a build did get is told by the resolved digest: it is the digest of the text with just these store paths in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from envmgr.explain.derivation_text import DerivationText
from envmgr.model.canonical import canonical_text
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import NotValidError
from envmgr.store.record import Written, read_lines
from envmgr.store.store import Store

_MOST_WAYS = 1000
"""Combinations of outputs that are tried, where inputs came out in several ways."""


@dataclass(frozen=True)
class Origin:
    """What gave an object: a derivation, and what that came to."""

    realisation: Realisation
    text: DerivationText
    finished: int
    """When that was, in nanoseconds since 1970."""

    @property
    def is_source(self) -> bool:
        """Whether nobody built it: it was fetched, or taken from a checkout, and is known by its hash."""
        return bool(self.text.fields["output"]["kind"] == "fixed")


@dataclass(frozen=True)
class Made:
    """An object, and what it was made from."""

    described: StoreObject
    origin: Origin | None
    """None where this store has the object, and does not know what gave it."""
    inputs: Mapping[str, StorePath] = field(default_factory=dict)
    """The objects that the build got, by role."""
    lost: tuple[str, ...] = ()
    """Roles of inputs of which this store cannot say what they came to."""

    @property
    def store_path(self) -> StorePath:
        """Of the object."""
        return self.described.store_path

    @property
    def is_source(self) -> bool:
        """Whether it is known that nobody built it."""
        return self.origin is not None and self.origin.is_source


Ancestry = Mapping[StorePath, Made]
"""Objects by store path, sorted."""


def ancestry(store: Store, starts: Mapping[StorePath, Digest | None]) -> Ancestry:
    """Some objects, what they refer to, and what all of these were made from, as far as it is in the store.

    Args:
        store: where they are.
        starts: the objects, each with the derivation that it shall be explained by, if that matters.

    Raises:
        NotValidError: one of them is not valid.
    """
    found: dict[StorePath, Made] = {}
    asked = list(starts.items())
    referred: list[StorePath] = []
    while asked or referred:
        path, derivation = asked.pop() if asked else (referred.pop(), None)
        if path in found:
            continue
        found[path] = made = made_of(store, path, derivation)
        if made.origin is not None:
            asked += [(item, made.origin.text.inputs[role]) for role, item in made.inputs.items()]
        referred += made.described.references
    return dict(sorted(found.items()))


def made_of(store: Store, path: StorePath, derivation: Digest | None = None) -> Made:
    """One object, by the derivation that gave it; by any, if none is named, or that one is not known here.

    Raises:
        NotValidError: it is not valid.
    """
    described = store.object(path)
    if described is None:
        raise NotValidError(store.layout.index, [path])
    written = _written(read_lines(store.layout.record(path)).written, derivation)
    if written is None:
        return Made(described, None)
    origin = Origin(written.realisation, DerivationText.parse(written.derivation.encode()), written.when)
    inputs = _inputs(store, origin.text, written.realisation.resolved)
    return Made(described, origin, inputs, tuple(sorted(origin.text.inputs.keys() - inputs.keys())))


def _written(known: Iterable[Written], derivation: Digest | None) -> Written | None:
    whole = sorted((item for item in known if item.text), key=lambda item: item.question)
    asked = [item for item in whole if item.realisation.derivation == derivation]
    return next(iter(asked or whole), None)


def _inputs(store: Store, text: DerivationText, resolved: Digest) -> dict[str, StorePath]:
    """The objects that a build got; where one of them is not known here, those that can be no others."""
    known = {role: _outputs(store, digest) for role, digest in text.inputs.items()}
    for ways in islice(product(*known.values()), _MOST_WAYS):
        chosen = dict(zip(known, ways, strict=True))
        names = {role: str(path) for role, path in chosen.items()}
        if Digest.of(canonical_text({**text.fields, "inputs": dict(names)})) == resolved:
            return chosen
    return {role: paths[0] for role, paths in known.items() if len(paths) == 1}


def _outputs(store: Store, derivation: Digest) -> list[StorePath]:
    made = store.database.realisations_of_derivation(derivation)
    return sorted({item.store_path for item in made if store.object(item.store_path) is not None})
