"""Signing in and out: what it needs, what it tells, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import redis
from flask import Flask

from deskops.accounts.models import Session, User
from deskops.web.throttle import SignInThrottle
from deskops.windows import SharedWindows, Window
from tests.clients import HTMX, PageClient
from tests.conftest import PASSWORD

Browse = Callable[..., PageClient]


def credentials(nick: str = "ben", password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"email": f"{nick}@yard.test", "password": password, **more}


@pytest.fixture
def stranger(browse: Browse) -> PageClient:
    somebody = browse(None)
    somebody.get("/signin")
    return somebody


@pytest.mark.parametrize("path", ["/", "/dashboard", "/production", "/received/new", "/live"])
def test_a_page_leads_to_the_sign_in_and_back(browse: Browse, path: str) -> None:
    answer = browse(None).get(path)
    assert answer.status_code == 302
    assert answer.location == f"/signin?next={path}"


def test_a_script_without_a_session_is_told_where_to_sign_in(stranger: PageClient) -> None:
    answer = stranger.client.get(
        "/received", headers={**HTMX, "HX-Current-URL": "http://x/received?period=today"}
    )
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/signin?next=/received?period%3Dtoday"


def test_signing_in_leads_to_the_page_that_was_wanted(stranger: PageClient) -> None:
    answer = stranger.post("/signin", credentials(next="/received?period=today"))
    assert (answer.status_code, answer.location) == (302, "/received?period=today")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "/signin",
        "http://[",
        "//[",
    ],
)
def test_signing_in_never_leads_elsewhere(stranger: PageClient, elsewhere: str) -> None:
    assert stranger.post("/signin", credentials(next=elsewhere)).location == "/dashboard"


def test_an_address_that_is_none_is_no_fault_where_a_script_stands(stranger: PageClient) -> None:
    answer = stranger.client.get("/received", headers={**HTMX, "HX-Current-URL": "http://["})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/signin"


def test_an_e_mail_with_a_null_character_is_nobodys(stranger: PageClient) -> None:
    assert stranger.post("/signin", credentials("b\x00en")).status_code == 401


def test_a_wrong_password_and_an_unknown_person_are_told_alike(stranger: PageClient) -> None:
    wrong = stranger.post("/signin", credentials(password="not it"))
    unknown = stranger.post("/signin", credentials("nobody", password="not it"))
    assert wrong.status_code == unknown.status_code == 401
    told = [re.search(r'id="signin-problem">([^<]+)<', answer.text) for answer in (wrong, unknown)]
    assert told[0]
    assert told[1]
    assert told[0][1] == told[1][1]
    assert 'value="ben@yard.test"' in wrong.text


def test_too_many_tries_of_one_person_are_refused_even_with_the_right_password(stranger: PageClient) -> None:
    for _ in range(5):
        assert stranger.post("/signin", credentials(password="not it")).status_code == 401
    answer = stranger.post("/signin", credentials())
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert stranger.post("/signin", credentials("ann")).status_code == 302


def test_whoever_waits_for_the_hour_is_told_so(stranger: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskops.web.throttle.OF_PERSON", (Window(1, 60), Window(1, 3600)))
    assert stranger.post("/signin", credentials(password="not it")).status_code == 401
    answer = stranger.post("/signin", credentials())
    assert answer.status_code == 429
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert "Wait 60 minutes" in answer.text


def test_the_right_password_forgives_the_wrong_ones(browse: Browse) -> None:
    for _ in range(3):
        somebody = browse(None)
        somebody.get("/signin")
        for _ in range(3):
            somebody.post("/signin", credentials(password="not it"))
        assert somebody.post("/signin", credentials()).status_code == 302


def test_without_a_queue_server_tries_are_counted_here() -> None:
    throttle = SignInThrottle(SharedWindows("unix:///nowhere/queue.sock"))
    assert [throttle.wait("10.0.0.1", "ben@yard.test") for _ in range(6)] == [0] * 5 + [60]
    throttle.forgive("10.0.0.1", "ben@yard.test")
    assert not throttle.wait("10.0.0.1", "BEN@yard.test ")


def test_no_address_of_a_person_stands_on_the_queue_server(stranger: PageClient, redis_url: str) -> None:
    stranger.post("/signin", credentials(password="not it"))
    keys = redis.Redis.from_url(redis_url).keys("*signin*")
    assert keys
    assert not [key for key in keys if b"ben" in key or b"yard.test" in key]


def test_a_form_without_its_secret_is_refused(stranger: PageClient) -> None:
    answer = stranger.client.post("/signin", data=credentials())
    assert answer.status_code == 403
    assert 'value="ben@yard.test"' in answer.text
    assert stranger.get("/dashboard").status_code == 302


def test_an_entry_without_the_secret_is_refused(browse: Browse) -> None:
    somebody = browse("ben")
    somebody.csrf = "forged"
    assert somebody.post("/received", {"quantity": "5"}).status_code == 403


def test_signing_out_ends_the_session_on_the_server_too(browse: Browse) -> None:
    somebody = browse("ben")
    cookie = somebody.client.get_cookie("deskops_session")
    assert cookie is not None
    assert somebody.post("/signout", {}).location == "/signin"
    somebody.client.set_cookie("deskops_session", cookie.value)
    assert somebody.get("/dashboard").status_code == 302
    assert Session.get().ended_at is not None


def test_a_person_who_was_made_inactive_is_out_at_once(browse: Browse) -> None:
    somebody = browse("ben")
    User.update(is_active=False).where(User.email == "ben@yard.test").execute()
    assert somebody.get("/dashboard").status_code == 302


def test_signing_in_again_over_a_page_brings_a_new_secret(stranger: PageClient) -> None:
    answer = stranger.post("/signin", credentials(), fragment=True)
    assert answer.status_code == 204
    assert '"signed-in"' in answer.headers["HX-Trigger"]
    assert '"csrf"' in answer.headers["HX-Trigger"]


def test_a_token_opens_no_page(app: Flask, api: Callable[..., PageClient]) -> None:
    assert api("ann").get("/production").status_code == 302
