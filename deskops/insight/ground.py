"""What lay on the ground at a moment: the survey that tells it, rolled to that moment by the flows between."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight.masses import Span, moved
from deskops.modules.survey import Survey, error_tons, surveyed_tons
from deskops.records.record import CANCELLED

A_DAY = timedelta(days=1)
NEAR_DAYS = 5


class Surveyed(NamedTuple):
    """A survey that tells a stock: the tons measured, their error either way, and the flows from then to the moment."""

    id: str
    date: date
    measured: Decimal
    error: Decimal
    rolled: Decimal

    @property
    def tons(self) -> Decimal:
        return self.measured + self.rolled


class Ends(NamedTuple):
    """The days at whose ends a period begins and ends."""

    start: date
    end: date

    def told_by(self, surveys: Sequence[Survey]) -> tuple[Survey | None, Survey | None]:
        """The surveys that tell the stock at the start and at the end, of one material's, oldest first.

        Of those nearer to the one end than to the other the nearest, of equally near ones the earlier; what lies in
        the middle may tell either, but none tells both.
        """
        start = nearest([one for one in surveys if one.date - self.start <= self.end - one.date], self.start)
        end = nearest([one for one in surveys if one.date - self.start >= self.end - one.date], self.end)
        return (None if start is end else start), end


def nearest(surveys: Sequence[Survey], day: date) -> Survey | None:
    near = [one for one in surveys if abs((one.date - day).days) <= NEAR_DAYS]
    return min(near, key=lambda one: abs(one.date - day), default=None)


def surveyed(site: Site, periods: Mapping[str, Ends]) -> tuple[dict[str, Surveyed], dict[str, Surveyed]]:
    """{material id: the survey that tells its stock} at the start and at the end of its period."""
    found: dict[str, list[Survey]] = {}
    for one in surveys_near(site, {day for ends in periods.values() for day in ends}):
        found.setdefault(one.__data__["material"], []).append(one)
    told = {key: ends.told_by(found.get(key, ())) for key, ends in periods.items()}
    start, end = ({key: (pair[place], periods[key][place]) for key, pair in told.items()} for place in (0, 1))
    return rolled(site, start), rolled(site, end)


def surveys_near(site: Site, days: Collection[date]) -> list[Survey]:
    """The surveys that count within NEAR_DAYS of any of these days, oldest first, each once."""
    reach = timedelta(days=NEAR_DAYS)
    found: dict[str, Survey] = {}
    for day in sorted(days):
        found |= {one.id: one for one in surveys_within(site, day - reach, day + reach)}
    return list(found.values())


def surveys_within(site: Site, start: date, end: date) -> Sequence[Survey]:
    counted = Survey.voided_at.is_null() & (Survey.status != CANCELLED)
    found = Survey.select().where((Survey.site == site.id) & Survey.date.between(start, end) & counted)
    return list(found.order_by(Survey.date))


def rolled(site: Site, chosen: Mapping[str, tuple[Survey | None, date]]) -> dict[str, Surveyed]:
    """The surveys with the flows between their day and the end of the day that each is to tell of."""
    surveys = {key: (one, day) for key, (one, day) in chosen.items() if one is not None}
    flows = moved(
        site,
        {key: Span(min(one.date, day) + A_DAY, max(one.date, day)) for key, (one, day) in surveys.items()},
    )
    return {
        key: Surveyed(
            one.id,
            one.date,
            surveyed_tons(one.volume, one.density),
            error_tons(one.volume, one.density, one.error_percent),
            flows[key].net if one.date < day else -flows[key].net,
        )
        for key, (one, day) in surveys.items()
    }
