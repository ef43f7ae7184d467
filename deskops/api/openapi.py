"""The OpenAPI 3.1 document of all operations, made from their declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from deskops import __version__
from deskops.api.error_shapes import error_shape
from deskops.api.headers import HEADERS, of_answer, of_error, of_nothing_new
from deskops.api.operations import JSON, ErrorType, Operation, Parameter, Section
from deskops.api.params import every_parameter
from deskops.api.shapes import Shape, example
from deskops.face.identity import SESSION_COOKIE

ABOUT = """The daily operations of recycling yards: production, dispatch, received loads, equipment and manpower.

Single things come as `{"data": {…}, "timestamp"}`, lists as `{"data": […], "meta", "timestamp"}`, refusals as
`{"error": {"code", "message", "details"}, "timestamp"}`. Dates are `YYYY-MM-DD`, a site's own; quantities are tons."""
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a person, for scripts: it reads, or reads and writes",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "A browser's session; whatever changes anything carries its X-CSRFToken too",
    },
}
Node = dict[str, Any]


class Components:
    """The parts of the document that have a name; the same part is there once."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, Any]] = {}

    def schema(self, node: Any) -> Any:
        """The schema as the document has it: each named object by reference."""
        if isinstance(node, Shape):
            return self.refer("schemas", node.name, self.schema(node.schema()))
        if isinstance(node, Mapping):
            return {key: self.schema(value) for key, value in node.items()}
        return [self.schema(each) for each in node] if isinstance(node, list | tuple) else node

    def refer(self, kind: str, name: str, part: Mapping[str, Any]) -> Node:
        """A reference to the part, kept under this name or, where another has it, the name with a number."""
        kept = self.parts.setdefault(kind, {})
        number = 1
        while kept.setdefault(unique := name if number == 1 else f"{name}.{number}", part) != part:
            number += 1
        return {"$ref": f"#/components/{kind}/{unique}"}


def document(sections: Sequence[Section]) -> Node:
    """All of these operations, as a JSON object."""
    components = Components()
    paths: dict[str, Node] = {}
    for section in sections:
        for operation in section.operations:
            described = describe(components, section, operation, sections)
            paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "DeskOps", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/", "description": "This installation"}],
        "security": [{name: []} for name in SECURITY],
        "tags": [{"name": section.title, "description": section.description} for section in sections],
        "paths": paths,
        "components": {**components.parts, "securitySchemes": SECURITY},
    }


def describe(
    components: Components, section: Section, operation: Operation, sections: Sequence[Section]
) -> Node:
    found: Node = {
        "operationId": operation.name,
        "tags": [section.title],
        "summary": operation.summary,
        "description": operation.description or operation.summary,
        "parameters": [parameter(components, one) for one in every_parameter(operation)],
        "responses": responses(components, section, operation, sections),
    }
    if operation.body:
        examples = {title: {"value": body} for title, body in operation.body.examples.items()}
        content = {JSON: {"schema": components.schema(operation.body.schema), "examples": examples}}
        found["requestBody"] = {"required": True, "content": content}
    if section.public:
        found["security"] = []
    return found


def parameter(components: Components, one: Parameter) -> Node:
    schema = components.schema(one.schema)
    if one.repeats:
        schema = {"type": "array", "items": schema}
    part: Node = {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": one.told,
        "schema": schema,
    }
    if one.place == "query" and not one.required:
        # As if it were not there: a form sends what was left empty.
        part["allowEmptyValue"] = True
    if value := example(one.schema):
        part["example"] = [value] if one.repeats else value
    return components.refer("parameters", one.name.replace("-", ""), part)


def responses(
    components: Components, section: Section, operation: Operation, sections: Sequence[Section]
) -> Node:
    """Every status it answers with: the one where nothing is wrong, nothing new, and the refusals."""
    answer = operation.answer
    content: Node = {other: {"schema": {"type": "string"}} for other in answer.others}
    if answer.schema is not None:
        content = {
            JSON: {"schema": components.schema(answer.schema), "example": example(answer.schema)}
        } | content
    good: Node = {
        "description": answer.description,
        "headers": headers(components, of_answer(section, operation)),
    }
    found: Node = {str(answer.status): good}
    if content:
        good["content"] = content
    if links := links_of(operation, sections):
        good["links"] = links
    if operation.may_be_unchanged:
        found["304"] = {
            "description": "Nothing new since the ETag of If-None-Match",
            "headers": headers(components, of_nothing_new(section)),
        }
    for status, errors in groupby(section.errors_of(operation), key=lambda error: error.status):
        found[str(status)] = refused(components, section, status, list(errors))
    return found


def refused(components: Components, section: Section, status: int, errors: list[ErrorType]) -> Node:
    shapes = [error_shape(error) for error in errors]
    schema = components.schema({"oneOf": shapes} if len(shapes) > 1 else shapes[0])
    examples = {error.code: {"value": example(error_shape(error))} for error in errors}
    part = {
        "description": ", ".join(error.code for error in errors),
        "headers": headers(components, of_error(section, errors)),
        "content": {JSON: {"schema": schema, "examples": examples}},
    }
    return components.refer("responses", f"Refused{status}", part)


def headers(components: Components, names: Sequence[str]) -> Node:
    return {name: components.refer("headers", name.replace("-", ""), HEADERS[name]) for name in names}


def links_of(operation: Operation, sections: Sequence[Section]) -> Node:
    """What can be done next with a thing that was just made."""
    if operation.answer.status != 201:
        return {}
    below = f"{operation.path}/{{"
    made = example(operation.answer.schema or {}).get("data")
    found: Node = {}
    for one in (one for section in sections for one in section.operations if one.path.startswith(below)):
        name = one.path.removeprefix(below).partition("}")[0]
        key = "id" if "id" in made else name
        found[one.name] = {"operationId": one.name, "parameters": {name: f"$response.body#/data/{key}"}}
    return found
