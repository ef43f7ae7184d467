"""Withdrawing nil returns: whoever enters a record says that there was something to report after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from deskops.accounts.actor import Actor
from deskops.database import rows, utc_now
from deskops.modules import NILS
from deskops.modules.nil import REPORTED, NilReturn
from deskops.records import listing, service
from deskops.records.module import Change, Module
from deskops.records.record import COUNTED_SQL

REASON = "A record was entered"


def withdraw_nils(module: Module, changes: Sequence[Change], actor: Actor) -> None:
    """Void the nil returns that these records speak against: of their day, and of their shift."""
    if module.name not in REPORTED:
        return
    by_site: dict[str, set[tuple[date, str]]] = {}
    for change in changes:
        record: Any = change.after
        if record is not None and record.is_counted:
            shift = record.__data__.get("shift", "")
            by_site.setdefault(record.site_id, set()).add((record.date, shift))
    voided = [
        void(nil, actor)
        for site_id, reported in sorted(by_site.items())
        for nil in declared(module, site_id, {day for day, _ in reported})
        if speaks_against(nil, reported)
    ]
    if voided:
        service.record_changes(NILS, voided, actor)


def declared(module: Module, site_id: str, days: set[date]) -> list[Any]:
    """The nil returns of a module within these days."""
    found = rows(
        f"SELECT {listing.columns(NILS)} FROM {listing.table(NILS)} "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND module = ? AND {COUNTED_SQL} ORDER BY id",
        (site_id, min(days).isoformat(), max(days).isoformat(), module.name),
    )
    return [NilReturn.from_row(row) for row in found]


def speaks_against(nil: Any, reported: set[tuple[date, str]]) -> bool:
    """A record of no shift is of the whole day, and so is a nil return of none."""
    shifts = {shift for day, shift in reported if day == nil.date}
    return bool(shifts) and (nil.shift == "" or bool(shifts & {"", nil.shift}))


def void(nil: Any, actor: Actor) -> Change:
    now = utc_now()
    after = nil.copy(
        voided_at=now,
        voided_by=actor.user_id,
        void_reason=REASON,
        updated_at=now,
        version=nil.version + 1,
    )
    service.update(NILS, Change(nil, after))
    return Change(nil, after)
