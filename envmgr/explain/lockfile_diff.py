"""How two lockfiles differ: entry by entry, what was changed apart from what merely follows from changed inputs."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from envmgr.model.field_change import FieldChange, field_changes, shown
from envmgr.model.lockfile import Locked, Lockfile, Root
from envmgr.model.store_path import StorePath

_OWN = {"version", "builder", "revision", "settings", "environment", "sources", "inputs"}
"""What somebody wrote; the rest is the entry's key, and what comes out of it."""


@dataclass(frozen=True)
class LockedChange:
    """One entry that differs between two lockfiles."""

    recipe: str
    system: str
    axes: dict[str, str]
    kind: Literal["added", "removed", "changed", "follows"]
    """`follows`: nothing of its own differs, only inputs that are entries themselves."""
    fields: tuple[FieldChange, ...]
    """What was changed: version, builder, settings, sources, which inputs there are."""
    inputs: tuple[str, ...]
    """The roles of the inputs whose derivations differ: their own entries say how."""
    before: StorePath | None
    """The output that was pinned."""
    after: StorePath | None
    contents: tuple[FieldChange, ...]
    """Where in the outputs the bytes differ."""

    def __str__(self) -> str:
        axes = ", ".join([self.system, *(f"{axis}={value}" for axis, value in sorted(self.axes.items()))])
        lines = [f"{self.kind} {self.recipe} ({axes})", *map(str, self.fields)]
        lines += [f"inputs that differ: {', '.join(self.inputs)}"] if self.inputs else []
        if self.before != self.after:
            lines.append(f"output: {' -> '.join(shown(*(path and str(path) for path in (self.before, self.after))))}")
        elif self.kind in ("changed", "follows"):
            lines.append("output: the same")
        return "\n  ".join([*lines, *(f"in it {change}" for change in self.contents)])


@dataclass(frozen=True)
class RootChange:
    """One root that only one of two lockfiles has: a recipe that was locked, with what was set."""

    recipe: str
    set: dict[str, str]
    kind: Literal["added", "removed"]

    def __str__(self) -> str:
        values = ", ".join(f"{axis}={value}" for axis, value in sorted(self.set.items()))
        return f"{self.kind} root {self.recipe}{f' ({values})' if values else ''}"


def lockfile_diff(before: Lockfile, after: Lockfile) -> list[LockedChange]:
    """The entries in which two lockfiles differ, sorted, those that merely follow last."""
    old, new = ({entry.key: entry for entry in lockfile.entry} for lockfile in (before, after))
    changes = [_change(old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    return sorted(changes, key=lambda change: change.kind == "follows")


def root_diff(before: Lockfile, after: Lockfile) -> list[RootChange]:
    """The roots that only one of two lockfiles has."""
    old, new = ({root.key: root for root in lockfile.root} for lockfile in (before, after))
    return [*_roots(old, new, "removed"), *_roots(new, old, "added")]


def _roots(these: dict[Any, Root], others: dict[Any, Root], kind: Literal["added", "removed"]) -> Iterator[RootChange]:
    for key in sorted(these.keys() - others.keys()):
        yield RootChange(these[key].recipe, these[key].set, kind)


def _change(before: Locked | None, after: Locked | None) -> LockedChange:
    entry = after or before
    if entry is None:
        raise ValueError("an entry of neither lockfile")
    kind: Literal["added", "removed", "changed", "follows"] = "added" if before is None else "removed"
    fields: list[FieldChange] = []
    inputs: list[str] = []
    if before is not None and after is not None:
        inputs = [role for role, digest in before.inputs.items() if after.inputs.get(role, digest) != digest]
        fields = list(field_changes(_own(before, inputs), _own(after, inputs)))
        kind = "changed" if fields else "follows"
    return LockedChange(
        recipe=entry.recipe,
        system=entry.system,
        axes=entry.axes,
        kind=kind,
        fields=tuple(fields),
        inputs=tuple(sorted(inputs)),
        before=before.store_path if before else None,
        after=after.store_path if after else None,
        contents=tuple(field_changes(before.contents, after.contents)) if before and after else (),
    )


def _own(entry: Locked, differing: Collection[str]) -> dict[str, Any]:
    """What somebody wrote, without the inputs that differ by themselves."""
    fields = entry.model_dump(mode="json", include=_OWN)
    for source in fields["sources"].values():
        del source["derivation"]  # it follows from what is known of the source
    fields["inputs"] = {role: digest for role, digest in fields["inputs"].items() if role not in differing}
    return fields
