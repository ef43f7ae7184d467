"""When a shift of a day, and the day itself, is over at the site."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deskops.accounts.models import Site
from deskops.records.record import SHIFT_NAMES

NIGHT = SHIFT_NAMES[-1]


def over_at(site: Site, day: date, shift: str) -> datetime:
    """The moment, in UTC, at which a shift of this day ends; "" is the day as a whole.

    A shift ends where the next begins, and the night shift with the morning of the day after. The day ends at
    midnight, or with its night shift where one works.
    """
    if not shift:
        works_at_night = NIGHT in site.work_shifts.split()
        return over_at(site, day, NIGHT) if works_at_night else moment(site, day + timedelta(days=1), time())
    starts = [time.fromisoformat(start) for start in site.shift_starts.split()]
    following = SHIFT_NAMES.index(shift) + 1
    if following < len(starts):
        return moment(site, day, starts[following])
    return moment(site, day + timedelta(days=1), starts[0])


def moment(site: Site, day: date, clock: time) -> datetime:
    """A time of day at the site as a moment in UTC, without a zone as everywhere."""
    return datetime.combine(day, clock, ZoneInfo(site.timezone)).astimezone(UTC).replace(tzinfo=None)
