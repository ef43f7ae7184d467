"""A site works other shifts than before: which days its nil returns cover changes with them."""

from __future__ import annotations

from datetime import date

from deskops.accounts.models import Site
from deskops.ledger.chain import restate
from deskops.ledger.inputs import declared
from deskops.ledger.standing import (
    INPUTS,
    covers_day,
    reported_days,
    standing,
    store_days,
    stored_days,
    withdraw_days,
)
from deskops.modules.nil import has_shifts
from deskops.modules.reference import Material
from deskops.records import totals
from deskops.schema import references


def reschedule(before: Site, after: Site) -> None:
    """Store and withdraw the snapshots of days that rest on nil returns of shifts. Call inside the transaction.

    No balance changes by it, also none of a closed day: only whether a day has snapshots.
    """
    first_day = standing(after.id).first_day
    if first_day is None or before.work_shifts == after.work_shifts:
        return
    begun: set[date] = set()
    ended: set[date] = set()
    for name in filter(has_shifts, INPUTS):
        covered, bared = flipped(before, after, name, first_day)
        begun |= covered
        ended |= bared
    if not begun | ended:
        return
    start, end = min(begun | ended), max(begun | ended)
    for name in INPUTS:
        if not has_shifts(name):
            begun &= reported_days(after.id, name, start, end)
    ended &= stored_days(after.id, start, end)
    store_days(after.id, begun)
    withdraw_days(after.id, ended)
    for material in references.every(Material):
        for day in sorted(begun):
            restate(after.id, material.id, day, first_day, end=day)


def flipped(before: Site, after: Site, name: str, first_day: date) -> tuple[set[date], set[date]]:
    """The days without a record that the nil returns of a module cover now and did not, and those the other way."""
    shifts = declared(after.id, first_day, date.max).get(name, {})
    changed = {
        day
        for day, of_day in shifts.items()
        if covers_day(before, name, of_day) != covers_day(after, name, of_day)
    }
    if not changed:
        return set(), set()
    entered = totals.by_day(INPUTS[name], after.id, min(changed), max(changed), [])
    changed -= {total.day for total in entered}
    now = {day for day in changed if covers_day(after, name, shifts[day])}
    return now, changed - now
