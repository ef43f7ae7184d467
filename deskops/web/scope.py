"""What a page looks at: one site or all of the reader's, and a range of days. It stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import READ
from deskops.database import utc_now
from deskops.errors import Forbidden, InvalidSiteId, Message, Problem, ValidationFailed, say
from deskops.records.query import DAY_READER, check_range
from deskops.schema import references

TODAY, LAST_7, LAST_30, THIS_MONTH, LAST_MONTH, CUSTOM = (
    "today",
    "last7",
    "last30",
    "month",
    "lastmonth",
    "custom",
)
PERIODS: dict[str, Message] = {
    TODAY: say("Today"),
    LAST_7: say("Last 7 days"),
    LAST_30: say("Last 30 days"),
    THIS_MONTH: say("This month"),
    LAST_MONTH: say("Last month"),
    CUSTOM: say("Custom"),
}
FIRST_PERIOD = LAST_7


@dataclass(frozen=True)
class Scope:
    """`choices` are the sites the reader may look at; `site` is the chosen one, None for all of them."""

    choices: tuple[Site, ...]
    site: Site | None
    period: str
    start: date
    end: date

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        return (self.site,) if self.site else self.choices

    @cached_property
    def params(self) -> dict[str, Any]:
        """What the address says of it: only what differs from the first look."""
        found: dict[str, Any] = {"siteId": self.site.code} if self.site and len(self.choices) > 1 else {}
        if self.period != FIRST_PERIOD:
            found["period"] = self.period
        if self.period == CUSTOM:
            found |= {"startDate": self.start.isoformat(), "endDate": self.end.isoformat()}
        return found

    @property
    def today(self) -> date:
        """The newest date that may stand in a form of the reader's."""
        return latest_today(self.choices)

    def asked(self) -> dict[str, list[str]]:
        """The same as a list's parameters."""
        found = {"startDate": [self.start.isoformat()], "endDate": [self.end.isoformat()]}
        return found | ({"siteId": [self.site.code]} if self.site else {})


def read_scope(args: Mapping[str, str], actor: Actor) -> Scope:
    """Read the address. Raises Forbidden, InvalidSiteId, InvalidDateRange, ValidationFailed."""
    choices = tuple(actor.sites(READ))
    site = read_site(args.get("siteId", "").strip(), actor)
    if site is None and len(choices) == 1:
        site = choices[0]
    today = latest_today((site,) if site else choices)
    period = args.get("period", "")
    if period not in PERIODS:
        period = CUSTOM if args.get("startDate") and args.get("endDate") else FIRST_PERIOD
    if period == CUSTOM and args.get("startDate") and args.get("endDate"):
        start, end = read_day("startDate", args), read_day("endDate", args)
        check_range(start, end)
    else:
        start, end = days_of(period, today)
    return Scope(choices, site, period, start, end)


def read_site(name: str, actor: Actor) -> Site | None:
    if not name:
        return None
    site = references.find(Site, name)
    if site is None:
        raise InvalidSiteId(siteId=name)
    if not actor.may(READ, site.id):
        raise Forbidden(say("You may not read this site"))
    return site


def read_day(name: str, args: Mapping[str, str]) -> date:
    try:
        day: date = DAY_READER.validate_python(args[name])
    except ValueError:
        raise ValidationFailed.of([Problem(name, say("Must be a date, YYYY-MM-DD"))]) from None
    return day


def latest_today(sites: tuple[Site, ...]) -> date:
    """The newest of the sites' own dates, so that nobody's entries of today are hidden."""
    return max((site.today() for site in sites), default=utc_now().date())


def days_of(period: str, today: date) -> tuple[date, date]:
    """The first and the last day, today included where it belongs to the period."""
    month = today.replace(day=1)
    if period == TODAY:
        return today, today
    if period == LAST_30:
        return today - timedelta(days=29), today
    if period == THIS_MONTH:
        return month, today
    if period == LAST_MONTH:
        end = month - timedelta(days=1)
        return end.replace(day=1), end
    return today - timedelta(days=6), today
