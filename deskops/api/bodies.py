"""Reading JSON bodies. Numbers stay exact: with a point they are Decimals, never floats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from flask import current_app, request

from deskops.api.envelope import MIMETYPE
from deskops.errors import Message, PayloadTooLarge, Problem, UnsupportedMediaType, ValidationFailed, say

LONGEST_KEY = 255
# Bulk bodies are the deepest: a list of records, some with lists and objects in them.
DEEPEST = 10


# Many times what the widest object holds, and the longest key: each unknown one is told.
MOST_KEYS = 200
LONGEST_NAME = 100
# Beyond it Decimals no longer compute.
MOST_DIGITS = 100_000


class OddBody(ValueError):
    """Sound JSON that means nothing here; `message` says why."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


def read_object() -> dict[str, Any]:
    """The body, a JSON object. Raises UnsupportedMediaType, PayloadTooLarge, ValidationFailed."""
    if request.mimetype != MIMETYPE:
        raise UnsupportedMediaType
    sent = read_bytes()
    try:
        body = json.loads(
            sent.decode("utf-8-sig"),
            parse_float=exact,
            parse_constant=refuse_constant,
            object_pairs_hook=named_once,
        )
    except OddBody as odd:
        raise ValidationFailed(odd.message) from odd
    except (ValueError, ArithmeticError, RecursionError) as broken:
        raise ValidationFailed(say("The body is not JSON")) from broken
    if is_deeper(body, DEEPEST):
        raise ValidationFailed(say("The body is nested too deeply"))
    if not isinstance(body, dict):
        raise ValidationFailed(say("The body must be a JSON object"))
    return body


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in each other more than so many times; looks no further down than that."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(each, levels - 1) for each in inside)


def read_bytes() -> bytes:
    """The body as sent. One that does not tell its length would be cut at the limit: a byte beyond it tells."""
    most = current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = most + 1
    sent = request.get_data(cache=False)
    if len(sent) > most:
        raise PayloadTooLarge
    return sent


def exact(text: str) -> Decimal:
    """A number with a point or an exponent. Raises OddBody where it has more digits than anything is counted in."""
    number = Decimal(text)
    if abs(number.adjusted()) > MOST_DIGITS:
        raise OddBody(say("A number is out of range"))
    return number


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of few keys; of one that stands twice nobody could tell which value was meant."""
    if len(pairs) > MOST_KEYS:
        raise OddBody(say("An object has at most %(most)s keys", most=MOST_KEYS))
    found: dict[str, Any] = {}
    for key, value in pairs:
        if len(key) > LONGEST_NAME:
            raise OddBody(say("A key has at most %(most)s characters", most=LONGEST_NAME))
        if key in found:
            raise OddBody(say("The key %(key)s stands twice in one object", key=key))
        found[key] = value
    return found


def idempotency_key() -> str | None:
    """The caller's key for this create, or None. Raises ValidationFailed for an empty or an endless one."""
    sent = request.headers.get("Idempotency-Key")
    if sent is None:
        return None
    key = sent.strip()
    if not 1 <= len(key) <= LONGEST_KEY:
        problem = Problem("Idempotency-Key", say("1 to %(most)s characters", most=LONGEST_KEY))
        raise ValidationFailed.of([problem])
    return key
