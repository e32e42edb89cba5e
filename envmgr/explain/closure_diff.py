"""How two closures differ: objects that only one of them has, paired by what they are called."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest

from envmgr.model.store_path import StorePath


@dataclass(frozen=True)
class ObjectChange:
    """An object that differs between two closures: what stood there before and after, None for nothing."""

    name: str
    """The name that both have, without the version."""
    before: StorePath | None
    after: StorePath | None

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            return f"{self.name}: {'only after' if self.before is None else 'only before'}, {self.before or self.after}"
        return f"{self.name}: {self.before} -> {self.after}"


def closure_diff(before: Collection[StorePath], after: Collection[StorePath]) -> list[ObjectChange]:
    """The objects in which two closures differ, by name; several of one name are paired by version, then in order."""
    old, new = _by_name(set(before) - set(after)), _by_name(set(after) - set(before))
    return [change for name in sorted({*old, *new}) for change in _paired(name, old[name], new[name])]


def _by_name(paths: Collection[StorePath]) -> dict[str, list[StorePath]]:
    found: dict[str, list[StorePath]] = defaultdict(list)
    for path in sorted(paths, key=lambda path: path.label):
        found[path.name].append(path)
    return found


def _paired(name: str, before: list[StorePath], after: list[StorePath]) -> list[ObjectChange]:
    """Those of one version first, the rest in order, and what is left over alone."""
    left = list(before)
    pairs: list[tuple[StorePath | None, StorePath | None]] = []
    unpaired = []
    for path in after:
        same = next((item for item in left if item.label == path.label), None)
        if same is None:
            unpaired.append(path)
        else:
            left.remove(same)
            pairs.append((same, path))
    pairs += zip_longest(left, unpaired)
    return [ObjectChange(name, old, new) for old, new in pairs]
