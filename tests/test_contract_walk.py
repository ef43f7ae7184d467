"""A walk through the tables of the API's reference: each route answers each caller as it is written there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site, Token
from deskops.database import utc_now
from tests import reference, sound
from tests.api_contract import Api, refused
from tests.clients import ApiClient

ROUTES = reference.routes()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CODES = {401: "UNAUTHORIZED", 403: "FORBIDDEN"}
every_route = pytest.mark.parametrize(("method", "where"), ROUTES, ids=lambda each: each)


def served(app: Flask) -> set[tuple[str, str]]:
    """Every route of the API as the reference writes it."""
    return {
        (method, re.sub(r"<[^>]+>", "{id}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_its_row_and_every_row_its_route(app: Flask) -> None:
    assert served(app) == ROUTES.keys()


@pytest.fixture
def nobody(app: Flask, api: Api, alpha: Site) -> list[ApiClient]:
    """Without a token, with one of nobody, an expired, a revoked one and one of somebody who left."""
    expired, revoked, left = api("ann"), api("ben"), api("bob")
    first, second, third = Token.select().order_by(Token.created_at)
    Token.update(expires_at=utc_now() - timedelta(seconds=1)).where(Token.id == first.id).execute()
    people.revoke_token(second, SYSTEM)
    third.user.is_active = False
    third.user.save()
    return [api(None), ApiClient(app.test_client(), "dops_nobody"), expired, revoked, left]


@every_route
def test_who_is_not_signed_in_is_told_so(
    method: str, where: str, nobody: list[ApiClient], api: Api, alpha: Site
) -> None:
    expected = int(ROUTES[method, where]["no sign-in"])
    path = sound.target(where, api("ada"), alpha)
    for script in nobody:
        answer = script.open(method, path, json=sound.body(method, where, alpha))
        if expected == 200:
            assert answer.status_code == 200
        else:
            assert refused(answer, expected, CODES[expected]) == {}


# Who stands for a column of the table: their token, whoever else makes what is not their own, and themselves.
CALLERS: dict[str, Callable[[Api], tuple[ApiClient, ApiClient, ApiClient]]] = {
    "VIEWER": lambda api: (api("vera"), api("ben"), api("vera")),
    "OPERATOR": lambda api: (api("bob"), api("ben"), api("bob")),
    "MODERATOR": lambda api: (api("ann"), api("ben"), api("ann")),
    "ADMIN": lambda api: (api("ada"), api("ben"), api("ada")),
    "elsewhere": lambda api: (api("cleo"), api("ben"), api("cleo")),
    "read token": lambda api: (api("ann", scope="read"), api("ben"), api("ann")),
}


@every_route
@pytest.mark.parametrize("column", CALLERS)
def test_each_caller_is_answered_as_it_is_written(
    method: str, where: str, column: str, api: Api, alpha: Site
) -> None:
    script, other, self = CALLERS[column](api)
    status, _, own = ROUTES[method, where][column].partition(" ")
    assert own in ("", "own")
    query, body = sound.query(method, where, alpha), sound.body(method, where, alpha)
    theirs = sound.target(where, other, alpha, 50)
    expect(script.open(method, theirs, query_string=query, json=body), 403 if own else int(status))
    if own:
        mine = sound.target(where, self, alpha, 51)
        expect(script.open(method, mine, query_string=query, json=body), int(status))


def expect(answer: Any, status: int) -> None:
    if status in CODES:
        refused(answer, status, CODES[status])
    else:
        assert answer.status_code == status, answer.text
    answer.close()


@pytest.mark.parametrize("where", sorted({where for _, where in ROUTES}))
def test_every_other_method_is_refused_with_those_that_are_taken(where: str, api: Api, alpha: Site) -> None:
    script = api("ada")
    path = sound.target(where, script, alpha)
    taken = {method for method in METHODS if (method, where) in ROUTES}
    for method in set(METHODS) - taken:
        answer = script.open(method, path, json={})
        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert (
            taken
            <= set(answer.headers["Allow"].split(", "))
            <= {*taken, "HEAD", "OPTIONS", "PATCH", "DELETE"}
        )


@pytest.mark.parametrize("where", ["/api", "/api/", "/api/nothing", "/api/v1/production", "/api/production/"])
def test_every_other_path_is_nothing_for_who_is_signed_in(where: str, api: Api) -> None:
    refused(api("ann").get(where), 404, "NOT_FOUND")
    refused(api(None).get(where), 401, "UNAUTHORIZED")
