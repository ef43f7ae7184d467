"""The words of the documentation page: what a declaration means to somebody who writes a script."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from deskops.api.headers import of_answer
from deskops.api.operations import Operation, Parameter, Section
from deskops.api.params import every_parameter
from deskops.api.shapes import IGNORED, AnySchema, JsonSchema, Shape, example

__all__ = [
    "answered_keys",
    "bodies_of",
    "curl",
    "every_parameter",
    "example_answer",
    "ignored_keys",
    "keys_of",
    "kind_of",
    "of_answer",
    "written",
]
TOKEN, URL = "$DESKOPS_TOKEN", "$DESKOPS_URL"
LONGEST_LINE = 140
KINDS = {"string": "text", "integer": "whole number", "array": "list", "boolean": "true or false"}
FORMATS = {"date": "date, YYYY-MM-DD", "date-time": "moment, UTC", "uuid": "UUID"}


class Key(NamedTuple):
    """One key of an object; `above` are the keys it stands below, as `data[].`"""

    above: str
    name: str
    kind: str
    required: bool
    text: str


def kind_of(schema: AnySchema) -> str:
    """What may stand there, in words: `number from 0 to 24, or null`."""
    if isinstance(schema, Shape):
        return "object"
    if schema is IGNORED:
        return "anything"
    if "allOf" in schema:
        return kind_of(schema["allOf"][0])
    if "anyOf" in schema:
        strict, *others = schema["anyOf"]
        return kind_of(strict) + (" or null" if {"type": "null"} in others else "")
    if "const" in schema:
        return json.dumps(schema["const"])
    told = schema.get("type", "anything")
    names = [told] if isinstance(told, str) else told
    if "enum" in schema:
        found = " ".join(str(value) for value in schema["enum"] if value is not None).replace(" ", " · ")
    else:
        found = " or ".join(word(schema, name) for name in names if name != "null") + bounds(schema)
    return found + (" or null" if "null" in names and found else "" if found else "null")


def word(schema: JsonSchema, name: str) -> str:
    if name == "string" and "format" in schema:
        return FORMATS[schema["format"]]
    if name == "array" and "items" in schema:
        return f"list of {kind_of(schema['items'])}"
    return KINDS.get(name, name)


def bounds(schema: JsonSchema) -> str:
    """The limits of a value, in words."""
    least, most = schema.get("minimum"), schema.get("maximum")
    found = [f"from {least:,}"] if least is not None else []
    found += [f"to {most:,}"] if most is not None else []
    found += [f"at most {schema['maxLength']} characters"] if "maxLength" in schema else []
    found += [f"at least {schema['minItems']}"] if "minItems" in schema else []
    found += [f"at most {schema['maxItems']:,} entries"] if "maxItems" in schema else []
    return (" " if least is not None or most is not None else ", ") + " ".join(found) if found else ""


def keys_of(schema: AnySchema, above: str = "") -> Iterator[Key]:
    """Every key of an object, and of the objects in it; of each kind of object where there are several."""
    declared = schema.schema() if isinstance(schema, Shape) else schema
    for one in declared.get("anyOf", ()):
        yield from keys_of(one, above)
    required = declared.get("required", ())
    for name, value in declared.get("properties", {}).items():
        if value is IGNORED:
            continue
        text = value.description if isinstance(value, Shape) else value.get("description", "")
        yield Key(above, name, kind_of(value), name in required, text)
        inner, mark = inside(value)
        yield from keys_of(inner, f"{above}{name}{mark}.")


def inside(value: AnySchema) -> tuple[AnySchema, str]:
    """What a value is made of, or what a list holds, and the mark of a list."""
    if isinstance(value, Shape):
        return value, ""
    if "items" in value:
        return inside(value["items"])[0], "[]"
    return (value["allOf"][0] if "allOf" in value else value), ""


def answered_keys(operation: Operation) -> list[Key]:
    """The keys of an answer, each once, but those of every answer."""
    common = ("timestamp", "meta", "data")
    found = keys_of(operation.answer.schema or {})
    told = [key for key in found if key.above != "meta." and (key.above or key.name not in common)]
    return list(dict.fromkeys(told))


def bodies_of(operation: Operation) -> list[tuple[str, list[Key]]]:
    """The shapes a body may have, each with its keys."""
    assert operation.body
    schema = operation.body.schema
    shapes = [schema] if isinstance(schema, Shape) else schema["anyOf"]
    return [(shape.name, list(keys_of(shape))) for shape in shapes]


def ignored_keys(operation: Operation) -> list[str]:
    """The keys that a body may hold and that are not read."""
    schema = operation.body.schema if operation.body else {}
    found = schema.properties if isinstance(schema, Shape) else {}
    return [name for name, value in found.items() if value is IGNORED]


def choices_of(operation: Operation) -> list[list[str]]:
    """The keys of a body of which one at least is needed."""
    schema = operation.body.schema if operation.body else {}
    rules = schema.rules or {} if isinstance(schema, Shape) else {}
    return [[way["required"][0] for way in rule["anyOf"]] for rule in rules.get("allOf", ())]


def written(value: Any) -> str:
    """A value as JSON, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def example_answer(operation: Operation) -> str:
    return "" if operation.answer.schema is None else written(example(operation.answer.schema))


def curl(section: Section, operation: Operation) -> str:
    """A command that does it, as a shell takes it; a long one has a line for each part."""
    parts = ["curl"]
    if operation.is_unsafe:
        parts.append(f"-X {operation.method}")
    if not section.public:
        parts.append(f'-H "Authorization: Bearer {TOKEN}"')
    if operation.body:
        body = next(iter(operation.body.examples.values()))
        parts += ['-H "Content-Type: application/json"', f"-d {shlex.quote(json.dumps(body))}"]
    if operation.answer.schema is None and "Content-Disposition" in operation.answer.headers:
        parts.append("-O -J")
    parts.append(f'"{URL}{address(operation)}"')
    line = " ".join(parts)
    return line if len(line) <= LONGEST_LINE else " \\\n  ".join(parts)


def address(operation: Operation) -> str:
    """The path with the examples of what it needs."""
    path = operation.path
    query = {}
    for one in operation.parameters:
        if one.place == "path":
            path = path.replace(f"{{{one.name}}}", quote(str(example_of(one)), safe=""))
        elif one.required or one.shown:
            query[one.name] = example_of(one)
    return path + (f"?{urlencode(query)}" if query else "")


def example_of(one: Parameter) -> Any:
    return example(one.schema)
