"""A record as flat fields: dotted names and plain values, for expressions, tables, and tools that know nothing else.

What is no single value has no field: the steps, the closure and the host's own files stay in the record.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envmgr.model.run_record import Recorded

Value = bool | int | float | str
Fields = Mapping[str, Value]

MEASURED = "metrics."
"""How the names of the fields begin that say what came of a run."""

_NO_FIELDS = {"schema_", "steps", "closure", "bare_host"}


def fields(record: "Recorded") -> dict[str, Value]:
    """The fields of a record: `recipe`, `axes.scenario`, `settings.batch`, `host.cpu.model`, `metrics.mAP`...

    `inputs.ROLE` is the store path of an input; `headline.metric`, `headline.value` and `headline.better` are the
    number that the run is compared by; `imported` says whether it was made elsewhere, `not_submittable` why MLPerf
    would not take it (empty where nothing is against it, and for a run that follows no round).
    """
    from envmgr.model.run_record import ImportedRecord
    from envmgr.results.headline import headline
    from envmgr.results.submission.rules import reasons

    document = record.model_dump(mode="json", by_alias=True, exclude=_NO_FIELDS)
    inputs = {role: item["store_path"] for role, item in document.get("inputs", {}).items()}
    number = headline(record)
    shown = {"metric": number.metric, "value": number.value, "better": number.better} if number else {}
    more = {"inputs": inputs, "headline": shown, "imported": isinstance(record, ImportedRecord)}
    more |= {"not_submittable": reasons(record)}
    return dict(_flat({**document, **more}, ""))


def below(fields: Fields, prefix: str) -> dict[str, Value]:
    """The fields whose names begin so, without that beginning: `axes.`, `settings.`, `metrics.`..."""
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _flat(value: object, name: str) -> Iterator[tuple[str, Value]]:
    """The single values in a value: tables by key, lists of texts as one text; null is nothing."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, " ".join(map(str, value))
    elif isinstance(value, bool | int | float | str):
        yield name, value
