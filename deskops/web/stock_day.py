"""One day's stock as its page shows it: by category and material, each figure explained, and what is not there yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext

from deskops.accounts.models import Site
from deskops.days.board import CLOSED, DUE, OPENING, Day, days_of
from deskops.errors import say
from deskops.insight.explained import Explanation, Line, explained
from deskops.insight.periods import ZERO
from deskops.insight.stock import LOW, NEGATIVE, WARN, Level, levels_of_day
from deskops.ledger.gaps import incomplete_since
from deskops.ledger.reckoning import newest_rows
from deskops.ledger.standing import INPUTS, standing
from deskops.modules import OPENINGS
from deskops.modules.adjustment import KINDS
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.web import words
from deskops.web.scope import CUSTOM
from deskops.web.waiting import input_name

ONE_DAY = timedelta(days=1)
# Of the days that are not complete, the newest are told one by one.
MOST_PENDING = 5
SUMMED = ("opening", "production", "received", "dispatched", "adjustment", "closing")
KIND_LABELS = dict(KINDS)


class Reason(NamedTuple):
    """One line of an explanation: tons, and where the records behind them are listed."""

    days: str
    text: str
    records: int
    tons: Decimal
    url: str


class Row(NamedTuple):
    """A material's day and why its closing is what it is."""

    level: Level
    begins: Reason
    reasons: list[Reason]


class Sums(NamedTuple):
    """The tons of several materials together."""

    opening: Decimal
    production: Decimal
    received: Decimal
    dispatched: Decimal
    adjustment: Decimal
    closing: Decimal

    @property
    def change(self) -> Decimal:
        return self.closing - self.opening


class Group(NamedTuple):
    name: str
    rows: list[Row]
    sums: Sums


class Missing(NamedTuple):
    """An input that is not there: `is_due` while its shift is not over; where it is entered."""

    name: str
    is_due: bool
    url: str


class Pending(NamedTuple):
    """A day that is not complete, and what it waits for."""

    day: date
    missing: list[Missing]
    url: str


class StockDay(NamedTuple):
    """What the page shows of one day; `rests_on` is the first earlier day that is not complete."""

    site: Site
    day: date
    is_stored: bool
    groups: list[Group]
    sums: Sums
    counts: dict[str, int]
    pending: list[Pending]
    more_pending: int
    rests_on: date | None
    complete_through: date | None


def day_of(site: Site, asked: date | None, end: date) -> date:
    """The day to show: the one asked for, or the newest stored one of the range; never one to come."""
    today = site.today()
    if asked is not None:
        return min(asked, today)
    known = newest_rows(site.id, min(end, today))
    return known[0] if known else min(end, today)


def stock_day(site: Site, day: date, end: date) -> StockDay:
    """Constant statements, however many days and materials."""
    levels = levels_of_day(site, day)
    why = explained(site, day)
    rows = [row_of(site, day, level, why.get(level.material.id)) for level in levels]
    days = days_of(site, day, max(day, min(end, site.today())))
    pending = [one for one in reversed(days) if one.is_due and not one.is_stored and one.state != CLOSED]
    return StockDay(
        site,
        day,
        days[0].is_stored,
        [group_of(name, list(found)) for name, found in groupby(rows, category)],
        sums_of(levels),
        {state: sum(level.state == state for level in levels) for state in (NEGATIVE, LOW, WARN)},
        [pending_of(site, one) for one in pending[:MOST_PENDING]],
        max(len(pending) - MOST_PENDING, 0),
        incomplete_since(site, day),
        complete_through(site),
    )


def complete_through(site: Site) -> date | None:
    """The day until which nothing is missing; None where the first one is not complete yet."""
    today, first_day = site.today(), standing(site.id).first_day
    gap = incomplete_since(site, today + ONE_DAY)
    if gap is None:
        return today
    return None if first_day is None or gap <= first_day else gap - ONE_DAY


def category(row: Row) -> str:
    return str(row.level.material.category)


def group_of(name: str, rows: list[Row]) -> Group:
    return Group(words.plain_name(name), rows, sums_of(row.level for row in rows))


def sums_of(levels: Iterable[Level]) -> Sums:
    found = list(levels)
    return Sums(*(sum((getattr(level, name) for level in found), ZERO) for name in SUMMED))


def row_of(site: Site, day: date, level: Level, why: Explanation | None) -> Row:
    told = why or Explanation(None, None, level.closing, [])
    return Row(
        level,
        beginning(site, level.material, told),
        [reason(site, level.material, one) for one in told.lines],
    )


def beginning(site: Site, material: Material, why: Explanation) -> Reason:
    """Where the reckoning of a closing begins."""
    if why.entered is not None:
        text = gettext("Opening balance, entered by hand")
        return Reason(words.day(why.entered), text, 0, why.base, records_url(site, material, OPENINGS))
    if why.stored is not None:
        return Reason(
            words.day(why.stored), gettext("Closing of the last complete day before"), 0, why.base, ""
        )
    return Reason("", gettext("Nothing before"), 0, why.base, "")


def reason(site: Site, material: Material, line: Line) -> Reason:
    days = words.day(line.start)
    if line.end != line.start:
        days = words.text(say("%(start)s to %(end)s", start=line.start, end=line.end))
    text = words.text(KIND_LABELS[line.kind] if line.kind else line.module.title)
    kind = {"kind": line.kind} if line.kind else {}
    days_in_view = {"period": CUSTOM, "startDate": line.start, "endDate": line.end}
    url = records_url(site, material, line.module, **days_in_view, **kind)
    return Reason(days, text, line.records, line.tons, url)


def records_url(site: Site, material: Material, module: Module, **chosen: Any) -> str:
    """The list of the records behind a figure."""
    return url_for("web.records", name=module.name, siteId=site.code, materialType=material.code, **chosen)


def pending_of(site: Site, day: Day) -> Pending:
    """The inputs of the stock that a day waits for, each with the form that brings it."""
    cells = [cell for cell in day.cells if cell.module in INPUTS and not cell.is_there]
    missing = (
        []
        if day.opening
        else [Missing(input_name(OPENING, ""), False, new_url(site, OPENINGS.name, day.date))]
    )
    missing += [
        Missing(
            input_name(cell.module, cell.shift),
            cell.state == DUE,
            new_url(site, cell.module, day.date, cell.shift),
        )
        for cell in cells
    ]
    return Pending(day.date, missing, url_for("web.day", day=day.date, siteId=site.code))


def new_url(site: Site, name: str, day: date, shift: str = "") -> str:
    return url_for("web.new_record", name=name, siteId=site.code, date=day, shift=shift or None)
