"""Asking once: what is doubtful is stored all the same, but a person is asked first, and it waits for another one.

A script is not asked: it reads the doubts in its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from deskops.errors import Doubtful, Problem, ValidationFailed, say
from deskops.records.consequences import Judged, consequences
from deskops.records.idempotency import digest
from deskops.records.module import Change, Module
from deskops.records.reasons import read_reason
from deskops.records.record import ACTIVE, PENDING

SAY_WHY = say("Say why it is right, for whoever looks at it next")
STILL_WAITS = say("It waits for review: it is pending until somebody else has cleared it")


class Keep(NamedTuple):
    """What a person said when asked: nothing yet, or that what they sent stays, and why.

    `mark` is the question's: it is answered for nothing but the values and the doubts that it was asked about.
    """

    mark: str = ""
    reason: str = ""


def judge(
    module: Module, change: Change, sent: Mapping[str, Any], *, soft: Sequence[Problem], keep: Keep | None
) -> Judged:
    """The doubts about a change (`soft` are those that were found already), and what they do to its status.

    `keep` is None for whoever is not asked. Raises Doubtful where somebody has to be.
    """
    record: Any = change.after
    if not record.is_counted:
        return Judged(change)
    doubts = [
        *soft,
        *(doubt for look in consequences().doubts for doubt in look(module, record, change.before)),
    ]
    if not doubts:
        if keep is not None or "status" not in sent:
            waits_no_more(change)
        return Judged(change)
    reason = None if keep is None else answered(module, sent, doubts, keep)
    is_to_wait = record.status == ACTIVE and (keep is not None or "status" not in sent)
    if is_to_wait or stops_waiting(change):
        record.status = PENDING
    return Judged(change, doubts, reason)


def waits_no_more(change: Change) -> None:
    """What waited because of doubts is as good as any other without them."""
    before, after = change
    if before is None or after is None or not before.status == after.status == PENDING:
        return
    if waits(after.id):
        after.status = ACTIVE


def stops_waiting(change: Change) -> bool:
    """Whether a correction would have a record wait no more while its review is open."""
    before, after = change
    if before is None or after is None or before.status != PENDING or after.status == PENDING:
        return False
    return after.is_counted and waits(after.id)


def waits(record_id: str) -> bool:
    reviewing = consequences().reviewing
    return reviewing is not None and reviewing.waits(record_id)


def answered(module: Module, sent: Mapping[str, Any], doubts: Sequence[Problem], keep: Keep) -> str:
    """Why it is kept. Raises Doubtful where this was not asked yet, or nothing was said."""
    mark = mark_of(module, sent, doubts)
    if keep.mark != mark:
        raise Doubtful(doubts, mark)
    try:
        reason = read_reason(keep.reason.strip())
    except ValidationFailed as bad:
        raise Doubtful(doubts, mark, bad.fields["reason"]) from bad
    if not reason:
        raise Doubtful(doubts, mark, [SAY_WHY])
    return reason


def mark_of(module: Module, sent: Mapping[str, Any], doubts: Sequence[Problem]) -> str:
    told = [f"{doubt.field} {doubt.message.text}" for doubt in doubts]
    return hashlib.sha256("\n".join([digest(module, [sent]), *told]).encode()).hexdigest()[:32]


def is_judged_anew(module: Module, change: Change) -> bool:
    """Whether a correction touches what a record is judged by: its day, its numbers, what it is of."""
    before, after = change
    assert before is not None
    assert after is not None
    names = ["date", *(one.name for one in (*module.dimensions, *module.measures) if one.name != "status")]
    return before.is_counted != after.is_counted or any(
        before.__data__[name] != after.__data__[name] for name in names
    )
