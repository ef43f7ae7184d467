"""The audit chain.

Each site has a chain, the installation itself another (scope ""). An entry is written in the transaction of the
change it tells of. Its hash is the SHA-256 of its canonical form: the JSON array

    [scope, sequence, at, actor, verb, subject, subject_id, changes, previous_hash]

in UTF-8, without blanks, object keys sorted, letters unescaped, `at` as ISO 8601 with microseconds and Z. `changes` is
{field: [before, after]} with plain texts; where a field is personal, a text stands as "hmac:" and the
HMAC-SHA256 of it under the record's own salt, so that clearing the value and the salt forgets the person and
leaves the chain whole. A chunk of an import is one entry: its `changes` hold the count, the tons and the SHA-256
of the canonical rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import peewee

from deskops.database import BaseModel, database, execute, execute_many, is_sqlite, rows, utc_now
from deskops.schema.columns import MomentField

INSTALLATION = ""
GENESIS = "0" * 64


class AuditEntry(BaseModel):
    scope = peewee.CharField(max_length=36)
    sequence = peewee.BigIntegerField()
    at = MomentField()
    actor = peewee.CharField(max_length=80)
    verb = peewee.CharField(max_length=20)
    subject = peewee.CharField(max_length=30)
    subject_id = peewee.CharField(max_length=40)
    changes = peewee.TextField()
    previous_hash = peewee.CharField(max_length=64)
    hash = peewee.CharField(max_length=64)

    class Meta:
        primary_key = peewee.CompositeKey("scope", "sequence")
        indexes = ((("subject_id", "sequence"), False),)


class AuditHead(BaseModel):
    """The last entry of each chain."""

    scope = peewee.CharField(max_length=36, primary_key=True)
    sequence = peewee.BigIntegerField()
    hash = peewee.CharField(max_length=64)


class Event(NamedTuple):
    """What happened to one subject."""

    verb: str
    subject: str
    subject_id: str
    changes: dict[str, Any]


# Made once: json.dumps would make one for every text.
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def entry_hash(
    scope: str, sequence: int, at: str, actor: str, event: Event, *, changes: str, previous: str
) -> str:
    """The hash of one entry; `changes` is already canonical text and is taken as such."""
    head = canonical([scope, sequence, at, actor, event.verb, event.subject, event.subject_id])
    return hashlib.sha256(f"{head[:-1]},{changes},{canonical(previous)}]".encode()).hexdigest()


def append(scope: str, actor: str, events: Iterable[Event]) -> None:
    """Add entries to a chain, inside the transaction of the change they tell of.

    `actor` is a user's id, with the token's after a slash. The scope's head row is held until the transaction ends.
    """
    assert database.in_transaction(), "an audit entry belongs to the transaction of its change"
    lock = "" if is_sqlite() else " FOR UPDATE"
    found = rows(f"SELECT sequence, hash FROM audit_head WHERE scope = ?{lock}", (scope,))
    sequence, previous = found[0] if found else (0, GENESIS)
    now = utc_now()
    stored_at, at = now.isoformat(" ", "microseconds"), now.isoformat(timespec="microseconds") + "Z"
    batch: list[tuple[Any, ...]] = []
    for event in events:
        sequence += 1
        changes = canonical(event.changes)
        current = entry_hash(scope, sequence, at, actor, event, changes=changes, previous=previous)
        batch.append((scope, sequence, stored_at, actor, *event[:3], changes, previous, current))
        previous = current
    if not batch:
        return
    columns = "scope, sequence, at, actor, verb, subject, subject_id, changes, previous_hash, hash"
    execute_many(f"INSERT INTO audit_entry ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", batch)
    execute(
        "INSERT INTO audit_head (scope, sequence, hash) VALUES (?, ?, ?) "
        "ON CONFLICT (scope) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash",
        (scope, sequence, previous),
    )


def broken_links(scope: str) -> Sequence[int]:
    """The sequences of a chain at which an entry was changed, removed or put in; none when the chain is whole."""
    broken, expected, previous = [], 1, GENESIS
    for entry in (
        AuditEntry.select().where(AuditEntry.scope == scope).order_by(AuditEntry.sequence).iterator()
    ):
        at = entry.at.isoformat(timespec="microseconds") + "Z"
        event = Event(entry.verb, entry.subject, entry.subject_id, {})
        current = entry_hash(
            scope, entry.sequence, at, entry.actor, event, changes=entry.changes, previous=entry.previous_hash
        )
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, previous, current):
            broken.append(entry.sequence)
        expected, previous = entry.sequence + 1, entry.hash
    head = AuditHead.get_or_none(AuditHead.scope == scope)
    if head and (head.sequence, head.hash) != (expected - 1, previous):
        broken.append(head.sequence)
    return broken
