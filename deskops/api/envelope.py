"""The one shape of every answer: data or error beside a timestamp, written by orjson."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from flask import Response

from deskops.database import utc_now
from deskops.errors import Message, Problem, by_field
from deskops.schema.kinds import decimal_json, moment_json

MIMETYPE = "application/json"


def answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer with these keys and the moment it was given."""
    written = orjson.dumps({**body, "timestamp": moment_json(utc_now())}, default=number_or_plain)
    return Response(written, status, headers, mimetype=MIMETYPE)


def one(thing: Any, status: int = 200, headers: Mapping[str, str] | None = None, **beside: Any) -> Response:
    """Anything single; `beside` stands beside `data`, where it holds anything."""
    return answer({"data": thing} | {key: value for key, value in beside.items() if value}, status, headers)


def whole_list(things: Iterable[Any], **further: Any) -> Response:
    """A list that comes whole, as page 1; `further` is what else it tells of itself, where it holds anything."""
    found = list(things)
    count = len(found)
    meta = {"page": 1, "pageSize": count, "totalCount": count, "totalPages": 1 if count else 0}
    meta |= {key: value for key, value in further.items() if value}
    return answer({"data": found, "meta": meta})


def nothing() -> Response:
    """204: done, and there is nothing to tell."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def warnings(doubts: Iterable[Problem]) -> Any:
    """Doubts as {field: [texts]}."""
    return plain(by_field(list(doubts)))


def number_or_plain(value: Any) -> Any:
    """Charts are decimals by the thousand: those are looked at first."""
    return decimal_json(value) if type(value) is Decimal else plain(value)


def plain(value: Any) -> Any:
    """A value of an answer as JSON has it: messages become texts, decimals numbers, and no text is beyond UTF-8."""
    if isinstance(value, Decimal):
        return decimal_json(value)
    if isinstance(value, Message | str):
        return str(value).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
