"""What is sent twice is stored once: the key of a create, unique for ever, and the digest of what came with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from deskops.accounts.actor import Actor
from deskops.database import rows
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.record import Record


def client_key(actor: Actor, key: str) -> str:
    """A person's key for one create, as stored: unique for ever."""
    return hashlib.sha256(f"{actor.user_id}\n{key}".encode()).hexdigest()


def digest(module: Module, sents: Sequence[Mapping[str, Any]]) -> str:
    """What tells one request's body from another's: what the module reads of it, not a form's own secrets."""
    read = [{key: sent[key] for key in sent.keys() & module.schema.accepted} for sent in sents]
    return hashlib.sha256(json.dumps(read, sort_keys=True, default=str).encode()).hexdigest()


def records_by_key(module: Module, keys: Sequence[str | None]) -> dict[str | None, Record]:
    """{client key: record} of those keys that were used before."""
    asked = [key for key in keys if key]
    if not asked:
        return {}
    marks = ", ".join("?" * len(asked))
    found = rows(
        f"SELECT {listing.columns(module)} FROM {listing.table(module)} WHERE client_key IN ({marks})", asked
    )
    return {record.client_key: record for record in map(module.model.from_row, found)}
