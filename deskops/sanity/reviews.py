"""The review list: doubtful records, each waiting until somebody else has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.people import names_of
from deskops.accounts.policy import REVIEW
from deskops.audit.chain import Event, append
from deskops.database import rows, snapshot, transaction, utc_now
from deskops.errors import Forbidden, Message, NotFound, Problem, ValidationFailed, say
from deskops.modules import EVERY_MODULE
from deskops.records import listing, service
from deskops.records.consequences import consequences
from deskops.records.module import Change, Module
from deskops.records.reasons import read_reason
from deskops.records.record import ACTIVE, PENDING
from deskops.records.trail import digested, signature
from deskops.records.where import Where
from deskops.sanity.keeping import CLEARED, end, read
from deskops.sanity.models import Review
from deskops.schema import counters

PAGE_SIZE = 25
ENDED = say("This review is over: see the record")
OWN_RECORD = say("Nobody clears a doubt about what they entered themselves: ask a colleague")


class Waiting(NamedTuple):
    """A record that waits: what is doubtful about it, why it was kept, by whom (a name) and when."""

    id: str
    module: Module
    record: Any
    doubts: list[Message]
    reason: str
    raised_by: str
    raised_at: datetime
    owners: frozenset[str]


class Part(NamedTuple):
    """A page of the list, with the count of the whole."""

    reviews: list[Waiting]
    total: int
    page: int
    pages: int


def count_open(site_ids: Sequence[str]) -> int:
    where = open_at(site_ids)
    return int(rows(f"SELECT COUNT(*) FROM review WHERE {where.sql}", where.params)[0][0])


def open_at(site_ids: Sequence[str]) -> Where:
    where = Where()
    where.add_any("site_id", site_ids)
    where.add("cleared_at IS NULL")
    return where


def open_reviews(site_ids: Sequence[str], page: int = 1) -> Part:
    """One page of what waits at these sites, the oldest day first."""
    where = open_at(site_ids)
    with snapshot():
        total = count_open(site_ids)
        pages = max(-(-total // PAGE_SIZE), 1)
        page = min(max(page, 1), pages)
        found = rows(
            f"SELECT id, module, record_id, doubts, reason, raised_by, raised_at FROM review WHERE {where.sql} "
            "ORDER BY date, raised_at, id LIMIT ? OFFSET ?",
            [*where.params, PAGE_SIZE, (page - 1) * PAGE_SIZE],
        )
        records = {name: records_of(name, found) for name in {row[1] for row in found}}
        names = names_of({row[5] for row in found})
    reviews = [waiting(row, records[row[1]][row[2]], names) for row in found]
    return Part(reviews, total, page, pages)


def waiting(row: Sequence[Any], record: Any, names: dict[str, str]) -> Waiting:
    review_id, module, _, doubts, reason, raised_by, raised_at = row
    return Waiting(
        id=review_id,
        module=EVERY_MODULE[module],
        record=record,
        doubts=read(doubts),
        reason=reason or "",
        raised_by=names.get(raised_by, ""),
        raised_at=datetime.fromisoformat(str(raised_at)),
        owners=frozenset((raised_by, record.created_by)),
    )


def records_of(name: str, reviews: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """{id: record} of these reviews that are of one module."""
    module, where = EVERY_MODULE[name], Where()
    where.add_any("id", [row[2] for row in reviews if row[1] == name])
    found = rows(
        f"SELECT {listing.columns(module)} FROM {listing.table(module)} WHERE {where.sql}", where.params
    )
    return {record.id: record for record in map(module.model.from_row, found)}


def may_clear(actor: Actor, one: Waiting) -> bool:
    return actor.may(REVIEW, one.record.site_id) and actor.user_id not in one.owners


def clear(review_id: str, actor: Actor, remark: str | None = None) -> tuple[Module, Any]:
    """Say that a doubtful record is right: it is as good as any other from now on. Answers its module and the record.

    Raises NotFound, Forbidden (also where the record is the actor's own), DayClosed, ValidationFailed (a remark that
    is none).
    """
    review = found_open(review_id)
    actor.require(REVIEW, review.site_id)
    told = read_remark(remark)
    with transaction():
        counters.take([review.site_id])
        review, module = found_open(review_id), EVERY_MODULE[review.module]
        record: Any = listing.find(module, review.record_id, for_update=True)
        if actor.user_id in (review.raised_by, record.created_by):
            raise Forbidden(OWN_RECORD)
        refuse_guarded(module, Change(record, record))
        end(record.id, CLEARED, actor, told)
        changes = {"remark": [None, digested(record, told)]} if told else {}
        append(review.site_id, signature(actor), [Event(CLEARED, module.name, record.id, changes)])
        if record.status != PENDING:
            return module, record
        after = record.copy(status=ACTIVE, version=record.version + 1, updated_at=utc_now())
        service.update(module, Change(record, after))
        service.record_changes(module, [Change(record, after)], actor)
    return module, after


def found_open(review_id: str) -> Any:
    review = Review.get_or_none(Review.id == review_id)
    if review is None:
        raise NotFound
    if review.cleared_at is not None:
        raise NotFound(ENDED)
    return review


def read_remark(remark: str | None) -> str | None:
    """Raises ValidationFailed for one that is too long."""
    try:
        return read_reason(remark and remark.strip()) or None
    except ValidationFailed as bad:
        problems = [Problem("remark", message) for message in bad.fields["reason"]]
        raise ValidationFailed.of(problems) from bad


def refuse_guarded(module: Module, change: Change) -> None:
    for guard in consequences().guards:
        for refused in guard(module, [change]).values():
            raise refused
