"""A record as flat fields: dotted names and plain values, for expressions, tables, and tools that know nothing else.

What is no single value has no field: the steps, the closure and the host's own files stay in the record.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envmgr.model.run_record import Recorded

Value = bool | int | float | str
Fields = Mapping[str, Value]

IMPORTED_SCHEMA = "envmgr.imported-run/1"
MEASURED = "metrics."
"""How the names of fields begin that say what came of the run; all others say what was run, and on what."""

_NO_FIELDS = frozenset({"schema", "steps", "closure", "bare_host"})


def fields(record: "Recorded") -> dict[str, Value]:
    """The fields of a record: `recipe`, `axes.scenario`, `settings.batch`, `host.cpu.model`, `metrics.mAP`..."""
    return document_fields(record.model_dump(mode="json", by_alias=True))


def document_fields(document: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a record as JSON has it."""
    found = {name: value for name, value in document.items() if name not in _NO_FIELDS}
    inputs = {role: item["store_path"] for role, item in document.get("inputs", {}).items()}
    imported = document["schema"] == IMPORTED_SCHEMA
    return dict(_flat({**found, "inputs": inputs, "imported": imported}, ""))


def _flat(value: object, name: str) -> Iterator[tuple[str, Value]]:
    """The single values in a value: tables by key, lists of texts as one text; null is nothing."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, " ".join(map(str, value))
    elif isinstance(value, bool | int | float | str):
        yield name, value
