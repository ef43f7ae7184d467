"""Writing records: one function a verb, called by both faces, by imports and by jobs. Nothing else writes them.

Every verb is one transaction: the site's counter first (it orders the writers of a site), then the record, the
audit entry and the reactions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import peewee
from pydantic import ValidationError

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import append
from deskops.database import execute, insert_rows, transaction, utc_now
from deskops.errors import (
    DeskOpsError,
    EditConflict,
    IdempotencyConflict,
    InvalidSiteId,
    NotFound,
    Problem,
    ValidationFailed,
    by_field,
    say,
)
from deskops.records import listing
from deskops.records.consequences import consequences, react
from deskops.records.idempotency import client_key, digest, stored_before
from deskops.records.module import Change, Check, Module
from deskops.records.record import Record
from deskops.records.trail import event, signature
from deskops.records.uniqueness import taken_keys
from deskops.schema import counters, kinds, references
from deskops.schema.reading import Reading

# The time zone farthest behind UTC.
EARLIEST_CLOCK = timedelta(hours=12)
REASON = kinds.adapter(kinds.LONG_TEXT, max_length=500)

Sent = Mapping[str, Any]


class Draft(NamedTuple):
    """What was sent, as a record not yet stored, with what stands against it and what is doubtful."""

    record: Any
    problems: list[Problem]
    doubts: list[Problem]


class Saved(NamedTuple):
    """A stored record, the doubts about it, and whether this call stored it (an earlier one may have)."""

    record: Any
    doubts: list[Problem]
    is_new: bool


def create(module: Module, sent: Sent, actor: Actor, *, strict: bool = True, key: str | None = None) -> Saved:
    """Store one record. With a `key` used before, answers the record stored then.

    Raises ValidationFailed, InvalidSiteId, Forbidden, DuplicateRecord, IdempotencyConflict, or what a check raises.
    """
    one = draft(module, sent, actor, strict=strict)
    refuse_draft(sent, one)
    return store_drafts(module, [sent], [one], actor, [key])[0]


def create_many(
    module: Module, sents: Sequence[Sent], actor: Actor, *, strict: bool = True, key: str | None = None
) -> list[Saved]:
    """Store all records or none. Raises ValidationFailed with `rows`, or the first conflict with its `row`."""
    drafts = [draft(module, sent, actor, strict=strict) for sent in sents]
    bad = {index: by_field(one.problems) for index, one in enumerate(drafts) if one.problems}
    if bad:
        raise ValidationFailed(rows=bad)
    # The first takes the key as it is: a key of one record is no batch's, nor the other way round.
    keys = [f"{key}#{index}" if key and index else key for index in range(len(sents))]
    return store_drafts(module, sents, drafts, actor, keys)


def draft(module: Module, sent: Sent, actor: Actor, *, strict: bool) -> Draft:
    """Read and judge one record by itself. Raises Forbidden where the actor may not enter at its site."""
    return draft_of(module, module.schema.read(sent, strict=strict), actor)


def draft_of(module: Module, reading: Reading, actor: Actor) -> Draft:
    """The record of what was read, judged by itself. Raises Forbidden where the actor may not enter at its site."""
    site = reading.values.get("site")
    if site is not None:
        actor.require(module.rights.create, site.id)
    record = module.model.new({**reading.values, "created_by": actor.user_id})
    return judged(module, record, reading.problems)


def judged(module: Module, record: Any, problems: list[Problem]) -> Draft:
    """Apply the rules: all of them where the record could be read whole, the one of the day wherever there is one."""
    if problems:
        has_day = record.__data__.get("date") and record.__data__.get("site")
        return Draft(record, problems + (not_in_the_future(record) if has_day else []), [])
    found = [problem for rule in (not_in_the_future, *module.rules) for problem in rule(record)]
    return Draft(record, [one for one in found if not one.soft], [one for one in found if one.soft])


def not_in_the_future(record: Record) -> list[Problem]:
    # It is this day at least everywhere on earth: most records need no look at their site's clock.
    if record.may_lie_ahead or record.date <= (utc_now() - EARLIEST_CLOCK).date():
        return []
    today = record.site.today()
    return (
        [Problem("date", say("Must not be later than the site's today, %(today)s", today=today))]
        if record.date > today
        else []
    )


def refuse_draft(sent: Sent, one: Draft) -> None:
    named, fields = sent.get("siteId"), {problem.field for problem in one.problems}
    if fields == {"siteId"} and isinstance(named, str) and named.strip() and not references.find(Site, named):
        raise InvalidSiteId(siteId=named)
    if one.problems:
        raise ValidationFailed.of(one.problems)


def store_drafts(
    module: Module, sents: Sequence[Sent], drafts: list[Draft], actor: Actor, keys: Sequence[str | None]
) -> list[Saved]:
    # Of the whole request: a batch with one record more or less is another body.
    sent_digest = digest(module, sents) if any(keys) else None
    for one, key in zip(drafts, keys, strict=True):
        if key:
            one.record.client_key = client_key(actor, key)
            one.record.client_digest = sent_digest
    with transaction():
        counters.take({one.record.site_id for one in drafts})
        known = stored_before(module, [one.record for one in drafts])
        new = [one.record for one in drafts if one.record.client_key not in known]
        for index, conflict in find_conflicts(module, [Change(None, record) for record in new]).items():
            raise conflict if len(drafts) == 1 else with_row(conflict, index)
        insert(module, new)
        record_changes(module, [Change(None, record) for record in new], actor)
    return [
        Saved(known.get(one.record.client_key, one.record), one.doubts, one.record.client_key not in known)
        for one in drafts
    ]


def with_row(conflict: DeskOpsError, index: int) -> DeskOpsError:
    if isinstance(conflict, ValidationFailed):
        return ValidationFailed(rows={index: conflict.fields})
    return type(conflict)(conflict.message, **conflict.details, row=index)


def find_conflicts(module: Module, changes: Sequence[Change]) -> dict[int, DeskOpsError]:
    """{index: what stands against it}, by what is stored and by the rest of the batch. Call inside the transaction."""
    conflicts: dict[int, DeskOpsError] = {}
    checks: list[Check] = [partial(guard, module) for guard in consequences().guards]
    checks += [taken_keys(module)] if module.unique else []
    for check in (*checks, *module.checks):
        for index, conflict in check(changes).items():
            conflicts.setdefault(index, conflict)
    return dict(sorted(conflicts.items()))


def insert(module: Module, records: Sequence[Record]) -> None:
    """Write new records. Raises IdempotencyConflict where another site took one of their keys at this moment."""
    try:
        insert_rows(listing.table(module), listing.columns(module), [record.row() for record in records])
    except peewee.IntegrityError as taken:
        if "client_key" in str(taken):
            raise IdempotencyConflict from taken
        raise


def record_changes(module: Module, changes: Sequence[Change], actor: Actor) -> None:
    """Audit entries on each site's chain, then the reactions."""
    by_site: dict[str, list[Change]] = {}
    for change in changes:
        assert change.after is not None
        by_site.setdefault(change.after.site_id, []).append(change)
    for site_id, of_site in sorted(by_site.items()):
        append(site_id, signature(actor), [event(module, change) for change in of_site])
    react(module, changes, actor)


def correct(
    module: Module,
    record_id: str,
    sent: Sent,
    actor: Actor,
    *,
    strict: bool = True,
    version: int | None = None,
) -> Saved:
    """Change the fields that were sent; the whole record is judged anew.

    Raises NotFound, Forbidden, EditConflict (`version` given and not the record's), ValidationFailed, InvalidSiteId,
    DuplicateRecord.
    """
    site_id = listing.get(module, record_id, actor, module.rights.correct).site_id
    with transaction():
        counters.take([site_id])
        before = listing.find(module, record_id, for_update=True)
        refuse_stale(before, version)
        reading = module.schema.read(sent, strict=strict, held=before)
        site = reading.values.get("site", before.site)
        if site.id != site_id:
            actor.require(module.rights.correct, site.id, before.created_by)
            reading.problems.append(
                Problem("siteId", say("A record stays at its site: void it and enter it at the other"))
            )
        after = before.copy(**reading.values, version=before.version + 1, updated_at=utc_now())
        one = judged(module, after, reading.problems)
        refuse_draft(sent, one)
        change = Change(before, after)
        for conflict in find_conflicts(module, [change]).values():
            raise conflict
        update(module, change)
        record_changes(module, [change], actor)
    return Saved(after, one.doubts, True)


def void(
    module: Module, record_id: str, actor: Actor, *, reason: str | None, version: int | None = None
) -> Any:
    """Take a record out of every sum and list; it stays, with who, when and why.

    Raises NotFound, Forbidden, EditConflict, ValidationFailed.
    """
    site_id = listing.get(module, record_id, actor, module.rights.void).site_id
    reason = read_reason(reason)
    with transaction():
        counters.take([site_id])
        before = listing.find(module, record_id, for_update=True)
        refuse_stale(before, version)
        now = utc_now()
        after = before.copy(
            voided_at=now,
            voided_by=actor.user_id,
            void_reason=reason,
            updated_at=now,
            version=before.version + 1,
        )
        change = Change(before, after)
        for guard in consequences().guards:
            for refused in guard(module, [change]).values():
                raise refused
        update(module, change)
        record_changes(module, [change], actor)
    return after


def read_reason(sent: str | None) -> str | None:
    """Why a record is void: up to 500 characters, none of them control characters. Raises ValidationFailed."""
    try:
        return sent and REASON.validate_python(sent)
    except ValidationError as error:
        problems = [Problem("reason", message) for message in kinds.explain(error)]
        raise ValidationFailed.of(problems) from error


def refuse_stale(record: Any, version: int | None) -> None:
    if record is None or not record.is_live:
        raise NotFound
    if version is not None and record.version != version:
        raise EditConflict(record)


def update(module: Module, change: Change) -> None:
    """Write the columns that differ."""
    before, after = change
    assert before is not None
    assert after is not None
    columns = module.model._meta.sorted_fields
    changed = [
        (column.column_name, new)
        for column, old, new in zip(columns, before.row(), after.row(), strict=True)
        if old != new
    ]
    assignments = ", ".join(f"{name} = ?" for name, _ in changed)
    execute(
        f"UPDATE {listing.table(module)} SET {assignments} WHERE id = ?",
        [*(value for _, value in changed), after.id],
    )
