"""Tokens: what a script may with one, where it is taken, and that it ends at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from deskops import config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM, Actor
from deskops.accounts.models import Site, Token, User
from deskops.accounts.signin import TOKEN_PREFIX, fingerprint
from deskops.database import utc_now
from deskops.exports.models import ExportJob
from deskops.modules import MODULES
from deskops.tables import TABLES
from tests.api_contract import Api, always, data, enter, refused
from tests.clients import ApiClient
from tests.conftest import PASSWORD, user_of
from tests.samples import sample

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
OWN_EXPORTS = {"/api/export", "/api/exports"}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    names = [table._meta.table_name for table in TABLES]
    return {name: sorted(database.rows(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def places(app: Flask, alpha: Site, records: dict[str, str], job: str) -> Iterator[tuple[str, str, str]]:
    """(method, address, module) of every unsafe operation there is, with addresses of what exists."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            if method in UNSAFE:
                for module in MODULES if "name" in rule.arguments else [module_of(rule)]:
                    known = {"name": module, "record_id": records[module], "site_id": alpha.id, "job_id": job}
                    given = {name: known.get(name, str(uuid4())) for name in rule.arguments}
                    yield method, urls.build(rule.endpoint, given, method=method), module


def module_of(rule: Rule) -> str:
    return next((name for name in MODULES if f"/{name}" in rule.rule), "received")


@pytest.mark.parametrize("nick", ["ann", "ada"])
def test_a_read_token_changes_nothing_by_any_route(nick: str, app: Flask, api: Api, alpha: Site) -> None:
    writing, reading = api(nick), api(nick, scope="read")
    records = {name: enter(writing, module, alpha)["id"] for name, module in MODULES.items()}
    wanted = {"format": "csv", "module": "received", "siteId": alpha.code, "dateFrom": "2026-01-01"}
    job = data(writing.post("/api/export", wanted | {"dateTo": "2026-01-31"}), 201)["jobId"]
    data(reading.get("/api/auth/session"))
    before = everything()
    asked = list(places(app, alpha, records, job))
    assert {method for method, _, _ in asked} >= {"POST", "PATCH", "DELETE"}
    for method, address, module in asked:
        if address in OWN_EXPORTS:
            continue
        body = sample(module, alpha, notes="changed", code="NEW-01", name="New yard", reason="none")
        bodies: list[dict[str, Any]] = [{"json": body}, {"json": {"records": [body]}}, {"data": body}]
        for sent in bodies:
            answer = reading.open(method, address, headers={"Idempotency-Key": str(uuid4())}, **sent)
            assert answer.status_code in (302, 400, 401, 403, 404, 409, 415), (method, address, answer.text)
            assert everything() == before, (method, address)


def test_a_read_token_makes_and_takes_its_own_exports(api: Api, alpha: Site) -> None:
    reading = api("vera", scope="read")
    days = {"dateFrom": "2026-01-01", "dateTo": "2026-01-31"}
    for where in sorted(OWN_EXPORTS):
        data(reading.post(where, {"format": "csv", "module": "received", "siteId": alpha.code} | days), 201)
    assert ExportJob.select().count() == 2


def test_a_token_beside_a_session_does_not_stand_for_the_secret_of_its_pages(
    api: Api, browse: Callable[..., Any], alpha: Site
) -> None:
    browser, token = browse("ben"), api("ben").headers
    before = everything()
    form = {"quantity": "5"} | sample("received", alpha)
    answer = browser.client.post("/received", data=form, headers=token)
    assert answer.status_code == 403
    assert everything()["received"] == before["received"]


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "apiKey", "authorization", "Authorization"]
)
def test_a_token_in_the_address_is_never_taken(name: str, app: Flask, api: Api, alpha: Site) -> None:
    secret = api("ann").headers["Authorization"].removeprefix("Bearer ")
    nobody = api(None)
    refused(nobody.get("/api/auth/session", **{name: secret}), 401, "UNAUTHORIZED")
    refused(nobody.get("/api/auth/session", **{name: f"Bearer {secret}"}), 401, "UNAUTHORIZED")
    answer = app.test_client().post("/api/received", data={name: secret} | sample("received", alpha))
    refused(answer, 401, "UNAUTHORIZED")


def test_a_token_is_kept_as_its_hash_alone(api: Api) -> None:
    secret = api("ann").headers["Authorization"].removeprefix("Bearer ")
    assert secret.startswith(TOKEN_PREFIX)
    assert len(secret) > 40
    assert Token.get().hash == fingerprint(secret)
    assert secret not in repr(everything())


def test_a_token_narrowed_to_sites_reaches_only_those_by_any_list(api: Api, alpha: Site, beta: Site) -> None:
    for site in (alpha, beta):
        for module in MODULES.values():
            enter(api("ada"), module, site)
    narrowed = api("ada", sites=(beta,))
    for name in MODULES:
        assert {row["siteCode"] for row in data(narrowed.get(f"/api/{name}", **always(alpha)))} == {beta.code}
        refused(narrowed.get(f"/api/{name}", **always(alpha), siteId=alpha.id), 403, "FORBIDDEN")
    refused(narrowed.get(f"/api/sites/{alpha.id}"), 403, "FORBIDDEN")
    refused(narrowed.get("/api/metrics/received-today", siteId=alpha.code), 403, "FORBIDDEN")
    # An administrator's token of some sites administers nothing.
    refused(narrowed.patch(f"/api/sites/{beta.id}", {"name": "Mine"}), 403, "FORBIDDEN")


def test_a_token_narrowed_to_sites_reads_nothing_of_another_by_any_route(
    app: Flask, api: Api, alpha: Site, beta: Site
) -> None:
    for module in MODULES.values():
        enter(api("ada"), module, alpha, notes="of Alpha alone")
    narrowed = api("ada", sites=(beta,))
    days = {"startDate": str(alpha.today()), "endDate": str(alpha.today()), "date": str(alpha.today())}
    addresses = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.startswith("/api/") and not rule.arguments
    ]
    assert len(addresses) > 15
    for address in addresses:
        for query in ({"siteId": alpha.code} | days, {"siteIds": alpha.id} | days, days):
            answer = narrowed.get(address, **query)
            assert answer.status_code in (200, 400, 403), answer.text
            assert not [word for word in ("Alpha", alpha.code, alpha.id) if word in answer.text], address


def test_a_token_cannot_do_more_than_its_person(api: Api, beta: Site) -> None:
    script = api("ben", sites=(beta,))
    assert data(script.get("/api/sites")) == []
    refused(script.post("/api/received", sample("received", beta)), 403, "FORBIDDEN")


def test_the_last_use_is_known_to_the_minute(api: Api) -> None:
    script = api("ann")
    assert Token.get().last_used_at is None
    data(script.get("/api/auth/session"))
    used = Token.get().last_used_at
    assert utc_now() - used < timedelta(minutes=1)
    data(script.get("/api/auth/session"))
    assert Token.get().last_used_at == used
    Token.update(last_used_at=used - timedelta(minutes=2)).execute()
    data(script.get("/api/auth/session"))
    assert Token.get().last_used_at >= used


def test_a_token_ends_at_its_moment(api: Api) -> None:
    script = api("ann")
    Token.update(expires_at=utc_now() + timedelta(seconds=30)).execute()
    data(script.get("/api/auth/session"))
    Token.update(expires_at=utc_now()).execute()
    refused(script.get("/api/auth/session"), 401, "UNAUTHORIZED")


@pytest.fixture
def command(settings: config.Settings) -> Callable[..., str]:
    """Run a command in a process of its own on the same book; answers what it printed."""
    environment = os.environ | {"DESKOPS_HOME": str(settings.home), "DATABASE_URL": settings.database_url}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "deskops.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_token_is_worth_nothing_once_another_process_ended_it(
    api: Api, command: Callable[..., str]
) -> None:
    script, other = api("ann"), api("ben")
    data(script.get("/api/auth/session"))
    command("token", "revoke", "ann@yard.test", "--name", "script")
    refused(script.get("/api/auth/session"), 401, "UNAUTHORIZED")
    data(other.get("/api/auth/session"))


def test_whoever_is_shut_out_is_so_at_once_with_tokens_and_sessions(
    api: Api, browse: Callable[..., Any], command: Callable[..., str]
) -> None:
    script, browser = api("ben"), browse("ben")
    data(script.get("/api/auth/session"))
    command("user", "deactivate", "ben@yard.test")
    refused(script.get("/api/auth/session"), 401, "UNAUTHORIZED")
    assert browser.get("/dashboard").status_code == 302
    stranger = browse(None)
    stranger.get("/signin")
    assert stranger.post("/signin", {"email": "ben@yard.test", "password": PASSWORD}).status_code == 401
    people.set_active(user_of("ben"), True, SYSTEM)
    data(script.get("/api/auth/session"))


def test_people_are_listed_by_the_id_that_the_log_names(
    cast: Callable[[str], Actor], command: Callable[..., str]
) -> None:
    command("user", "deactivate", "ben@yard.test")
    heading, *people_listed = [line.split("\t") for line in command("user", "list").splitlines()]
    assert heading == ["person", "name", "roles", "state", "id"]
    found = {row[0].partition("@")[0]: row[2:] for row in people_listed}
    assert found["ben"] == ["OPERATOR ALPHA-01", "INACTIVE", cast("ben").user_id]
    assert found["ada"] == ["ADMIN", "ACTIVE", cast("ada").user_id]
    people.set_active(user_of("ben"), True, SYSTEM)


def test_a_command_makes_and_lists_tokens_without_telling_them_again(
    app: Flask, fresh_book: None, command: Callable[..., str]
) -> None:
    words = ["token", "add", "ben@yard.test", "--name", "scale", "--site", "ALPHA-01", "--expires", "30"]
    secret = command(*words, "--per-minute", "500").strip()
    data(ApiClient(app.test_client(), secret).get("/api/auth/session"))
    _, revoked = people.add_token(user_of("ann"), "old", scope="write", sites=(), expires_in_days=None)
    people.revoke_token(Token.get(Token.hash == fingerprint(revoked)), SYSTEM)
    User.update(is_active=False).where(User.email == "vera@yard.test").execute()
    people.add_token(user_of("vera"), "report", scope="read", sites=(), expires_in_days=None)
    listed = command("token", "list")
    assert secret not in listed
    assert not [row for row in listed.split() if fingerprint(secret) in row or TOKEN_PREFIX in row]
    heading, scale, old, report = [line.split("\t") for line in listed.splitlines()]
    assert heading[:3] == ["person", "name", "scope"]
    assert scale[:5] == ["ben@yard.test", "scale", "read", "ALPHA-01", "500/usual"]
    assert scale[5].startswith("20")
    assert (old[1:5], old[7]) == (["old", "write", "all", "usual/usual"], "REVOKED")
    assert (report[5:8]) == ["never", "never", "INACTIVE"]
    assert scale[8] == Token.get(Token.name == "scale").id
    assert command("token", "list", "ann@yard.test").splitlines()[1:] == ["\t".join(old)]
