"""JSON schemas of our types, with the docstrings of their fields as descriptions: what editors show beside a key."""

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: Any, *, mode: JsonSchemaMode = "validation") -> dict[str, Any]:  # noqa: ANN401  any type
    """The schema of a model, a typed dictionary or a union of such.

    Args:
        kind: the type.
        mode: `validation` for what we read, `serialization` for what we write.
    """
    return TypeAdapter(kind).json_schema(mode=mode, schema_generator=_Documented)


class _Documented(GenerateJsonSchema):
    """Pydantic could read docstrings itself, but does so at import, and every command would wait for it."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _described(super().model_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        found = super().typed_dict_schema(schema)
        return _described(found, schema["cls"]) if "cls" in schema else found

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _described(super().dataclass_schema(schema), schema["cls"])


def _described(schema: JsonSchemaValue, kind: type) -> JsonSchemaValue:
    for base in kind.__mro__:
        for name, text in _docstrings(base).items():
            if name in schema.get("properties", {}):
                schema["properties"][name].setdefault("description", text)
    return schema


def _docstrings(kind: type) -> dict[str, str]:
    """The string below each annotated name of a class, as one line."""
    try:
        source = inspect.getsource(kind) if kind.__module__.startswith("envmgr.") else "class _: pass"
    except OSError:  # made by pydantic, as `RootModel[...]` is
        return {}
    body = ast.parse(textwrap.dedent(source)).body[0].body  # type: ignore[attr-defined]
    return {
        item.target.id: " ".join(text.value.value.split())
        for item, text in pairwise(body)
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
