"""Days and ranges of days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

SPARKLINE_DAYS = 7


def days(start: date, end: date) -> Iterator[date]:
    """Every day of the range, both ends included."""
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


def last_days(end: date, count: int) -> tuple[date, date]:
    """The range of `count` days that ends on this day, the day itself included."""
    return end - timedelta(days=count - 1), end
