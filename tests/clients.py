"""How tests ask the program: as a script by its API, as a person by its pages."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import api_document
from tests.services.markup import check

HTMX = {"HX-Request": "true"}


class ApiClient:
    """A script with a bearer token, or without one. Every answer is held against the API's own document."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def open(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = self.headers | options.pop("headers", {})
        answer = self.client.open(path, method=method, headers=headers, **options)
        if answer.request.path.startswith("/api/"):
            api_document.check(answer, method, answer.request.path)
        return answer

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.open("GET", path, query_string=query)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.open(
            "POST",
            path,
            json=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.open(
            "PATCH",
            path,
            json=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def delete(self, path: str, **query: Any) -> TestResponse:
        return self.open("DELETE", path, query_string=query)


class PageClient:
    """A person's browser. Every HTML answer is checked by a validator; forms carry the page's secret."""

    def __init__(self, client: FlaskClient, email: str | None, password: str) -> None:
        self.client = client
        self.csrf = ""
        if email:
            self.get("/signin")
            answer = self.post("/signin", {"email": email, "password": password})
            assert answer.status_code == 302, answer.text
            self.get("/dashboard")

    def get(self, path: str, *, fragment: bool = False, **query: Any) -> TestResponse:
        return self.seen(
            self.client.get(path, query_string=query or None, headers=HTMX if fragment else {}), f"GET {path}"
        )

    def post(
        self, path: str, form: dict[str, Any], *, fragment: bool = False, **headers: str
    ) -> TestResponse:
        sent = {"X-CSRFToken": self.csrf} | (HTMX if fragment else {}) | headers
        return self.seen(self.client.post(path, data=form, headers=sent), f"POST {path}")

    def seen(self, answer: TestResponse, where: str) -> TestResponse:
        if answer.mimetype == "text/html" and answer.text:
            check(answer.text, where)
            found = re.search(r'<meta name="csrf-token" content="([^"]+)"', answer.text)
            self.csrf = found[1] if found else self.csrf
        return answer
