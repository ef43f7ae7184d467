"""One change counter a site, one for the reference lists, one for people: how readers see that nothing changed.

A writer takes its site's counter first. That orders the writers of a site on PostgreSQL (SQLite has one writer anyway).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable

import peewee

from deskops.database import BaseModel, after_commit, database, execute, rows, transaction

LISTS = "lists"
PEOPLE = "people"
FRESH_SECONDS = 0.2
NEVER = float("-inf")


class ChangeCounter(BaseModel):
    scope = peewee.CharField(max_length=36, primary_key=True)
    value = peewee.BigIntegerField(default=0)


class _Seen:
    """The counters as this process last read them, shared by its threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = NEVER
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


def set_apart() -> None:
    """Give every counter a value that it never had, also in another book that this one takes the place of."""
    with transaction():
        execute("UPDATE change_counter SET value = value + ?", (1 + secrets.randbelow(2**48),))
        after_commit(forget)


def forget() -> None:
    """Read the counters anew at the next look; one that is under way may have begun before the change."""
    with _seen.lock:
        _seen.at = NEVER


def recent() -> dict[str, int]:
    """Every counter, at most 0.2 s old, and never older than this process's own last write: {scope: value}."""
    if not (database.in_transaction() and _seen.values):
        read_since(time.monotonic() - FRESH_SECONDS)
    return _seen.values


def refresh() -> None:
    """Have the counters as they stand now: what was written before through any process is seen from here on."""
    read_since(time.monotonic())


def read_since(moment: float) -> None:
    """Read the counters, unless somebody began to after this moment."""
    if _seen.at >= moment:
        return
    with _seen.lock:
        if _seen.at < moment:
            asked_at = time.monotonic()
            values = dict(rows("SELECT scope, value FROM change_counter"))
            _seen.values, _seen.at = values, asked_at


def version(scopes: Iterable[str]) -> str:
    """One text that changes whenever any of these scopes does."""
    values = recent()
    return ".".join(str(values.get(scope, 0)) for scope in scopes)
