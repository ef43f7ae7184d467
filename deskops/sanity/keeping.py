"""Letting doubtful records wait: a review is raised, and ended, in the transaction of the change that it tells of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from deskops.accounts.actor import Actor
from deskops.audit.chain import Event, append
from deskops.database import execute, rows, utc_now
from deskops.errors import Message, Problem
from deskops.records.consequences import Judged, Reviewing
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.records.trail import digested, signature
from deskops.sanity.models import Review
from deskops.schema.columns import MomentField

CLEARED, CORRECTED, VOIDED = "CLEARED", "CORRECTED", "VOIDED"


def waits(record_id: str) -> bool:
    """Whether a review of this record is open."""
    found = rows("SELECT 1 FROM review WHERE record_id = ? AND cleared_at IS NULL LIMIT 1", (record_id,))
    return bool(found)


def settle(module: Module, judged: Sequence[Judged], actor: Actor) -> None:
    """What waited for something else than now stands there waits no longer; what is doubtful waits."""
    events: dict[str, list[Event]] = {}
    for (before, after), doubts, reason in judged:
        assert after is not None
        if before is not None:
            end(after.id, CORRECTED if after.is_live else VOIDED, actor)
        if doubts:
            raised = raise_review(module, after, doubts, reason, actor)
            events.setdefault(after.site_id, []).append(raised)
    for site_id, of_site in sorted(events.items()):
        append(site_id, signature(actor), of_site)


def raise_review(
    module: Module, record: Record, doubts: Sequence[Problem], reason: str | None, actor: Actor
) -> Event:
    """A new open review; answers what the audit trail keeps of it."""
    Review.insert(
        site=record.site_id,
        date=record.date,
        module=module.name,
        record_id=record.id,
        doubts=written(doubts),
        reason=reason,
        raised_by=actor.user_id,
    ).execute()
    changes = {"doubts": [None, "; ".join(str(doubt.message) for doubt in doubts)]}
    if reason:
        changes["reason"] = [None, digested(record, reason)]
    return Event("DOUBTED", module.name, record.id, changes)


def end(record_id: str, outcome: str, actor: Actor, remark: str | None = None) -> None:
    """Close the open reviews of a record."""
    execute(
        "UPDATE review SET cleared_at = ?, cleared_by = ?, outcome = ?, remark = ? "
        "WHERE record_id = ? AND cleared_at IS NULL",
        (MomentField().db_value(utc_now()), actor.user_id, outcome, remark, record_id),
    )


REVIEWING = Reviewing(waits, settle)


def written(doubts: Sequence[Problem]) -> str:
    """Doubts as they are kept: [[field, template, parameters]], so that each reader reads them in their language."""
    return json.dumps(
        [[one.field, one.message.text, dict(one.message.params)] for one in doubts], default=plain
    )


def plain(value: Any) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    raise TypeError(f"{type(value)} is no parameter of a doubt")


def read(text: str) -> list[Message]:
    """The doubts' messages."""
    return [
        Message(template, {name: parameter(value) for name, value in params.items()})
        for _, template, params in json.loads(text)
    ]


def parameter(value: Any) -> Any:
    if isinstance(value, dict):
        return Decimal(value["decimal"]) if "decimal" in value else date.fromisoformat(value["day"])
    return value
