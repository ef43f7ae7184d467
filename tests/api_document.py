"""Every answer of the API in every test is held against the document that the API tells of itself."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from werkzeug.test import TestResponse

from deskops.api import SECTIONS
from deskops.api.openapi import document
from deskops.web.headers import HEADERS as BROWSER_HEADERS

DOCUMENT = document(SECTIONS)
HERE = "urn:deskops:api"
REGISTRY = jsonschema_rs.Registry([(HERE, DOCUMENT)])
# What any HTTP answer may carry, and what speaks to browsers alone.
OF_HTTP = (
    *("Allow", "Connection", "Content-Length", "Content-Type", "Date", "Set-Cookie", "Vary"),
    *("Strict-Transport-Security", *BROWSER_HEADERS),
)
# An address or a method that the document does not have.
UNKNOWN = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
PATHS = [
    (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
    for path in sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))
]


def check(answer: TestResponse, method: str, path: str) -> None:
    """Raise AssertionError that says where the answer is not as the document has it."""
    where = f"{method} {path}: {answer.status_code}"
    told = described(method, path)
    if told is None:
        check_unknown(answer, where)
        return
    pointer, operation = told
    status = str(answer.status_code)
    assert status in operation["responses"], f"{where} is not documented"
    response, pointer = resolved(operation["responses"][status], f"{pointer}/responses/{status}")
    check_headers(answer, response, where)
    content = response.get("content", {})
    if not content:
        assert not answer.data, f"{where} has a body"
        return
    assert answer.mimetype in {kind.partition(";")[0] for kind in content}, f"{where} is {answer.mimetype}"
    if answer.mimetype == "application/json" and method != "HEAD":
        conforms(answer.get_json(), f"{pointer}/content/application~1json/schema", where)


def described(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The operation of a request, with its place in the document."""
    method = "get" if method == "HEAD" else method.lower()
    template = next((template for pattern, template in PATHS if pattern.fullmatch(path)), None)
    if template is None or method not in DOCUMENT["paths"][template]:
        return None
    return f"#/paths/{template.replace('/', '~1')}/{method}", DOCUMENT["paths"][template][method]


def resolved(part: dict[str, Any], pointer: str) -> tuple[dict[str, Any], str]:
    """The part itself where a reference stands, and its place."""
    if "$ref" not in part:
        return part, pointer
    kind, name = part["$ref"].split("/")[2:]
    return DOCUMENT["components"][kind][name], part["$ref"]


def check_headers(answer: TestResponse, response: dict[str, Any], where: str) -> None:
    known = {name.lower() for name in (*response.get("headers", {}), *OF_HTTP)}
    odd = [name for name in dict(answer.headers) if name.lower() not in known]
    assert not odd, f"{where} has undocumented headers: {odd}"


def check_unknown(answer: TestResponse, where: str) -> None:
    if answer.request.method == "OPTIONS" and answer.status_code == 200:
        return
    assert answer.mimetype == "application/json", f"{where} is {answer.mimetype}"
    error = answer.get_json()["error"]
    assert error["code"] == UNKNOWN.get(answer.status_code, error["code"]), where


def conforms(value: Any, pointer: str, where: str) -> None:
    wrong = [
        f"{list(error.instance_path)}: {error.message}" for error in validator(pointer).iter_errors(value)
    ]
    assert not wrong, f"{where} is not as documented:\n" + "\n".join(wrong)


@cache
def validator(pointer: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": HERE + quote(pointer, safe="#/~")}, registry=REGISTRY, validate_formats=True
    )
