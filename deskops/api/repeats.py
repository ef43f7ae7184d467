"""Requests that are sent again: a keyed create is answered as it was the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from deskops.accounts.actor import Actor
from deskops.api.bodies import idempotency_key
from deskops.records.idempotency import Answer, answer_once

REPLAYED = {"Idempotent-Replayed": "true"}
# Told of each answer by itself.
NOT_KEPT = frozenset({"Content-Length"})


def once(actor: Actor, body: Any, make: Callable[[str | None], Response]) -> Response:
    """What `make` answers to the caller's key, or what it answered to the same key and body before.

    `make` is called inside the transaction that keeps its answer, without a key outside of any.
    Raises IdempotencyConflict, ValidationFailed for a key that is none, and whatever `make` raises.
    """
    key = idempotency_key()
    if key is None:
        return make(None)

    def first() -> Answer:
        made = make(key)
        headers = {name: value for name, value in made.headers if name not in NOT_KEPT}
        return Answer(made.status_code, headers, made.get_data())

    answer, again = answer_once(actor, key, request.path, body, first)
    return Response(answer.body, answer.status, {**answer.headers, **(REPLAYED if again else {})})
