"""Since when a site's snapshots rest on a day that owes inputs and does not have them yet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from deskops.accounts.models import Site
from deskops.ledger.inputs import ONE_DAY, due_days, is_work_day
from deskops.ledger.standing import standing, stored_days


def incomplete_since(site: Site, day: date) -> date | None:
    """The first open day before this one that owes inputs and has no snapshots, so that this day's may still move."""
    return incomplete_since_of(site, [day])[day]


def incomplete_since_of(site: Site, days: Sequence[date]) -> dict[date, date | None]:
    """{day: its incomplete_since}, in as many statements for many days as for one."""
    gap = first_gap(site, max(days)) if days else None
    return {day: gap if gap is not None and gap < day else None for day in days}


def open_since(site_id: str) -> date | None:
    """The first day that the ledger has and that is not closed; None before the ledger."""
    first_day, closed_through = standing(site_id)
    if first_day is None or closed_through is None:
        return first_day
    return max(first_day, closed_through + ONE_DAY)


def first_gap(site: Site, end: date) -> date | None:
    """The first open day of the ledger before `end` that is due and not stored."""
    start = open_since(site.id)
    if start is None or start >= end:
        return None
    gap, off = None, []
    for day in days_without(sorted(stored_days(site.id, start, end - ONE_DAY)), start, end):
        if is_work_day(site, day):
            gap = day
            break
        off.append(day)
    # Days off before it owe something only where somebody entered something on them.
    return min(due_days(site, off[0], off[-1]) & set(off), default=gap) if off else gap


def days_without(stored: Sequence[date], start: date, end: date) -> Iterator[date]:
    """The days from `start` on and before `end` that are not among these, which ascend.

    Neighbouring days are passed over at once, however many: ten years of them are a few looks.
    """
    day, place = start, 0
    while day < end:
        if place == len(stored) or stored[place] != day:
            yield day
            day += ONE_DAY
            continue
        ahead = range(len(stored) - place)
        run = bisect_left(ahead, True, key=partial(is_beyond, stored, place))
        day, place = day + run * ONE_DAY, place + run


def is_beyond(stored: Sequence[date], place: int, ahead: int) -> bool:
    """Whether a day is missing between a place and so many places ahead."""
    return (stored[place + ahead] - stored[place]).days > ahead
