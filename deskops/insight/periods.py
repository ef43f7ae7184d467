"""Days, ranges of days, and the totals of each."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from deskops.accounts.models import Site
from deskops.ledger.inputs import days_between
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.totals import DayTotal, Wanted

SPARKLINE_DAYS = 7
ZERO = Decimal(0)


def last_days(end: date, count: int) -> tuple[date, date]:
    """The range of `count` days that ends on this day, the day itself included."""
    return end - timedelta(days=count - 1), end


def every_day(
    module: Module, site: Site, start: date, end: date, *measures: str, where: Wanted | None = None
) -> list[DayTotal]:
    """The sums of these measures for every day of the range, in order; zeros where a day has no records."""
    found = {row.day: row for row in totals.by_day(module, site.id, start, end, measures, where=where)}
    zeros = (ZERO,) * len(measures)
    return [found.get(day) or DayTotal(day, (), 0, zeros) for day in days_between(start, end)]
