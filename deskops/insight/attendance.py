"""Who was there: people and hours of every shift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight import targets
from deskops.insight.cells import as_hours, sum_of, sum_where, summed
from deskops.insight.rates import rate
from deskops.modules import MANPOWER
from deskops.modules.reference import ManpowerRole
from deskops.records.query import Query
from deskops.records.record import SHIFT_NAMES
from deskops.records.totals import as_days
from deskops.schema import references

NO_SHIFT = ""
ORDER = {shift: place for place, shift in enumerate((*SHIFT_NAMES, NO_SHIFT))}


class ShiftAttendance(NamedTuple):
    """One shift of one day ("" for records of no shift): people present and their hours by role, people absent.

    `target` is the attendance aimed at on that day, in percent; None where there is no target.
    """

    date: date
    shift: str
    absent: int
    present: Mapping[str, int] = {}
    hours: Mapping[str, Decimal] = {}
    target: Decimal | None = None

    @property
    def scheduled(self) -> int:
        return sum(self.present.values()) + self.absent

    @property
    def rate(self) -> Decimal | None:
        """present ÷ (present + absent) × 100; None with nobody scheduled."""
        scheduled = self.scheduled
        return rate(scheduled - self.absent, scheduled)


def manpower_attendance(
    site: Site, start: date, end: date, shift: str | None = None
) -> list[ShiftAttendance]:
    """A row for each day and shift that has records, in the order of the day, no shift last; every role is a key."""
    roles = references.every(ManpowerRole)
    codes = [role.code for role in roles]
    present, hours = (
        [sum_where("role_id", [role.id], measure) for role in roles]
        for measure in ("present_count", "total_hours")
    )
    chosen = {} if shift is None else {"shift": frozenset([shift])}
    found = summed(
        MANPOWER,
        Query((site.id,), start, end, chosen),
        ("date", "shift"),
        ("shift", "role"),
        [sum_of("absent_count"), *present, *hours],
    )
    found.sort(key=lambda row: (row[0], ORDER[row[1]]))
    first_hours = 3 + len(codes)
    aims = targets.in_force(site, start, end)
    return [
        ShiftAttendance(
            day,
            row[1],
            int(row[2]),
            dict(zip(codes, map(int, row[3:first_hours]), strict=True)),
            dict(zip(codes, map(as_hours, row[first_hours:]), strict=True)),
            aims[(day - start).days].attendance,
        )
        for day, row in zip(as_days([row[0] for row in found]), found, strict=True)
    ]
