"""Sign-in is throttled: so many tries of an address, and of an address with an e-mail, whatever their outcome."""

from __future__ import annotations

import hashlib
from typing import Any

import redis
from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from deskops import queue
from deskops.config import Settings

OF_ADDRESS: tuple[RateLimitItem, ...] = (parse("60/minute"), parse("600/hour"))
OF_PERSON: tuple[RateLimitItem, ...] = (parse("5/minute"), parse("30/hour"))
EXTENSION = "signin_throttle"


class SignInThrottle:
    """Counts on the queue server, for all web processes together; without one, in this process."""

    def __init__(self, settings: Settings) -> None:
        # Without retries: a sign-in never waits for a queue server that is away.
        options: dict[str, Any] = {
            "socket_connect_timeout": queue.CONNECT_SECONDS,
            "socket_timeout": queue.ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        shared = storage_from_string(queue.limits_url(settings.redis_url), wrap_exceptions=True, **options)
        assert isinstance(shared, Storage)
        self._limiters = (MovingWindowRateLimiter(shared), MovingWindowRateLimiter(MemoryStorage()))

    def admits(self, address: str, email: str) -> bool:
        """Count a try; False where there were too many of this address, or for this person from there."""
        person = (address, fingerprint(email))
        tries: list[tuple[RateLimitItem, tuple[str, ...]]] = [
            (limit, ("address", address)) for limit in OF_ADDRESS
        ]
        tries += [(limit, ("person", *person)) for limit in OF_PERSON]
        for limiter in self._limiters:
            try:
                # Every limit counts each try, also where an earlier one refuses already.
                counted = [limiter.hit(limit, "signin", *names) for limit, names in tries]
                return all(counted)
            except (StorageError, redis.RedisError):
                continue
        return False

    def forgive(self, address: str, email: str) -> None:
        """After the right password the wrong ones before it do not count against the person."""
        for limiter in self._limiters:
            try:
                for limit in OF_PERSON:
                    limiter.clear(limit, "signin", "person", address, fingerprint(email))
            except (StorageError, redis.RedisError):
                continue


def fingerprint(email: str) -> str:
    """The person in the counter's key: no address of a person stands on the queue server."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


def register(app: Flask, settings: Settings) -> None:
    app.extensions[EXTENSION] = SignInThrottle(settings)


def throttle() -> SignInThrottle:
    found: SignInThrottle = current_app.extensions[EXTENSION]
    return found
