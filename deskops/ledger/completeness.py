"""Which days owe their inputs, and since when a site's snapshots rest on one that does not have them yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from deskops.accounts.models import WEEKDAYS, Site
from deskops.database import rows
from deskops.ledger.chain import read_day
from deskops.ledger.standing import INPUTS, standing, stored_days
from deskops.records import totals
from deskops.records.record import COUNTED_SQL

ONE_DAY = timedelta(days=1)


def is_work_day(site: Site, day: date) -> bool:
    """Whether the site's calendar names its weekday."""
    return WEEKDAYS[day.weekday()] in site.work_days.split()


def days_between(start: date, end: date) -> Iterator[date]:
    """Every day of the range, both ends included."""
    return (date.fromordinal(number) for number in range(start.toordinal(), end.toordinal() + 1))


def due_days(site: Site, start: date, end: date) -> set[date]:
    """The days of the range that owe their inputs: those of the calendar, and any on which stock was spoken of."""
    worked = {day for day in days_between(start, end) if is_work_day(site, day)}
    return worked | touched_days(site.id, start, end)


def touched_days(site_id: str, start: date, end: date) -> set[date]:
    """The days with a counted record, or a nil return, of an input that the stock is made of."""
    touched = {
        total.day for module in INPUTS.values() for total in totals.by_day(module, site_id, start, end, [])
    }
    names = tuple(INPUTS)
    declared = rows(
        "SELECT date FROM nil_return WHERE site_id = ? AND date BETWEEN ? AND ? "
        f"AND module IN ({', '.join('?' * len(names))}) AND {COUNTED_SQL}",
        (site_id, start.isoformat(), end.isoformat(), *names),
    )
    return touched | {read_day(day) for (day,) in declared}


def incomplete_since(site: Site, day: date) -> date | None:
    """The first open day before this one that owes inputs and has no snapshots, so that this day's may still move."""
    return incomplete_since_of(site, [day])[day]


def incomplete_since_of(site: Site, days: Sequence[date]) -> dict[date, date | None]:
    """{day: its incomplete_since}, in as many statements for many days as for one."""
    gap = first_gap(site, max(days)) if days else None
    return {day: gap if gap is not None and gap < day else None for day in days}


def first_gap(site: Site, end: date) -> date | None:
    """The first day from the opening, or after the newest closed day, and before `end` that is due and not stored."""
    first_day, closed_through = standing(site.id)
    if first_day is None:
        return None
    start = first_day if closed_through is None else max(first_day, closed_through + ONE_DAY)
    if start >= end:
        return None
    stored = stored_days(site.id, start, end - ONE_DAY)
    unstored = [day for day in days_between(start, end - ONE_DAY) if day not in stored]
    gap = next((day for day in unstored if is_work_day(site, day)), None)
    # Days off before it owe something only where somebody spoke of them.
    off = [day for day in unstored if gap is None or day < gap]
    if not off:
        return gap
    touched = touched_days(site.id, off[0], off[-1])
    return next((day for day in off if day in touched), gap)
