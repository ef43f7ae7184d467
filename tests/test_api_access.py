"""Who may do what by the API: identity first, then the role at the site, for tokens and for browsers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from deskops.accounts import signin
from deskops.accounts.actor import actor_for
from deskops.accounts.models import Site, User
from deskops.modules import RECEIVED
from tests.api_contract import LIMIT_HEADERS, Api, always, data, enter, path, refused
from tests.samples import sample


def test_a_token_reaches_only_its_sites(api: Api, alpha: Site, beta: Site) -> None:
    record = enter(api("ada"), RECEIVED, alpha)
    script = api("ada", sites=(beta,))
    refused(script.get(path(RECEIVED, record)), 403, "FORBIDDEN")
    refused(script.get("/api/received", **always(alpha), siteId=alpha.code), 403, "FORBIDDEN")
    refused(script.post("/api/received", sample("received", alpha)), 403, "FORBIDDEN")
    assert data(script.get("/api/received", **always(alpha))) == []
    assert [site["code"] for site in data(script.get("/api/sites"))] == [beta.code]
    data(script.post("/api/received", sample("received", beta)), 201)


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("GET", "/api/auth/session"),
        ("GET", "/api/received"),
        ("POST", "/api/received"),
        ("POST", "/api/received/bulk"),
        ("PATCH", "/api/received/01a1fc90-e344-7b94-9d6c-46e4ea51ee73"),
        ("DELETE", "/api/received/01a1fc90-e344-7b94-9d6c-46e4ea51ee73"),
        ("GET", "/api/sites"),
        ("GET", "/api/metrics/production-today"),
        ("GET", "/api/charts/flow-trend"),
        ("GET", "/api/no/such/path"),
        ("PUT", "/api/received"),
    ],
)
@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer dops_nobody", "Basic YW5uOnB3", "Bearer \x00"]
)
def test_nobody_is_answered_before_anything_else_is_judged(
    method: str, where: str, authorization: str, app: Flask, fresh_book: None
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = app.test_client().open(where, method=method, headers=headers, data="no json")
    assert refused(answer, 401, "UNAUTHORIZED") == {}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("where", ["/api//received", "/api/received/", "/api/v1/received"])
def test_an_address_that_is_none_is_told_in_the_envelope(where: str, api: Api) -> None:
    refused(api("ben").get(where), 404, "NOT_FOUND")


def test_hello_needs_no_identity_and_counts_for_nobody(app: Flask, fresh_book: None) -> None:
    answer = app.test_client().get("/api/hello")
    assert (answer.status_code, answer.get_json()) == (200, "Hello, from API!")
    assert not set(LIMIT_HEADERS) & set(answer.headers.keys())


def test_the_session_tells_who_the_caller_is_and_where(api: Api, alpha: Site, beta: Site) -> None:
    ann = data(api("ann").get("/api/auth/session"))
    assert ann.pop("userId")
    assert ann == {
        "isAuthenticated": True,
        "name": "Ann Moderator",
        "email": "ann@yard.test",
        "isAdmin": False,
        "sites": [{"id": alpha.id, "code": alpha.code, "name": alpha.name, "role": "MODERATOR"}],
    }
    ada = data(api("ada").get("/api/auth/session"))
    assert ada["isAdmin"] is True
    assert {site["role"] for site in ada["sites"]} == {"ADMIN"}
    assert {alpha.code, beta.code} <= {site["code"] for site in ada["sites"]}


class Browser:
    """A signed-in browser that asks the API from a page."""

    def __init__(self, app: Flask, nick: str) -> None:
        user = User.get(User.email == f"{nick}@yard.test")
        self.client: FlaskClient = app.test_client()
        with app.test_request_context():
            self.secret = generate_csrf()
            raw = session["csrf_token"]
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = signin.begin_session(user, timedelta(hours=1))
            cookie["csrf_token"] = raw

    def post(self, where: str, body: Any, **headers: str) -> Any:
        return self.client.post(where, json=body, headers=headers)


def test_a_browser_writes_only_with_the_secret_of_its_page(app: Flask, alpha: Site) -> None:
    ben = Browser(app, "ben")
    assert data(ben.client.get("/api/auth/session"))["name"] == "Ben Operator"
    refused(ben.post("/api/received", sample("received", alpha)), 403, "FORBIDDEN")
    refused(
        ben.post("/api/received", sample("received", alpha), **{"X-CSRFToken": "forged"}), 403, "FORBIDDEN"
    )
    own = ben.post("/api/received", sample("received", alpha), **{"X-CSRFToken": ben.secret})
    data(own, 201)


def test_a_bad_token_is_not_helped_by_a_session(app: Flask, alpha: Site) -> None:
    ben = Browser(app, "ben")
    answer = ben.client.get("/api/auth/session", headers={"Authorization": "Bearer dops_nobody"})
    refused(answer, 401, "UNAUTHORIZED")


def test_an_admin_may_see_every_site(alpha: Site, beta: Site) -> None:
    ada = actor_for(User.get(User.email == "ada@yard.test"))
    assert {alpha.id, beta.id} <= {site.id for site in ada.sites()}


def test_rights_are_judged_before_the_body(api: Api, alpha: Site) -> None:
    record = enter(api("ann"), RECEIVED, alpha)
    for nick in ("vera", "cleo", "bob"):
        answer = api(nick).open("PATCH", path(RECEIVED, record), data="{", content_type="text/plain")
        refused(answer, 403, "FORBIDDEN")
    refused(api("vera").open("POST", "/api/received", data="{"), 403, "FORBIDDEN")


def test_a_foreign_site_is_judged_before_missing_days(api: Api, beta: Site) -> None:
    refused(api("ben").get("/api/received", siteId=beta.code, pageSize="0"), 403, "FORBIDDEN")
    refused(api("ben").get("/api/charts/flow-trend", siteId=beta.code), 403, "FORBIDDEN")
