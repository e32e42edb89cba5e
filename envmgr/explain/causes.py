"""Where two derivations part: down the inputs that differ, to what differs by itself."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from envmgr.explain.derivation_text import DerivationText
from envmgr.explain.text_diff import TextDiff, text_diff
from envmgr.explain.tree_diff import EntryDiff
from envmgr.model.digest import Digest
from envmgr.model.field_change import FieldChange, field_changes

Texts = Callable[[Digest], DerivationText | None]
"""Finds the text of a derivation; None where it is gone."""


@dataclass(frozen=True)
class Cause:
    """A derivation on the way down that differs by itself, not only by its inputs."""

    way: tuple[str, ...]
    """The roles of the inputs that lead to it; none for the recipe itself."""
    label: str
    before: Digest
    after: Digest
    fields: tuple[FieldChange, ...]
    """Those that differ; none where a text is gone."""
    text: TextDiff | None
    """The one text against the other; None where one is gone."""
    files: tuple[EntryDiff, ...]
    """Of a folder or file of the checkout: what was edited, as far as it is still there."""


@dataclass(frozen=True)
class Follower:
    """A derivation on the way down of which nothing differs but its inputs."""

    way: tuple[str, ...]
    label: str
    before: Digest
    after: Digest
    inputs: tuple[str, ...]
    """The roles of those that do."""

    def __str__(self) -> str:
        return f"{'/'.join(self.way) or 'the recipe itself'} ({self.label}): only its inputs {', '.join(self.inputs)}"


def causes(
    before: Digest,
    after: Digest,
    texts: tuple[Texts, Texts],
    *,
    names: tuple[str, str],
    way: tuple[str, ...] = (),
    edited: Callable[[Digest, Digest], Iterable[EntryDiff]],
) -> Iterator[Cause | Follower]:
    """Every pair of derivations that differ on the way down, once, by its shortest way, the nearest first.

    Args:
        before: the one derivation.
        after: the other.
        texts: where the texts of the one and the other are found.
        names: what the two are called.
        way: the roles that led here.
        edited: what differs in the files of two sources.

    Raises:
        DamagedDerivationError: a text is damaged.
    """
    waiting = deque([(before, after, way)])
    seen: set[tuple[Digest, Digest]] = set()
    while waiting:
        pair = waiting.popleft()
        one, other, here = pair
        if one == other or (one, other) in seen:
            continue
        seen.add((one, other))
        old, new = texts[0](one), texts[1](other)
        if old is None or new is None:
            label = next((text.label for text in (new, old) if text), "its text is gone")
            yield Cause(here, label, one, other, (), None, tuple(edited(one, other)))
            continue
        differing = _differing(old, new)
        if fields := tuple(_own_changes(old, new)):
            text = text_diff(old.lines, new.lines, names=names)
            yield Cause(here, new.label, one, other, fields, text, tuple(edited(one, other)))
        else:
            yield Follower(here, new.label, one, other, tuple(differing))
        waiting.extend((*inputs, (*here, role)) for role, inputs in differing.items())


def _differing(old: DerivationText, new: DerivationText) -> dict[str, tuple[Digest, Digest]]:
    """The inputs that both have and that differ, by role; none of another recipe that stands in its place."""
    if old.name != new.name:
        return {}
    pairs = {role: (old.inputs[role], new.inputs[role]) for role in old.inputs if role in new.inputs}
    return {role: pair for role, pair in pairs.items() if pair[0] != pair[1]}


def _own_changes(old: DerivationText, new: DerivationText) -> Iterator[FieldChange]:
    """The fields that differ, but for the inputs that both have; of another recipe in its place, only what it is."""
    if old.name != new.name:
        return field_changes({"recipe": old.label}, {"recipe": new.label})
    return field_changes(_without(old, new.inputs), _without(new, old.inputs))


def _without(text: DerivationText, roles: Collection[str]) -> dict[str, object]:
    inputs = {role: digest for role, digest in text.fields.get("inputs", {}).items() if role not in roles}
    return {**text.fields, "inputs": inputs}
