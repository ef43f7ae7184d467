"""Hours that do not fit: a machine's beyond its shift, a production beyond what the crushers can have made.

A shift is as long as from its start to the next one's, by the site's `shift_starts`; the most that a shift, or a day,
can have crushed is the sum over its crushers of run hours × rated tons an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.errors import Problem, say
from deskops.modules import EQUIPMENT, PRODUCTION
from deskops.modules.equipment import EquipmentLog
from deskops.modules.reference import Equipment
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL, SHIFT_NAMES, Record
from deskops.schema import references

MINUTES = 60
DAY_MINUTES = 24 * MINUTES
HUNDREDTH, KILOGRAM = Decimal("0.01"), Decimal("0.001")
# What comes out of a crusher; segregated material does not.
CRUSHED = ("CRU-PRO", "CRU-OP")


def beyond_the_shift(module: Module, record: Any, _before: Record | None) -> Iterator[Problem]:
    """More hours of a unit than its shift has."""
    if module is not EQUIPMENT or not record.shift:
        return
    longest = shift_hours(record.site, record.shift)
    if longest is not None and record.hours > longest:
        text = say(
            "Run, idle and downtime come to %(hours)s hours; the %(shift)s shift has %(longest)s",
            hours=record.hours.quantize(HUNDREDTH),
            shift=record.shift.lower(),
            longest=longest,
        )
        yield Problem("runHours", text, soft=True)


def shift_hours(site: Site, shift: str) -> Decimal | None:
    """From its start to that of the next shift; None where the site does not say."""
    starts = [minutes_of(start) for start in site.shift_starts.split()]
    if len(starts) != len(SHIFT_NAMES):
        return None
    at = SHIFT_NAMES.index(shift)
    minutes = (starts[(at + 1) % len(starts)] - starts[at]) % DAY_MINUTES
    return (Decimal(minutes) / MINUTES).quantize(HUNDREDTH) if minutes else None


def minutes_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * MINUTES + int(minutes)


def beyond_the_crushers(module: Module, record: Any, before: Any) -> Iterator[Problem]:
    """More tons, with those that stand there, than the crushers' hours can have made."""
    if module is not PRODUCTION or record.operation not in CRUSHED:
        return
    rated = {
        one.id: one.rated_tons_per_hour for one in references.every(Equipment) if one.rated_tons_per_hour
    }
    most = crushable(record, rated) if rated else Decimal(0)
    if not most:
        return
    made = stored_tons(record) + record.quantity
    if before is not None and before.is_counted and place(before) == place(record):
        made -= before.quantity
    if made > most:
        text = say(
            "With it %(made)s t were crushed; the crushers' hours are good for %(most)s t",
            made=made,
            most=most,
        )
        yield Problem("quantity", text, soft=True)


def place(record: Any) -> tuple[Any, ...]:
    return record.date, record.shift, record.operation in CRUSHED


def crushable(record: Any, rated: dict[str, Any]) -> Decimal:
    """What the rated machines can have crushed in the hours that they ran, in the record's shift or day."""
    found = rows(
        "SELECT equipment_id, run_hours FROM equipment_log "
        f"WHERE site_id = ? AND date = ? AND (shift = ? OR ? = '') AND {COUNTED_SQL}",
        (record.site_id, record.date.isoformat(), record.shift, record.shift),
    )
    tons = (
        rated[unit] * EquipmentLog.run_hours.python_value(hours) for unit, hours in found if unit in rated
    )
    return Decimal(sum(tons)).quantize(KILOGRAM)


def stored_tons(record: Any) -> Decimal:
    """What the shift, or the day where it names none, has produced already."""
    where: dict[str, tuple[str, ...]] = {"operation": CRUSHED}
    if record.shift:
        where["shift"] = (record.shift,)
    found = totals.by_day(PRODUCTION, record.site_id, record.date, record.date, ["quantity"], where=where)
    return Decimal(found[0].sums[0]) if found else Decimal(0)
