"""What people call the elements of two runs, and the mixes of them."""

from collections.abc import Collection, Sequence

from envmgr.bisect.difference import Place
from envmgr.bisect.ends import ALL, INPUTS, Mix
from envmgr.model.digest import Digest

KINDS = {"environment": "variable", "settings": "setting", "files": "file", "steps": "step", "axes": "axis"}
"""What a part of a run is called of which something differs."""

LISTED = 3
"""Names that the name of a mix lists."""


def roles(place: Place) -> tuple[str, ...]:
    """The inputs that lead to an element, or that it is."""
    found: list[str] = []
    while place[:1] == (INPUTS,):
        found.append(place[1])
        place = place[2:]
    return tuple(found)


def is_input(place: Place) -> bool:
    """Whether an element is an input, and no part of one."""
    return bool(place) and len(place) == 2 * len(roles(place))


def element_name(place: Place) -> str:
    """Such as `setting threads`, `input harness > source`, `input harness: settings.definitions.LEVEL`."""
    way = roles(place)
    rest = place[2 * len(way) :]
    if way:
        return f"input {' > '.join(way)}{': ' if rest else ''}{'.'.join(rest)}"
    kind, name, *inner = rest
    if name == ALL:
        return "the steps"
    return f"{KINDS[kind]} {name}{': ' if inner else ''}{'.'.join(inner)}"


def mix_name(mix: Mix, elements: Collection[Place]) -> str:
    """Such as `good`, `bad`, `good with setting threads`, `bad without input harness`."""
    left = [place for place in elements if place not in mix]
    if not left:
        return "bad"
    if mix <= set(elements) and len(left) < len(mix):
        return f"bad without {_listed(left)}"
    return f"good with {_listed(sorted(mix))}" if mix else "good"


def _listed(places: Sequence[Place]) -> str:
    names = [element_name(place) for place in places]
    if len(names) <= LISTED:
        return ", ".join(names)
    digits = Digest.of("\n".join(names).encode()).hex[:6]
    return f"{', '.join(names[:LISTED])} and {len(names) - LISTED} more ({digits})"
