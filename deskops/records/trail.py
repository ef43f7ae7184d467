"""What the audit trail keeps of a change to a record."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from deskops.accounts.actor import Actor
from deskops.audit.chain import Event
from deskops.records.module import Change, Module
from deskops.records.record import Record
from deskops.schema.fields import Field


def signature(actor: Actor) -> str:
    """Who acted, as an entry names them: the person's id, with the token's after a slash."""
    return f"{actor.user_id}/{actor.token_id}" if actor.token_id else actor.user_id


def event(module: Module, change: Change) -> Event:
    """The entry of one change: CREATED with every value, CORRECTED with what differs, VOIDED with the reason."""
    record = change.after
    assert record is not None
    if not record.is_live:
        return Event("VOIDED", module.name, record.id, {"voidReason": [None, record.void_reason]})
    verb = "CREATED" if change.before is None else "CORRECTED"
    return Event(verb, module.name, record.id, differences(module, change))


def differences(module: Module, change: Change) -> dict[str, list[str | None]]:
    """{key: [before, after]} in plain texts; personal ones as digests under the record's salt."""
    assert change.after is not None
    found = {}
    for field in module.schema.fields:
        before = kept_text(field, change.before) if change.before else None
        after = kept_text(field, change.after)
        if before != after:
            found[field.key] = [before, after]
    return found


def kept_text(field: Field, record: Record) -> str | None:
    value: Any = record.__data__[field.name]
    if value is None or value in ("", ()):
        return None
    if field.reference:
        value = getattr(record, field.name)
    text = field.kind.plain(value)
    return digested(record, text) if field.personal else text


def digested(record: Record, text: str) -> str:
    """A personal text as a digest under the record's salt: without that it tells nobody anything."""
    return "hmac:" + hmac.new(record.salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def chunk_event(module: Module, import_id: str, records: list[Record]) -> Event:
    """The entry of a chunk of an import: how many, and a digest of the rows in their order."""
    digest = hashlib.sha256()
    fields = [(field, field.name) for field in module.schema.fields]
    for record in records:
        values = record.__data__
        texts = [
            (kept_text(field, record) or "") if values[name] not in (None, "", ()) else ""
            for field, name in fields
        ]
        digest.update("\x1f".join([record.id, *texts]).encode() + b"\n")
    changes = {"records": [0, len(records)], "sha256": [None, digest.hexdigest()]}
    return Event("IMPORTED", module.name, import_id, changes)
