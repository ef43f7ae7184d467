"""The sheet of a day: one page with everything that a day's book says, to be signed and filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import peewee

from deskops.accounts.models import Site
from deskops.accounts.people import names_of
from deskops.audit.chain import GENESIS, AuditHead
from deskops.days.board import CLOSED, Day, days_of
from deskops.days.models import DayClosing
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import ADJUSTMENTS, EQUIPMENT, MANPOWER, MODULES, PRODUCTION
from deskops.modules.adjustment import Adjustment
from deskops.modules.equipment import HOURS
from deskops.modules.manpower import SCHEDULED
from deskops.modules.nil import NilReturn
from deskops.modules.reference import Material
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL
from deskops.schema import references
from deskops.schema.columns import in_tons

# More would not fit the page: the rest is told as one sum.
MOST_ADJUSTMENTS = 6
COUNTED = peewee.SQL(COUNTED_SQL)
ZERO = Decimal(0)


class Tons(NamedTuple):
    """closing = opening + production + received − dispatched + adjustment."""

    opening: Decimal
    production: Decimal
    received: Decimal
    dispatched: Decimal
    adjustment: Decimal
    closing: Decimal


class Stock(NamedTuple):
    """One material over the day; None are all together."""

    material: Material | None
    tons: Tons


class Activity(NamedTuple):
    """Counted records of each module, by its name; hours of the machines; people."""

    records: dict[str, int]
    run: Decimal
    idle: Decimal
    downtime: Decimal
    present: int
    absent: int


class Nil(NamedTuple):
    """What was declared to have nothing to report, of a shift or ("") the day."""

    module: str
    shift: str
    reason: str
    by: str


class Adjusted(NamedTuple):
    """An adjustment entered by hand."""

    material: Material
    tons: Decimal
    kind: str
    reason: str
    by: str


class Adjustments(NamedTuple):
    """The day's: the newest by hand, the feed that production entries state, and the sum of all others."""

    by_hand: tuple[Adjusted, ...]
    feed: Decimal
    others: Decimal


class Chain(NamedTuple):
    """An entry of the site's audit chain."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Sheet:
    """`closing` is the one in force, None while the day is open; `chain` is its entry, or the newest one.

    `stock` also where the day is not stored: then it is what the records there are come to.
    """

    site: Site
    day: Day
    stock: tuple[Stock, ...]
    activity: Activity
    nils: tuple[Nil, ...]
    adjustments: Adjustments
    chain: Chain
    closing: DayClosing | None
    closed_by: str
    printed_at: datetime

    @property
    def total(self) -> Stock:
        return total_of(self.stock)


def sheet_of(site: Site, day: date) -> Sheet:
    """The sheet as the book stands; constant statements."""
    [found] = days_of(site, day, day)
    closing = in_force(found)
    return Sheet(
        site,
        found,
        stock_of(site, day),
        activity_of(site, day),
        nils_of(site, day),
        adjustments_of(site, day),
        Chain(closing.sequence, closing.hash) if closing else head_of(site),
        closing,
        names_of([closing.closed_by]).get(closing.closed_by, "") if closing else "",
        site.now(),
    )


def in_force(day: Day) -> DayClosing | None:
    """The closing that the day is closed by; None also where it was closed along with a later one."""
    newest = day.closing if day.state == CLOSED else None
    return newest if newest is not None and newest.reopened_at is None else None


def stock_of(site: Site, day: date) -> tuple[Stock, ...]:
    """Every material that has a balance by the end of the day, in the list's order."""
    figures = reckoned_day(site.id, day)
    return tuple(
        Stock(material, Tons(*map(in_tons, figures[material.id])))
        for material in references.every(Material)
        if material.id in figures
    )


def total_of(stock: Sequence[Stock]) -> Stock:
    """All materials together."""
    columns = list(zip(*(row.tons for row in stock), strict=True)) or [()] * len(Tons._fields)
    return Stock(None, Tons(*(sum(column, ZERO) for column in columns)))


def activity_of(site: Site, day: date) -> Activity:
    query = Query((site.id,), day, day)
    records = {name: totals.counted_records(module, query) for name, module in MODULES.items()}
    run, idle, downtime = sums_of(EQUIPMENT, site, day, HOURS)
    present, absent = sums_of(MANPOWER, site, day, SCHEDULED)
    return Activity(records, run, idle, downtime, present, absent)


def sums_of(module: Module, site: Site, day: date, measures: Sequence[str]) -> tuple[Any, ...]:
    """The day's sums of these measures, zeros where nothing was entered."""
    found = totals.by_day(module, site.id, day, day, measures)
    return found[0].sums if found else (ZERO,) * len(measures)


def nils_of(site: Site, day: date) -> tuple[Nil, ...]:
    """The day's nil returns, in the order they were declared: one for each module and shift at most."""
    found = list(
        NilReturn.select()
        .where(NilReturn.site == site, NilReturn.date == day, COUNTED)
        .order_by(NilReturn.created_at, NilReturn.id)
    )
    names = names_of([nil.created_by for nil in found])
    return tuple(Nil(nil.module, nil.shift, nil.reason or "", names.get(nil.created_by, "")) for nil in found)


def adjustments_of(site: Site, day: date) -> Adjustments:
    newest = list(
        Adjustment.select()
        .where(
            Adjustment.site == site,
            Adjustment.date == day,
            COUNTED,
            Adjustment.production_id.is_null(),
        )
        .order_by(Adjustment.created_at.desc(), Adjustment.id.desc())
        .limit(MOST_ADJUSTMENTS)
    )
    names = names_of([one.created_by for one in newest])
    by_hand = tuple(
        Adjusted(
            references.by_id(Material, one.__data__["material"]),
            one.quantity,
            one.kind,
            one.reason,
            names.get(one.created_by, ""),
        )
        for one in newest
    )
    [everything] = sums_of(ADJUSTMENTS, site, day, ("quantity",))
    [fed] = sums_of(PRODUCTION, site, day, ("feed_quantity",))
    return Adjustments(by_hand, -fed, everything + fed - sum((one.tons for one in by_hand), ZERO))


def head_of(site: Site) -> Chain:
    """The newest entry of the site's audit chain."""
    head = AuditHead.get_or_none(AuditHead.scope == site.id)
    return Chain(head.sequence, head.hash) if head else Chain(0, GENESIS)
