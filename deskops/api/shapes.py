"""The shapes of what is sent and answered: JSON Schema 2020-12, each named object declared once.

A schema carries its example where it is declared; the example of an object is made of those of its properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deskops.schema.kinds import CLOCK

# A JSON Schema, in which a Shape may stand wherever a schema may.
JsonSchema = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Shape:
    """An object with these keys, all of them there but the `optional` ones, and no others."""

    name: str
    properties: Mapping[str, JsonSchema | Shape]
    description: str = ""
    optional: tuple[str, ...] = ()
    rules: JsonSchema | None = None

    def schema(self) -> dict[str, Any]:
        """The object as a schema; `rules` are what holds between its keys."""
        described = {"description": self.description} if self.description else {}
        return {
            "type": "object",
            **described,
            "properties": dict(self.properties),
            "required": [name for name in self.properties if name not in self.optional],
            "additionalProperties": False,
            **(self.rules or {}),
        }


AnySchema = JsonSchema | Shape

FLAG: JsonSchema = {"type": "boolean", "examples": [True]}
TEXT: JsonSchema = {"type": "string", "examples": ["text"]}
# Without control characters but the tab and the line break.
LINE: JsonSchema = {**TEXT, "pattern": "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]*$"}
ID: JsonSchema = {"type": "string", "examples": ["019d6c2e-7b3a-7c41-9f0e-2a6b1d94c3f7"]}
UUID_TEXT: JsonSchema = {"type": "string", "format": "uuid", "examples": ID["examples"]}
CODE: JsonSchema = {"type": "string", "examples": ["ALASLA-29"]}
DAY: JsonSchema = {"type": "string", "format": "date", "examples": ["2026-01-15"]}
CLOCK_TIME: JsonSchema = {"type": "string", "pattern": CLOCK, "examples": ["09:30"]}
MOMENT: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
    "description": "UTC, ISO 8601",
    "examples": ["2026-01-15T09:30:00.000Z"],
}
COUNT: JsonSchema = {"type": "integer", "minimum": 0, "examples": [3]}
TONS: JsonSchema = {"type": "number", "description": "Tons, exact to 3 decimals", "examples": [24.125]}
HOURS: JsonSchema = {"type": "number", "description": "Hours, exact to 2 decimals", "examples": [6.5]}
PERCENT: JsonSchema = {"type": "number", "description": "Percent, exact to 2 decimals", "examples": [81.25]}


# What a body may hold because answers do: read, change, send back.
IGNORED: JsonSchema = {"description": "Read only: in a body it is ignored"}


def nullable(schema: JsonSchema) -> JsonSchema:
    """The same, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    wider: dict[str, Any] = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        wider["enum"] = [*schema["enum"], None]
    return wider


def described(schema: JsonSchema, text: str, example: Any = None) -> JsonSchema:
    """The same with a description, and with an example of its own."""
    told = {"description": text} if text else {}
    return {**schema, **told, **({} if example is None else {"examples": [example]})}


def one_of(*values: str) -> JsonSchema:
    return {"type": "string", "enum": list(values)}


def each(schema: AnySchema, **bounds: Any) -> JsonSchema:
    """A list of these."""
    return {"type": "array", "items": schema, **bounds}


def keyed(schema: AnySchema) -> JsonSchema:
    """An object whose keys are not known before."""
    return {"type": "object", "additionalProperties": schema}


def example(schema: AnySchema) -> Any:
    """A value of this schema: the one it declares, or one made of the values of its parts."""
    declared = schema.schema() if isinstance(schema, Shape) else schema
    if "const" in declared:
        return declared["const"]
    for several in ("examples", "enum"):
        if several in declared:
            return declared[several][0]
    if "anyOf" in declared:
        return example(declared["anyOf"][0])
    if "items" in declared:
        return [example(declared["items"])] * declared.get("minItems", 1)
    found = declared.get("properties", {})
    return {key: example(value) for key, value in found.items() if value is not IGNORED}


META = Shape(
    "ListMeta",
    {
        "page": described(COUNT, "The page answered, from 1", 1),
        "pageSize": described(COUNT, "Rows of a full page", 25),
        "totalCount": described(COUNT, "Rows of the whole list, exact", 1),
        "totalPages": described(COUNT, "Pages of the whole list", 1),
        "nextCursor": described(TEXT, "Send it as `cursor` for the next page; absent at the end", "WyI3Zj"),
        "ignored": described(each(TEXT), "Filters that were sent and that this list has no column for", []),
    },
    optional=("nextCursor", "ignored"),
)
WARNINGS = described(
    keyed(each(TEXT)),
    "Soft doubts, {field: [texts]}: the record was saved all the same",
    {"quantity": ["More than 60 t a trip: is the unit right?"]},
)


def enveloped(**keys: AnySchema) -> JsonSchema:
    """An answer with these keys and its timestamp."""
    return answered(keys, ())


def answered(keys: Mapping[str, AnySchema], optional: tuple[str, ...]) -> JsonSchema:
    return {
        "type": "object",
        "properties": {**keys, "timestamp": described(MOMENT, "When the answer was given, UTC")},
        "required": [*(key for key in keys if key not in optional), "timestamp"],
        "additionalProperties": False,
    }


def one(shape: AnySchema) -> JsonSchema:
    """`{"data": …, "timestamp"}`"""
    return enveloped(data=shape)


def doubted(shape: AnySchema, warnings: JsonSchema = WARNINGS) -> JsonSchema:
    """`{"data": …, "warnings"?, "timestamp"}`"""
    return answered({"data": shape, "warnings": warnings}, ("warnings",))


def listed(shape: AnySchema) -> JsonSchema:
    """`{"data": […], "meta", "timestamp"}`"""
    return enveloped(data=each(shape), meta=META)


def charted(row: AnySchema, **keys: AnySchema) -> JsonSchema:
    """`{"data": [rows], …the chart's own keys, "timestamp"}`"""
    return enveloped(data=each(row), **keys)
