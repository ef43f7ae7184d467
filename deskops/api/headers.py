"""The headers of answers, declared, and which answers carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskops.api.operations import ErrorType, Operation, Section
from deskops.api.params import IDEMPOTENCY_KEY
from deskops.errors import RateLimitExceeded, Unauthorized

LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
OF_EVERY = ("X-Request-Id", "Cache-Control")


def header(text: str, kind: str, value: Any) -> dict[str, Any]:
    return {"description": text, "schema": {"type": kind}, "example": value}


HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-RateLimit-Limit": header("Requests you may make in a minute", "integer", 100),
    "X-RateLimit-Remaining": header("How many of them are left", "integer", 99),
    "X-RateLimit-Reset": header("Seconds until the oldest of the minute counts no more", "integer", 60),
    "X-Request-Id": header("The request, as the server's log names it", "string", "5f0c6a1e9b7d4c32"),
    "Cache-Control": header(
        "Who may keep the answer: nobody, or you, for as long as its ETag holds", "string", "no-store"
    ),
    "ETag": header("What stands there now, for If-None-Match; of a record for If-Match too", "string", '"1"'),
    "Location": header("The path of what was made", "string", "/api/…"),
    "Idempotent-Replayed": header(
        "Only there, as true, where the first answer to this key is told again", "string", "true"
    ),
    "Retry-After": header("Seconds, at least 1, until another request will be taken", "integer", 12),
    "WWW-Authenticate": header("How to say who you are", "string", "Bearer"),
    "Content-Disposition": header("The name of the file", "string", "attachment; filename=received.csv"),
    "X-Total-Count": header("Of a whole list: how many rows it has", "integer", 48213),
    "X-Ignored-Parameters": header(
        "Of a whole list: the filters that its module has no column for", "string", "shift"
    ),
    "Content-Length": header("The size of the file in bytes", "integer", 48213),
}


def of_answer(section: Section, operation: Operation) -> tuple[str, ...]:
    """What an answer carries where nothing is wrong."""
    replayed = ("Idempotent-Replayed",) if IDEMPOTENCY_KEY in operation.parameters else ()
    tag = ("ETag",) if operation.tagged else ()
    return (*operation.answer.headers, *tag, *replayed, *of_every(section))


def of_nothing_new(section: Section) -> tuple[str, ...]:
    return ("ETag", *of_every(section))


def of_error(section: Section, errors: Sequence[ErrorType]) -> tuple[str, ...]:
    waits = ("Retry-After",) if RateLimitExceeded in errors else ()
    asks = ("WWW-Authenticate",) if Unauthorized in errors else ()
    return (*waits, *asks, *of_every(section))


def of_every(section: Section) -> tuple[str, ...]:
    return (*(() if section.public else LIMITS), *OF_EVERY)
