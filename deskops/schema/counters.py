"""One change counter a site, one for the reference lists, one for people: how readers see that nothing changed.

A writer takes its site's counter first. That orders the writers of a site on PostgreSQL (SQLite has one writer anyway).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import peewee

from deskops.database import BaseModel, after_commit, database, execute, rows

LISTS = "lists"
PEOPLE = "people"
FRESH_SECONDS = 0.2


class ChangeCounter(BaseModel):
    scope = peewee.CharField(max_length=36, primary_key=True)
    value = peewee.BigIntegerField(default=0)


class _Seen:
    """The counters as this process last read them, shared by its threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = 0.0
        self.values: dict[str, int] = {}


_seen = _Seen()


def take(scopes: Iterable[str]) -> None:
    """Count a change in each scope and, on PostgreSQL, hold its row until the transaction ends."""
    for scope in sorted(set(scopes)):
        execute(
            "INSERT INTO change_counter (scope, value) VALUES (?, 1) "
            "ON CONFLICT (scope) DO UPDATE SET value = change_counter.value + 1",
            (scope,),
        )
    after_commit(forget)


def forget() -> None:
    """Read the counters anew at the next look."""
    _seen.at = 0.0


def recent() -> dict[str, int]:
    """Every counter, at most 0.2 s old, and never older than this process's own last write: {scope: value}."""
    if time.monotonic() - _seen.at < FRESH_SECONDS or (database.in_transaction() and _seen.values):
        return _seen.values
    with _seen.lock:
        if time.monotonic() - _seen.at >= FRESH_SECONDS:
            asked_at = time.monotonic()
            values = dict(rows("SELECT scope, value FROM change_counter"))
            _seen.values, _seen.at = values, asked_at
    return _seen.values


def version(scopes: Iterable[str]) -> str:
    """One text that changes whenever any of these scopes does."""
    values = recent()
    return ".".join(str(values.get(scope, 0)) for scope in scopes)
