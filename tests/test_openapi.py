"""The OpenAPI document: whole, consistent in itself, and true of the program; its examples work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from deskops.accounts.models import Site
from deskops.api import SECTIONS
from deskops.api.operations import Operation
from deskops.api.params import every_parameter
from deskops.api.record_shapes import kind_of
from deskops.api.shapes import example
from deskops.api.streaming import PAGING
from deskops.modules import LISTED
from deskops.records.query import COMMON, CONTRACT_FILTERS, END, START
from tests import sound
from tests.api_contract import Api, body_of, data, measure_of, refused
from tests.api_document import DOCUMENT, conforms, described, resolved

OPERATIONS = [operation for section in SECTIONS for operation in section.operations]
WRITING = [operation for operation in OPERATIONS if operation.body]
BODIES = [(operation, title) for operation in WRITING if operation.body for title in operation.body.examples]


def test_it_is_answered_to_whoever_is_signed_in(api: Api) -> None:
    answer = api("vera").get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.get_json() == DOCUMENT
    refused(api(None).get("/api/openapi.json"), 401, "UNAUTHORIZED")


def test_it_has_every_route_of_the_program_and_no_other(app: Flask) -> None:
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {
        (method, re.sub(r"{\w+}", "{}", path)) for path, item in DOCUMENT["paths"].items() for method in item
    }
    assert told == served


def test_every_name_in_it_is_one_thing() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)
    assert DOCUMENT["openapi"] == "3.1.0"
    for kind in ("schemas", "parameters", "responses", "headers", "securitySchemes"):
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in DOCUMENT["components"][kind])


def test_every_reference_leads_somewhere_and_every_part_is_referred_to() -> None:
    referred = set(references(DOCUMENT))
    parts = {
        f"#/components/{kind}/{name}"
        for kind, found in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in found
    }
    assert referred == parts


def test_every_parameter_of_a_path_is_declared_and_required() -> None:
    for operation in OPERATIONS:
        declared = {one.name for one in operation.parameters if one.place == "path"}
        assert declared == set(re.findall(r"{(\w+)}", operation.path))
        assert all(one.required for one in operation.parameters if one.place == "path")


@pytest.mark.parametrize("name", LISTED)
def test_a_list_tells_every_parameter_that_it_takes(name: str) -> None:
    told = {one.name for one in operation_named(f"list{kind_of(LISTED[name])}").parameters}
    left_out = {*START[1:], *END[1:], *(PAGING if name == "targets" else ())}
    assert told == {*COMMON, *CONTRACT_FILTERS, *LISTED[name].filters} - left_out


def test_a_parameter_that_is_not_told_is_refused(api: Api, alpha: Site) -> None:
    script = api("ada")
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.name != "hello" and "{" not in operation.path:
            told = {
                one.name: alpha.code if one.name == "siteId" else DAYS.get(one.name)
                for one in needed(operation)
            }
            answer = script.get(operation.path, **told, colour="red")
            assert answer.status_code == 400, operation.name
            assert "colour" in body_of(answer)["error"]["details"]["fields"]


DAYS = {"date": "2026-01-15", "startDate": "2026-01-01", "endDate": "2026-01-31"}


def needed(operation: Operation) -> Iterator[Any]:
    return (one for one in every_parameter(operation) if one.required or one.shown)


def test_every_example_of_a_parameter_is_taken(api: Api, alpha: Site) -> None:
    script = api("ada")
    for operation in OPERATIONS:
        if operation.method == "GET" and "{" not in operation.path:
            asked = {one.name: example(one.schema) for one in operation.parameters if example(one.schema)}
            query = {name: "true" if value is True else value for name, value in asked.items()}
            answer = script.get(operation.path, **query)
            assert answer.status_code == 200, (operation.name, answer.text)


def test_every_example_of_an_answer_is_as_its_schema_says() -> None:
    for operation in OPERATIONS:
        place, told = described(operation.method, operation.path) or ("", {})
        for status, response in told["responses"].items():
            part, pointer = resolved(response, f"{place}/responses/{status}")
            media = part.get("content", {}).get("application/json", {})
            examples = [one["value"] for one in media.get("examples", {}).values()]
            examples += [media["example"]] if "example" in media else []
            assert bool(media) is bool(examples)
            for one in examples:
                conforms(one, f"{pointer}/content/application~1json/schema", f"{operation.name} {status}")


@pytest.mark.parametrize(("operation", "title"), BODIES, ids=lambda one: getattr(one, "name", one))
def test_every_example_of_a_body_is_as_its_schema_says_and_is_taken(
    operation: Operation, title: str, api: Api, alpha: Site
) -> None:
    assert operation.body
    body = operation.body.examples[title]
    place, _ = described(operation.method, operation.path) or ("", {})
    conforms(body, f"{place}/requestBody/content/application~1json/schema", operation.name)
    script = api("ada")
    made = ""
    if "{recordId}" in operation.path:
        kind = kind_of(LISTED[sound.name_of(operation.path)])
        made = data(script.post(operation_named(f"create{kind}").path, first_body(f"create{kind}")), 201)[
            "id"
        ]
    path = operation.path.replace("{recordId}", made)
    is_of_day = "{day}" in path
    path = (
        sound.target(sound.where_of(path), script, alpha)
        if is_of_day
        else path.replace("{siteId}", "ALASLA-29")
    )
    answer = script.open(operation.method, path, json=body)
    assert answer.status_code == operation.answer.status, answer.text


def test_a_body_that_the_schema_refuses_is_refused(api: Api) -> None:
    script = api("ada")
    for name, module in LISTED.items():
        create = operation_named(f"create{kind_of(module)}")
        body = first_body(create.name)
        measure = measure_of(module)[0]
        for broken in ({**body, "colour": "red"}, {**body, "date": 20260115}, {**body, measure: "OPEN"}, {}):
            assert script.post(create.path, broken).status_code == 400
            with pytest.raises(AssertionError):
                conforms(broken, f"#/components/schemas/New{kind_of(module)}", name)


def test_a_made_thing_links_to_what_can_be_done_with_it() -> None:
    told = {operation["operationId"]: operation for operation in operations()}
    for name in ("createProduction", "createSite", "createExport"):
        links = told[name]["responses"]["201"]["links"]
        assert links
        for link in links.values():
            (parameter,) = link["parameters"]
            assert f"{{{parameter}}}" in operation_named(link["operationId"]).path


def operations() -> Iterator[dict[str, Any]]:
    return (operation for item in DOCUMENT["paths"].values() for operation in item.values())


def operation_named(name: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.name == name)


def first_body(name: str) -> dict[str, Any]:
    body = operation_named(name).body
    assert body
    return dict(next(iter(body.examples.values())))


def references(node: Any) -> Iterator[str]:
    """Every reference in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
