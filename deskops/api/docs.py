"""The documentation of the API: the OpenAPI document, and the page that shows the same declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
from flask import Response, current_app, render_template, request

from deskops import __version__
from deskops.api import envelope, manual, params
from deskops.api.headers import HEADERS
from deskops.api.openapi import document
from deskops.api.operations import Answer, Operation, Section
from deskops.api.shapes import CODE, META, example
from deskops.config import Settings

View = Callable[[], Response]
PAGE = "text/html"
DOCUMENT: dict[str, Any] = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "description": "An OpenAPI 3.1 document",
    "examples": [{"openapi": "3.1.0", "info": {}, "paths": {}, "components": {}}],
}


def with_documentation(sections: Sequence[Section]) -> tuple[Section, ...]:
    """These sections, and the one that documents them all, itself too."""
    every: list[Section] = [*sections]

    @cache
    def written() -> bytes:
        return orjson.dumps(document(every))

    def read_document() -> Response:
        params.only()
        return Response(written(), mimetype=envelope.MIMETYPE)

    def read_page() -> Response:
        params.only()
        return Response(page(every), mimetype=PAGE)

    every.append(documentation(read_document, read_page))
    return tuple(every)


def page(sections: Sequence[Section]) -> str:
    settings: Settings = current_app.extensions["settings"]
    found = {error for section in sections for one in section.operations for error in section.errors_of(one)}
    return render_template(
        "api/page.html",
        sections=sections,
        errors=sorted(found, key=lambda error: (error.status, error.code)),
        headers=HEADERS,
        meta=META,
        example_site=example(CODE),
        words=manual,
        version=__version__,
        url=request.url_root.rstrip("/"),
        limits=settings.limits,
    )


def documentation(read_document: View, read_page: View) -> Section:
    return Section(
        "Documentation",
        "What you are reading.",
        (
            Operation(
                "readOpenApi",
                "GET /openapi.json",
                read_document,
                "This API as an OpenAPI 3.1 document",
                Answer(DOCUMENT),
            ),
            Operation(
                "readDocs", "GET /docs", read_page, "This API as a page to read", Answer(others=(PAGE,))
            ),
        ),
    )
