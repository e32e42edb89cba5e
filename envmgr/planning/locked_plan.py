"""A plan held against recipes.lock: what is in it, what differs and in which field, what must come out."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from envmgr.manifest import FileEntry, Manifest, sketch
from envmgr.model.derivation import FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.errors import InvalidInputError, LockMismatchError
from envmgr.model.field_change import FieldChange, field_changes, shown
from envmgr.model.lockfile import Expected, Locked, LockedSource, Lockfile, entry_key
from envmgr.model.node import Node
from envmgr.model.store_path import StorePath


class MissingLockfileError(InvalidInputError):
    """There is no lockfile at the place that was named."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"there is no lockfile {path}", fix="`envmgr lock NAME` writes one")


class NotLockedError(LockMismatchError):
    """A recipe with these axes is not in the lockfile."""

    def __init__(self, node: Node) -> None:
        self.recipe, self.axes = node.recipe, dict(node.axes)
        variant = ", ".join(f"{axis}={value}" for axis, value in sorted(node.axes.items())) or "no axes"
        message = f"{node.recipe} ({variant}, {node.derivation.system}) is not in the lockfile"
        command = f"envmgr lock {node.recipe} --system {node.derivation.system}"
        super().__init__(message, fix=f"`{command}` with the same --set adds it")


class OutOfDateError(LockMismatchError):
    """The lockfile has this recipe otherwise; `differences` says field by field how."""

    def __init__(self, recipe: str, system: str, differences: Sequence[FieldChange]) -> None:
        self.recipe, self.system, self.differences = recipe, system, list(differences)
        pairs = [(change.field, *shown(change.before, change.after)) for change in differences]
        rows = "".join(f"\n    {field}: locked {locked}, now {now}" for field, locked, now in pairs)
        super().__init__(
            f"{recipe} is not what the lockfile pins for {system}:{rows}", fix="`envmgr lock` if this is meant"
        )


def read(path: Path) -> Lockfile:
    """The lockfile at this path.

    Raises:
        MissingLockfileError: there is none.
        LockfileError: it cannot be read.
    """
    if not path.is_file():
        raise MissingLockfileError(path)
    return Lockfile.parse(path.read_text())


def hold(node: Node, lockfile: Lockfile) -> dict[Digest, Expected]:
    """Hold every recipe of a plan against the lockfile; what the outputs must be, by derivation digest.

    Raises:
        NotLockedError: a recipe is not in the lockfile.
        OutOfDateError: a recipe is in it otherwise. Inputs come first, so the root of a change is named.
    """
    expected: dict[Digest, Expected] = {}
    entries = lockfile.entries()
    for item in node.walk():
        if item.recipe:
            entry = entries.get(entry_key(item.recipe, item.derivation.system, item.axes))
            if entry is None:
                raise NotLockedError(item)
            if entry.derivation != item.digest:
                raise OutOfDateError(item.recipe, entry.system, _differences(entry, describe(item)))
            if entry.store_path is not None and entry.manifest is not None:
                expected[item.digest] = Expected(entry.store_path, entry.manifest, entry.contents)
            for role, source in entry.sources.items():
                if source.sha256 and source.size:
                    expected[item.inputs[role].digest] = _expected_file(item.inputs[role], source)
    return expected


def unproven(nodes: Iterable[Node], lockfile: Lockfile) -> list[str]:
    """The recipes of some plans that the lockfile has without an output, by name: whatever comes out is accepted."""
    without = {entry.derivation for entry in lockfile.entry if entry.is_unproven}
    return sorted({item.recipe for node in nodes for item in node.walk() if item.digest in without})


def _expected_file(node: Node, locked: LockedSource) -> Expected:
    """The object that a file of this hash and size is: it binds a source, too, that only an MD5 was published of."""
    manifest = Manifest((FileEntry(locked.name, locked.size, executable=False, sha256=locked.sha256),))
    name, version = node.derivation.name, node.derivation.version
    path = StorePath.of(kind=node.derivation.kind, manifest=manifest.digest, name=name, version=version)
    return Expected(path, manifest.digest, sketch(manifest))


def describe(node: Node) -> Locked:
    """The lockfile entry of a recipe, before its output is known."""
    derivation = node.derivation
    return Locked(
        recipe=node.recipe,
        version=derivation.version,
        system=derivation.system,
        axes=dict(sorted(node.axes.items())),
        derivation=node.digest,
        builder=derivation.builder,
        revision=derivation.revision,
        settings=json.loads(json.dumps(dict(derivation.settings))),
        environment=dict(derivation.environment),
        sources={role: _source(item) for role, item in node.inputs.items() if not item.recipe},
        inputs={role: item.digest for role, item in node.inputs.items() if item.recipe},
    )


def _source(node: Node) -> LockedSource:
    output, source = node.derivation.output, node.source
    known = output.known if isinstance(output, FixedOutput) else {}
    return LockedSource(
        kind=source.kind if source else "",
        name=output.file if isinstance(output, FixedOutput) and output.file else node.derivation.name,
        derivation=node.digest,
        sha256=str(known.get("sha256", "")),
        md5=str(known.get("md5", "")),
        manifest=str(known.get("manifest", "")),
        size=int(getattr(source, "size", 0) or 0),
    )


def _differences(locked: Locked, now: Locked) -> list[FieldChange]:
    """The fields that differ: what is locked before what is now."""
    compared = {"version", "builder", "revision", "settings", "environment", "sources", "inputs"}
    before, after = (item.model_dump(mode="json", include=compared) for item in (locked, now))
    return list(field_changes(before, after))
