"""How much a caller may ask of the API, and what every answer tells about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deskops.accounts import people
from deskops.accounts.actor import OwnLimits
from deskops.accounts.models import Site
from deskops.windows import SharedWindows
from tests.api_contract import LIMIT_HEADERS, Api, always, body_of, data, refused
from tests.clients import ApiClient
from tests.conftest import user_of
from tests.samples import sample
from tests.test_up import Start, start

__all__ = ["start"]

LIMIT, REMAINING, RESET = LIMIT_HEADERS


Limits = Callable[[int, int], None]


def told(answer: TestResponse) -> tuple[int, int, int]:
    return int(answer.headers[LIMIT]), int(answer.headers[REMAINING]), int(answer.headers[RESET])


@pytest.fixture
def limits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Limits:
    """The limits of the application: ten a minute, until limits(100, 20) sets others."""

    def put(per_minute: int, per_second: int) -> None:
        limiter = app.extensions["request_limiter"]
        numbers = {"requests_per_minute": per_minute, "requests_per_second": per_second}
        monkeypatch.setattr(limiter, "limits", replace(limiter.limits, **numbers))

    put(10, 1000)
    return put


@pytest.mark.usefixtures("limits")
def test_one_request_too_many_is_429_and_changes_nothing(api: Api, alpha: Site) -> None:
    ben, ann = api("ben"), api("ann")
    answers = [ben.post("/api/received", sample("received", alpha)) for _ in range(10)]
    for answer in answers:
        data(answer, 201)
    assert [told(answer)[:2] for answer in answers] == [(10, left) for left in range(9, -1, -1)]
    assert told(answers[0])[2] == 60
    assert all(later <= sooner for sooner, later in pairwise(told(answer)[2] for answer in answers))
    refusal = ben.post("/api/received", sample("received", alpha))
    details = refused(refusal, 429, "RATE_LIMIT_EXCEEDED")
    assert details == {"retryAfter": told(refusal)[2]}
    assert refusal.headers["Retry-After"] == str(details["retryAfter"])
    assert told(refusal)[:2] == (10, 0)
    assert body_of(ann.get("/api/received", **always(alpha)))["meta"]["totalCount"] == 10


def test_the_hundred_and_first_request_of_a_minute_is_refused(api: Api, limits: Limits) -> None:
    limits(100, 1000)
    vera = api("vera")
    statuses = [vera.get("/api/auth/session").status_code for _ in range(101)]
    assert statuses == [200] * 100 + [429]


def test_the_headers_of_a_refusal_by_the_second_speak_of_the_minute(api: Api, limits: Limits) -> None:
    limits(100, 1)
    vera = api("vera")
    while (answer := vera.get("/api/auth/session")).status_code == 200:
        left = told(answer)[1]
    assert refused(answer, 429, "RATE_LIMIT_EXCEEDED") == {"retryAfter": 1}
    assert told(answer)[:2] == (100, left)
    assert told(answer)[2] > 50


@pytest.mark.usefixtures("limits")
def test_the_tokens_of_one_person_count_together_and_nobody_elses(api: Api) -> None:
    one, other, ann = api("ben"), api("ben"), api("ann")
    answers = [script.get("/api/sites").status_code for script in (one, other) * 6]
    assert answers == [200] * 10 + [429] * 2
    data(ann.get("/api/sites"))


@pytest.mark.usefixtures("limits")
def test_a_token_with_limits_of_its_own_is_counted_by_itself(app: Flask, api: Api) -> None:
    usual, person = api("ben"), user_of("ben")
    _, secret = people.add_token(
        person, "few", scope="read", sites=(), expires_in_days=None, own_limits=OwnLimits(3, None)
    )
    few = ApiClient(app.test_client(), secret)
    assert [few.get("/api/sites").status_code for _ in range(4)] == [200] * 3 + [429]
    answer = usual.get("/api/sites")
    assert told(answer)[:2] == (10, 9)
    _, secret = people.add_token(
        person, "more", scope="read", sites=(), expires_in_days=None, own_limits=OwnLimits(None, 500)
    )
    assert told(ApiClient(app.test_client(), secret).get("/api/sites"))[:2] == (10, 9)


@pytest.mark.usefixtures("limits")
def test_whatever_is_asked_counts_and_a_limit_comes_before_rights(api: Api, alpha: Site) -> None:
    vera = api("vera")
    wrong = (
        "/api/nothing",
        "/api/received",
        "/api/received/0",
        "/api/metrics/production-today",
        "/api/charts/flow-trend",
    )
    for where in wrong * 2:
        assert vera.get(where).status_code in (400, 404)
    refused(vera.post("/api/received", {}), 429, "RATE_LIMIT_EXCEEDED")
    refused(vera.get("/api/nothing"), 429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.usefixtures("limits")
def test_a_caller_without_identity_is_counted_by_address(app: Flask, api: Api) -> None:
    nobody, ben = api(None), api("ben")
    for _ in range(10):
        refused(nobody.get("/api/sites"), 401, "UNAUTHORIZED")
    refused(nobody.get("/api/sites"), 429, "RATE_LIMIT_EXCEEDED")
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    refused(nobody.open("GET", "/api/sites", environ_base=elsewhere), 401, "UNAUTHORIZED")
    data(ben.get("/api/sites"))


@pytest.mark.usefixtures("limits")
def test_hello_is_never_too_much(api: Api) -> None:
    assert {api(None).get("/api/hello").status_code for _ in range(12)} == {200}


@pytest.mark.usefixtures("limits")
def test_of_many_requests_at_once_exactly_the_allowed_pass(app: Flask, api: Api) -> None:
    token = api("vera").headers

    def ask(_: int) -> int:
        return app.test_client().get("/api/auth/session", headers=token).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(ask, range(40)))
    assert sorted(statuses) == [200] * 10 + [429] * 30


def test_without_the_store_requests_pass_and_are_told_the_limit(
    app: Flask, api: Api, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits(2, 1)
    limiter = app.extensions["request_limiter"]
    monkeypatch.setattr(limiter, "windows", SharedWindows("unix:///nowhere/queue.sock"))
    vera = api("vera")
    assert [told(vera.get("/api/auth/session")) for _ in range(4)] == [(2, 2, 0)] * 4


def test_web_processes_share_the_count_and_a_restart_of_everything_keeps_it(start: Start) -> None:
    running = start(DEMO="0", DESKOPS_REQUESTS_PER_MINUTE="30", DESKOPS_REQUESTS_PER_SECOND="1000").ready()

    def ask(_: int) -> int:
        # Each on a connection of its own: whichever process is free takes it.
        return running.status("/api/sites")

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(ask, range(50)))
    assert sorted(statuses) == [401] * 30 + [429] * 20
    begun = time.monotonic()
    running.stop()
    running = start(DEMO="0", DESKOPS_REQUESTS_PER_MINUTE="30", DESKOPS_REQUESTS_PER_SECOND="1000").ready()
    assert time.monotonic() - begun < 50
    assert ask(0) == 429
