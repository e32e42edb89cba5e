"""A value held against a JSON schema: the part of draft 2020-12 that our schemas use, and no more.

An object with `properties` is closed unless its schema says otherwise: a field that nobody documented is a fault. A
keyword that is not known here is an error, so nothing passes because it was not looked at.
"""

# ruff: noqa: ANN401  a JSON value is any value
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
NOTES = {"$defs", "$schema", "default", "description", "discriminator", "format", "title"}
TOGETHER = {"additionalProperties", "patternProperties"}
"""What `properties` looks at."""

Schema = Mapping[str, Any]


def faults(value: Any, schema: Schema) -> list[str]:
    """What is wrong with a value, each fault with its place; nothing for a valid one."""
    return list(_faults(value, schema, schema, "$"))


def check(schema: Schema) -> None:
    """Go through a whole schema; it fails where a reference leads nowhere or a keyword is not known."""
    for part in _parts(schema):
        unknown = part.keys() - NOTES - TOGETHER - RULES.keys()
        assert not unknown, unknown
        if "$ref" in part:
            _referred(part["$ref"], schema)
        if "pattern" in part:
            re.compile(part["pattern"])


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for keyword in ("$defs", "properties", "patternProperties"):
        for below in schema.get(keyword, {}).values():
            yield from _parts(below)
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for below in schema.get(keyword, []):
            yield from _parts(below)
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(keyword), dict):
            yield from _parts(schema[keyword])


def _faults(value: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    for keyword, rule in schema.items():
        if keyword not in NOTES | TOGETHER:
            yield from RULES[keyword](value, rule, schema, root, where)
    if TOGETHER & schema.keys() and "properties" not in schema:
        yield from _properties(value, {}, schema, root, where)


def _referred(reference: str, root: Schema) -> Schema:
    target: Schema = root
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return target


def _properties(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        patterns = [below for pattern, below in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        below = rule.get(key) or (patterns[0] if patterns else schema.get("additionalProperties", False))
        if below is False:
            yield f"{where}: {key!r} is not in the schema"
        elif below is not True:
            yield from _faults(item, below, root, f"{where}.{key}")


def _items(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        yield from _faults(item, rule, root, f"{where}[{number}]")


def _names(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else {}:
        yield from _faults(key, rule, root, f"{where}, name {key!r}")


def _one_of(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    found = [list(_faults(value, below, root, where)) for below in rule]
    if all(found):
        yield from min(found, key=len)


def _reference(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    yield from _faults(value, _referred(rule, root), root, where)


def _simple(holds: Callable[[Any, Any], bool]) -> Callable[..., Iterator[str]]:
    def rule_of(value: Any, rule: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
        if not holds(value, rule):
            yield f"{where}: {value!r} is not as {rule!r} asks"

    return rule_of


RULES: Mapping[str, Callable[..., Iterator[str]]] = {
    "$ref": _reference,
    "additionalProperties": _properties,
    "anyOf": _one_of,
    "oneOf": _one_of,
    "const": _simple(lambda value, rule: value == rule),
    "enum": _simple(lambda value, rule: value in rule),
    "minimum": _simple(lambda value, rule: value >= rule),
    "exclusiveMinimum": _simple(lambda value, rule: value > rule),
    "items": _items,
    "maxLength": _simple(lambda value, rule: len(value) <= rule),
    "maxProperties": _simple(lambda value, rule: not isinstance(value, dict) or len(value) <= rule),
    "minItems": _simple(lambda value, rule: len(value) >= rule),
    "minProperties": _simple(lambda value, rule: not isinstance(value, dict) or len(value) >= rule),
    "minLength": _simple(lambda value, rule: len(value) >= rule),
    "pattern": _simple(lambda value, rule: not isinstance(value, str) or re.search(rule, value) is not None),
    "properties": _properties,
    "propertyNames": _names,
    "required": _simple(lambda value, rule: not isinstance(value, dict) or set(rule) <= value.keys()),
    "type": _simple(lambda value, rule: TYPES[rule](value)),
}
