"""How much one user may ask: two moving windows, a minute's and a second's, in the shared store.

A refused request counts in neither. While the store is away each process counts for itself, so that nobody waits
for it: one request in a few seconds looks whether it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, NamedTuple

import redis
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from deskops.config import Settings
from deskops.queue import limits_url

# Together under half a second: what a frozen store may cost one request.
CONNECT_SECONDS = 0.15
ANSWER_SECONDS = 0.3
LOOK_AGAIN_SECONDS = 5.0
NAMESPACE = "api"

log = logging.getLogger("deskops.api")


class Admission(NamedTuple):
    """What the minute still holds. `reset` is in seconds; `retry_after` is None for an admitted request."""

    limit: int
    remaining: int
    reset: int
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RequestLimiter:
    """Counts the requests of each caller."""

    def __init__(self, settings: Settings) -> None:
        self.minute = RateLimitItemPerMinute(settings.limits.requests_per_minute, namespace=NAMESPACE)
        self.second = RateLimitItemPerSecond(settings.limits.requests_per_second, namespace=NAMESPACE)
        self._shared = MovingWindowRateLimiter(shared_store(settings.redis_url))
        self._local: MovingWindowRateLimiter | None = None
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._is_away = False

    def admit(self, caller: str) -> Admission:
        """Count one request of this caller, unless it is one too many."""
        if self._shall_ask_the_store():
            try:
                admission = self._judge(self._shared, caller)
            except redis.RedisError as problem:
                self._note_away(problem)
            else:
                self._note_back()
                return admission
        return self._judge(self._own(), caller)

    def _judge(self, windows: MovingWindowRateLimiter, caller: str) -> Admission:
        """The minute is looked at before the second is counted: what it refuses takes nothing from the second."""
        left, reset = self._left(windows, caller)
        if left < 1:
            return Admission(self.minute.amount, 0, reset, retry_after=reset)
        if not windows.hit(self.second, caller):
            return Admission(self.minute.amount, left, reset, retry_after=1)
        if not windows.hit(self.minute, caller):
            _, reset = self._left(windows, caller)
            return Admission(self.minute.amount, 0, reset, retry_after=reset)
        return Admission(self.minute.amount, left - 1, reset)

    def _left(self, windows: MovingWindowRateLimiter, caller: str) -> tuple[int, int]:
        """The requests that the minute still holds, and the whole seconds until its oldest one leaves it."""
        stats = windows.get_window_stats(self.minute, caller)
        if stats.remaining >= self.minute.amount:
            return self.minute.amount, seconds_of(self.minute)
        return max(0, stats.remaining), max(1, int(stats.reset_time - time.time()) + 1)

    def _shall_ask_the_store(self) -> bool:
        """Always while it answers; once in a few seconds, by one thread, while it is away."""
        if not self._is_away:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._look_at:
                return False
            self._look_at = now + LOOK_AGAIN_SECONDS
            return True

    def _note_away(self, problem: redis.RedisError) -> None:
        with self._lock:
            self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
            if self._is_away:
                return
            self._is_away = True
        log.warning("request limits are counted by each process: the store is away (%s)", problem)

    def _note_back(self) -> None:
        if self._is_away:
            self._is_away = False
            log.info("request limits are counted in the shared store again")

    def _own(self) -> MovingWindowRateLimiter:
        """This process's own windows, made when they are first needed: they keep a thread."""
        with self._lock:
            if self._local is None:
                self._local = MovingWindowRateLimiter(MemoryStorage())
            return self._local


def seconds_of(window: RateLimitItem) -> int:
    return int(window.get_expiry())


def shared_store(redis_url: str) -> RedisStorage:
    """The store behind this address; nothing is asked of it yet."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    return RedisStorage(limits_url(redis_url), **options)
