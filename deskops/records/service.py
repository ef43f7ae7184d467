"""Writing records: one function a verb, called by both faces, by imports and by jobs. Nothing else writes them.

Every verb is one transaction: the site's counter first (it orders the writers of a site), then the record, the
audit entry and the reactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import peewee

from deskops.accounts.actor import Actor
from deskops.audit.chain import append
from deskops.database import execute, insert_rows, transaction, utc_now
from deskops.errors import (
    DeskOpsError,
    EditConflict,
    IdempotencyConflict,
    NotFound,
    Problem,
    ValidationFailed,
    by_field,
    say,
)
from deskops.records import listing
from deskops.records.asking import STILL_WAITS, Keep, is_judged_anew, judge, stops_waiting
from deskops.records.consequences import Judged, consequences, react, settle
from deskops.records.drafting import Draft, Sent, draft, judged_by_itself, refuse_draft
from deskops.records.idempotency import client_key, digest, stored_before
from deskops.records.module import Change, Check, Module
from deskops.records.reasons import read_reason
from deskops.records.record import Record
from deskops.records.trail import event, signature
from deskops.records.uniqueness import taken_keys
from deskops.schema import counters


class Saved(NamedTuple):
    """A stored record, the doubts about it, and whether this call stored it (an earlier one may have)."""

    record: Any
    doubts: list[Problem]
    is_new: bool


def create(
    module: Module,
    sent: Sent,
    actor: Actor,
    *,
    strict: bool = True,
    key: str | None = None,
    keep: Keep | None = None,
) -> Saved:
    """Store one record. With a `key` used before, answers the record stored then. `keep` is for whoever can be asked.

    Raises ValidationFailed, InvalidSiteId, Forbidden, DuplicateRecord, IdempotencyConflict, Doubtful (only with
    `keep`), or what a check raises.
    """
    one = draft(module, sent, actor, strict=strict)
    refuse_draft(sent, one)
    return store_drafts(module, [sent], [one], actor, keys=[key], keep=keep)[0]


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
    return store_drafts(module, sents, drafts, actor, keys=keys)


def store_drafts(
    module: Module,
    sents: Sequence[Sent],
    drafts: list[Draft],
    actor: Actor,
    *,
    keys: Sequence[str | None],
    keep: Keep | None = None,
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
        new = {
            at: Change(None, one.record)
            for at, one in enumerate(drafts)
            if one.record.client_key not in known
        }
        changes = [*new.values()]
        for index, conflict in find_conflicts(module, changes).items():
            raise conflict if len(drafts) == 1 else with_row(conflict, [*new][index])
        judged = {
            at: judge(module, change, sents[at], soft=drafts[at].doubts, keep=keep)
            for at, change in new.items()
        }
        insert(module, [one.record for at, one in enumerate(drafts) if at in new])
        record_changes(module, changes, actor)
        settle(module, [one for one in judged.values() if one.doubts], actor)
    return [
        Saved(one.record, list(judged[at].doubts), True)
        if at in new
        else Saved(known[one.record.client_key], one.doubts, False)
        for at, one in enumerate(drafts)
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
    keep: Keep | None = None,
) -> Saved:
    """Change the fields that were sent; the whole record is judged anew.

    Raises NotFound, Forbidden, EditConflict (`version` given and not the record's), ValidationFailed, InvalidSiteId,
    DuplicateRecord, Doubtful (only with `keep`).
    """
    site_id = listing.get(module, record_id, actor, module.rights.correct).site_id
    with transaction():
        counters.take([site_id])
        before = listing.find(module, record_id, for_update=True)
        refuse_stale(before, version)
        one = corrected(module, before, sent, actor, strict=strict)
        refuse_draft(sent, one)
        change = Change(before, one.record)
        for conflict in find_conflicts(module, [change]).values():
            raise conflict
        is_anew = is_judged_anew(module, change)
        if not is_anew and stops_waiting(change):
            raise ValidationFailed.of([Problem("status", STILL_WAITS)])
        judged = judge(module, change, sent, soft=one.doubts, keep=keep) if is_anew else Judged(change)
        update(module, change)
        record_changes(module, [change], actor)
        settle(module, [judged] if is_anew else [], actor)
    return Saved(one.record, list(judged.doubts), True)


def corrected(module: Module, before: Any, sent: Sent, actor: Actor, *, strict: bool) -> Draft:
    """The record as it would stand corrected, judged by itself."""
    reading = module.schema.read(sent, strict=strict, held=before)
    site = reading.values.get("site", before.site)
    if site.id != before.site_id:
        actor.require(module.rights.correct, site.id, before.created_by)
        reading.problems.append(
            Problem("siteId", say("A record stays at its site: void it and enter it at the other"))
        )
    after = before.copy(**reading.values, version=before.version + 1, updated_at=utc_now())
    return judged_by_itself(module, after, reading.problems)


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
        settle(module, [Judged(change)], actor)
    return after


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
