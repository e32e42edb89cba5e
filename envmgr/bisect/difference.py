"""The elements in which two documents of texts, numbers, lists and tables differ, and documents mixed from two."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Place = tuple[str, ...]
"""Where an element stands: the keys that lead to it."""
Document = Mapping[str, Any]


class Missing:
    """What stands where one of two documents has nothing."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = Missing()


@dataclass(frozen=True)
class Element:
    """One thing in which two documents differ: the smallest that can be swapped alone."""

    place: Place
    before: Any
    after: Any


def differences(before: Document, after: Document, place: Place = ()) -> Iterator[Element]:
    """The elements in which two documents differ: tables go down key by key, all else is swapped as a whole."""
    for key in [*before, *(key for key in after if key not in before)]:
        old, new, here = before.get(key, MISSING), after.get(key, MISSING), (*place, key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, here)
        elif old != new or isinstance(old, bool) is not isinstance(new, bool):
            yield Element(here, old, new)


def mixed(before: Document, after: Document, taken: Collection[Place], place: Place = ()) -> dict[str, Any]:
    """The document of before, with the elements of after that are taken."""
    result: dict[str, Any] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        old, new, here = before.get(key, MISSING), after.get(key, MISSING), (*place, key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            result[key] = mixed(old, new, taken, here)
        elif (value := new if here in taken else old) is not MISSING:
            result[key] = value
    return result
