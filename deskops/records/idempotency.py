"""What is sent twice is stored once, and answered the same.

The key of a create stands on its record for ever. For a day its first answer is kept too, by the transaction that
made the record: after a crash there are both or neither.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import peewee

from deskops.accounts.actor import Actor
from deskops.database import BaseModel, execute, is_sqlite, rows, transaction, utc_now
from deskops.errors import IdempotencyConflict, say
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema.columns import MomentField

KEPT_FOR = timedelta(hours=24)
# More than one, so that what has expired grows fewer with every keyed write.
MOST_DELETED = 20


class KeptAnswer(BaseModel):
    """The first answer to a request with a key; `body` is compressed."""

    key_hash = peewee.CharField(max_length=64, primary_key=True)
    digest = peewee.CharField(max_length=64)
    status = peewee.SmallIntegerField()
    headers = peewee.TextField()
    body = peewee.BlobField()
    created_at = MomentField(index=True)


class Answer(NamedTuple):
    """What a program was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer_once(
    actor: Actor, key: str, route: str, body: Any, make: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """What `make` answers, or what it answered this person's same request within a day: (answer, whether again).

    Of several at once the others wait for the first. A `make` that raises leaves nothing.
    Raises IdempotencyConflict where the key came with another route or body.
    """
    hashed, asked = client_key(actor, key), hash_of([route, body], repr)
    with transaction():
        if not claim(hashed, asked):
            return kept_answer(hashed, asked), True
        answer = make()
        execute(
            "UPDATE kept_answer SET status = ?, headers = ?, body = ? WHERE key_hash = ?",
            (answer.status, json.dumps(dict(answer.headers)), zlib.compress(answer.body), hashed),
        )
        delete_expired()
    return answer, False


def claim(hashed: str, asked: str) -> bool:
    """Take the key for the open transaction, unless an answer is kept under it."""
    now = utc_now()
    taken = execute(
        "INSERT INTO kept_answer (key_hash, digest, status, headers, body, created_at) VALUES (?, ?, 0, '', ?, ?) "
        "ON CONFLICT (key_hash) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at "
        "WHERE kept_answer.created_at <= ?",
        (hashed, asked, b"", stored(now), stored(now - KEPT_FOR)),
    )
    return bool(taken.rowcount)


def kept_answer(hashed: str, asked: str) -> Answer:
    found = rows("SELECT digest, status, headers, body FROM kept_answer WHERE key_hash = ?", (hashed,))
    digest, status, headers, body = found[0]
    if digest != asked:
        raise IdempotencyConflict
    return Answer(status, json.loads(headers), zlib.decompress(body))


def delete_expired() -> None:
    """A few at a time, passing over those that another transaction is about to take or delete."""
    free = "" if is_sqlite() else " FOR UPDATE SKIP LOCKED"
    expired = f"SELECT key_hash FROM kept_answer WHERE created_at <= ? ORDER BY created_at LIMIT {MOST_DELETED}{free}"
    execute(f"DELETE FROM kept_answer WHERE key_hash IN ({expired})", (stored(utc_now() - KEPT_FOR),))


def stored(moment: Any) -> Any:
    return KeptAnswer.created_at.db_value(moment)


def client_key(actor: Actor, key: str) -> str:
    """A person's key for one create, as stored: unique for ever."""
    return hashlib.sha256(f"{actor.user_id}\n{key}".encode()).hexdigest()


def digest(module: Module, sents: Sequence[Mapping[str, Any]]) -> str:
    """What tells one request's body from another's: what the module reads of it, not a form's own secrets."""
    return hash_of([{key: sent[key] for key in sent.keys() & module.schema.accepted} for sent in sents], str)


def hash_of(value: Any, write: Callable[[Any], str]) -> str:
    """The same for equal values, in whatever order their keys stand; `write` is for what JSON does not have."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=write).encode()).hexdigest()


def stored_before(module: Module, records: Sequence[Record]) -> dict[str | None, Record]:
    """{client key: record} of those that the same request stored already.

    Raises IdempotencyConflict where a key came with another body, or its record is void: nothing then stands for it.
    """
    asked = {one.client_key: one.client_digest for one in records if one.client_key}
    if not asked:
        return {}
    marks = ", ".join("?" * len(asked))
    found = rows(
        f"SELECT {listing.columns(module)} FROM {listing.table(module)} WHERE client_key IN ({marks})",
        [*asked],
    )
    known: dict[str | None, Record] = {}
    for record in map(module.model.from_row, found):
        known[record.client_key] = record
        if record.client_digest != asked[str(record.client_key)]:
            raise IdempotencyConflict
        if not record.is_live:
            raise IdempotencyConflict(say("What was entered with this key has been voided"), id=record.id)
    return known
