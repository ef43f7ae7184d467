"""What a site aims at, day by day: its dated targets, each value in force until a later row names another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.ledger.chain import read_day
from deskops.ledger.inputs import days_between
from deskops.modules.target import Target
from deskops.records.record import COUNTED_SQL


@dataclass(frozen=True)
class Targets:
    """Production in tons a day; utilization, recycling and attendance in percent; stock in tons of a material.

    There is no usual production or attendance to aim at. Stock is low under `stock_low`, short under `stock_warn`.
    """

    production: Decimal | None = None
    utilization: Decimal = Decimal(80)
    recycling: Decimal = Decimal(75)
    attendance: Decimal | None = None
    stock_low: Decimal = Decimal(100)
    stock_warn: Decimal = Decimal(500)


USUAL = Targets()
COLUMNS = {
    "production": Target.production_tons,
    "utilization": Target.utilization_percent,
    "recycling": Target.recycling_percent,
    "attendance": Target.attendance_percent,
    "stock_low": Target.stock_low_tons,
    "stock_warn": Target.stock_warn_tons,
}


def in_force(site: Site, start: date, end: date) -> list[Targets]:
    """The targets of every day of the range, in order."""
    changes = changes_until(site, end)
    aims, found, place = USUAL, [], 0
    for day in days_between(start, end):
        while place < len(changes) and changes[place][0] <= day:
            aims = replace(aims, **changes[place][1])
            place += 1
        found.append(aims)
    return found


def on(site: Site, day: date) -> Targets:
    """The targets of one day."""
    return in_force(site, day, day)[0]


def changes_until(site: Site, end: date) -> list[tuple[date, dict[str, Any]]]:
    """(from which day on, {what: the aim from then on}), in the order of their days."""
    columns = ", ".join(column.column_name for column in COLUMNS.values())
    found = rows(
        f"SELECT date, {columns} FROM target WHERE site_id = ? AND date <= ? AND {COUNTED_SQL} ORDER BY date",
        (site.id, end.isoformat()),
    )
    return [(read_day(day), named(values)) for day, *values in found]


def named(values: list[Any]) -> dict[str, Any]:
    """What a row names. A production of 0 says that there is no aim any more."""
    read = {
        name: column.python_value(value)
        for (name, column), value in zip(COLUMNS.items(), values, strict=True)
        if value is not None
    }
    return read | {"production": read["production"] or None} if "production" in read else read
