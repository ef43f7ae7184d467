"""How much a caller may ask: both windows at their edges, in the shared store and without it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from flask import Flask
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from deskops import config, queue
from deskops.accounts.models import Site
from deskops.api import limits
from deskops.api.limits import LOOK_AGAIN_SECONDS, RequestLimiter
from tests.api_contract import LIMIT_HEADERS, Api, always, body_of, data, refused
from tests.samples import sample


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    for module in ("limits.storage.redis", "limits.strategies", "deskops.api.limits"):
        monkeypatch.setattr(f"{module}.time", standing)
    return standing


@pytest.fixture
def limiter(settings: config.Settings, fresh_book: None) -> RequestLimiter:
    return limiter_of(settings)


def limiter_of(
    settings: config.Settings, per_minute: int = 100, per_second: int = 20, redis_url: str = ""
) -> RequestLimiter:
    numbers = config.LimitSettings(requests_per_minute=per_minute, requests_per_second=per_second)
    return RequestLimiter(replace(settings, limits=numbers, redis_url=redis_url or settings.redis_url))


def admitted(limiter: RequestLimiter, times: int, caller: str = "user:ben") -> int:
    return sum(limiter.admit(caller).retry_after is None for _ in range(times))


def test_twenty_in_a_second_pass_and_the_next_waits_one(limiter: RequestLimiter, clock: Clock) -> None:
    assert admitted(limiter, 20) == 20
    refusal = limiter.admit("user:ben")
    assert (refusal.retry_after, refusal.remaining) == (1, 80)
    clock.now += 0.99
    assert limiter.admit("user:ben").retry_after == 1
    clock.now += 0.02
    assert limiter.admit("user:ben").retry_after is None


def test_no_burst_passes_around_the_edge_of_a_second(limiter: RequestLimiter, clock: Clock) -> None:
    clock.now = 1_800_000_000.9
    assert admitted(limiter, 15) == 15
    clock.now += 0.2
    assert admitted(limiter, 15) == 5


def test_a_hundred_in_a_minute_pass_and_the_wait_is_as_told(limiter: RequestLimiter, clock: Clock) -> None:
    for _ in range(10):
        assert admitted(limiter, 10) == 10
        clock.now += 2
    refusal = limiter.admit("user:ben")
    assert refusal.retry_after == refusal.reset == 41
    assert refusal.remaining == 0
    clock.now += 39.9
    assert limiter.admit("user:ben").retry_after == 1
    clock.now += 1
    assert admitted(limiter, 11) == 10


def test_a_refused_request_counts_in_neither_window(
    settings: config.Settings, fresh_book: None, clock: Clock
) -> None:
    limiter = limiter_of(settings, per_minute=30, per_second=20)
    assert admitted(limiter, 200) == 20
    clock.now += 1.01
    assert admitted(limiter, 200) == 10
    clock.now += 59
    # The first twenty have left the minute. What the minute refused a second ago takes nothing from this second.
    assert admitted(limiter, 200) == 20


def test_the_minute_is_told_with_every_request(limiter: RequestLimiter, clock: Clock) -> None:
    first = limiter.admit("user:ben")
    clock.now += 10
    second = limiter.admit("user:ben")
    assert (first.limit, first.remaining, first.reset) == (100, 99, 60)
    assert (second.limit, second.remaining) == (100, 98)
    assert 50 <= second.reset <= 51


def test_callers_do_not_count_for_each_other(limiter: RequestLimiter, clock: Clock) -> None:
    assert admitted(limiter, 25, "user:ben") == 20
    assert admitted(limiter, 25, "user:ann") == 20


def test_processes_count_together(settings: config.Settings, fresh_book: None, clock: Clock) -> None:
    one, other = limiter_of(settings), limiter_of(settings)
    assert admitted(one, 12) + admitted(other, 12) == 20


@pytest.mark.parametrize(("numbers", "passing"), [((100, 20), 20), ((30, 1_000), 30)])
def test_requests_at_the_same_moment_pass_exactly_as_many(
    numbers: tuple[int, int], passing: int, settings: config.Settings, fresh_book: None, clock: Clock
) -> None:
    limiter = limiter_of(settings, *numbers)
    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(lambda _: admitted(limiter, 20), range(10))) == passing


def test_without_the_store_each_process_counts_for_itself(
    settings: config.Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = limiter_of(settings, redis_url=f"unix://{tmp_path}/nobody.sock")
    with caplog.at_level(logging.WARNING, "deskops.api"):
        assert admitted(limiter, 15) == 15
        assert admitted(limiter, 500) <= 85
    told = [record for record in caplog.records if "store is away" in record.message]
    assert len(told) == 1


@pytest.fixture
def frozen_store(tmp_path: Path) -> Iterator[socket.socket]:
    """A server that is there and never answers."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listening:
        listening.bind(str(tmp_path / "f.sock"))
        listening.listen()
        listening.setblocking(False)
        yield listening


def visits(store: socket.socket) -> int:
    """How often somebody came since the last look."""
    found = 0
    while True:
        try:
            store.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


def test_a_frozen_store_is_waited_for_once_in_a_few_seconds(
    frozen_store: socket.socket, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("deskops.api.limits.time", clock)
    limiter = limiter_of(settings, redis_url=f"unix://{frozen_store.getsockname()}")
    assert limits.CONNECT_SECONDS + limits.ANSWER_SECONDS < 0.5
    assert admitted(limiter, 10) == 10
    assert visits(frozen_store) == 1
    clock.now += LOOK_AGAIN_SECONDS
    assert admitted(limiter, 5) == 5
    assert visits(frozen_store) == 1


def test_a_store_that_is_back_counts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("deskops.api.limits.time", clock)
    settings = config.load({"DESKOPS_HOME": str(tmp_path)})
    limiter = limiter_of(settings)
    assert limiter.admit("user:ben").remaining == 99
    server = queue.start_embedded(settings)
    try:
        clock.now += LOOK_AGAIN_SECONDS
        assert [limiter.admit("user:ben").remaining for _ in range(2)] == [99, 98]
        with redis.Redis.from_url(settings.redis_url) as asking:
            assert asking.keys("LIMITS:*")
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def narrow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten requests a minute, five a second."""
    limiter = app.extensions["request_limiter"]
    monkeypatch.setattr(limiter, "minute", RateLimitItemPerMinute(10, namespace="api"))
    monkeypatch.setattr(limiter, "second", RateLimitItemPerSecond(5, namespace="api"))


@pytest.mark.usefixtures("narrow")
def test_one_request_too_many_is_429_and_changes_nothing(api: Api, alpha: Site, clock: Clock) -> None:
    ben, ann = api("ben"), api("ann")
    for left in range(9, 4, -1):
        answer = ben.post("/api/received", sample("received", alpha))
        data(answer, 201)
        assert [answer.headers[name] for name in LIMIT_HEADERS] == [
            "10",
            str(left),
            answer.headers[LIMIT_HEADERS[2]],
        ]
    refusal = ben.post("/api/received", sample("received", alpha))
    assert refused(refusal, 429, "RATE_LIMIT_EXCEEDED") == {"retryAfter": 1}
    assert refusal.headers["Retry-After"] == "1"
    clock.now += 1.01
    total = body_of(ann.get("/api/received", **always(alpha)))["meta"]["totalCount"]
    assert total == 5


@pytest.mark.usefixtures("narrow")
def test_the_tokens_of_one_person_count_together_and_nobody_elses(api: Api, clock: Clock) -> None:
    one, other, ann = api("ben"), api("ben"), api("ann")
    answers = [script.get("/api/sites").status_code for script in (one, other) * 3]
    assert answers == [200] * 5 + [429]
    data(ann.get("/api/sites"))


@pytest.mark.usefixtures("narrow")
def test_whatever_is_asked_counts_and_a_limit_comes_before_rights(
    api: Api, alpha: Site, clock: Clock
) -> None:
    vera = api("vera")
    wrong = (
        "/api/nothing",
        "/api/received",
        "/api/received/0",
        "/api/metrics/production-today",
        "/api/charts/flow-trend",
    )
    for where in wrong:
        assert vera.get(where).status_code in (400, 404)
    refused(vera.post("/api/received", {}), 429, "RATE_LIMIT_EXCEEDED")
    refused(vera.get("/api/nothing"), 429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.usefixtures("narrow")
def test_a_caller_without_identity_is_counted_by_address(app: Flask, api: Api, clock: Clock) -> None:
    nobody, ben = api(None), api("ben")
    for _ in range(5):
        refused(nobody.get("/api/sites"), 401, "UNAUTHORIZED")
    refused(nobody.get("/api/sites"), 429, "RATE_LIMIT_EXCEEDED")
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    refused(nobody.open("GET", "/api/sites", environ_base=elsewhere), 401, "UNAUTHORIZED")
    data(ben.get("/api/sites"))
    assert nobody.get("/api/hello").status_code == 200


@pytest.mark.usefixtures("narrow")
def test_hello_is_never_too_much(api: Api, clock: Clock) -> None:
    assert {api(None).get("/api/hello").status_code for _ in range(12)} == {200}
