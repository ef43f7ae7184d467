"""Reading JSON bodies. Numbers stay exact: with a point they are Decimals, never floats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from flask import current_app, request

from deskops.api.envelope import MIMETYPE
from deskops.errors import PayloadTooLarge, Problem, UnsupportedMediaType, ValidationFailed, say

LONGEST_KEY = 255
# Bulk bodies are the deepest: a list of records, some with lists and objects in them.
DEEPEST = 10


class TwiceNamed(ValueError):
    """A key stands twice in one object, so that nobody can tell which value was meant."""


def read_object() -> dict[str, Any]:
    """The body, a JSON object. Raises UnsupportedMediaType, PayloadTooLarge, ValidationFailed."""
    if request.mimetype != MIMETYPE:
        raise UnsupportedMediaType
    sent = read_bytes()
    try:
        body = json.loads(
            sent.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=refuse_constant,
            object_pairs_hook=named_once,
        )
    except TwiceNamed as twice:
        raise ValidationFailed(say("The key %(key)s stands twice in one object", key=twice)) from twice
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


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        raise TwiceNamed(next(key for key in names if names.count(key) > 1))
    return found


def idempotency_key() -> str | None:
    """The caller's key for this create, or None. Raises ValidationFailed for one that is too long."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        problem = Problem("Idempotency-Key", say("At most %(most)s characters", most=LONGEST_KEY))
        raise ValidationFailed.of([problem])
    return key or None
