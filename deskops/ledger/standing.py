"""Where the ledger of a site stands: kept from which day, closed through which, and which days are whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.database import execute, execute_many, rows
from deskops.ledger.chain import read_day
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED
from deskops.modules.nil import has_shifts
from deskops.records.cube import ANY, table_name
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL
from deskops.records.totals import as_days

# What a day's snapshot waits for, beside the opening.
INPUTS: dict[str, Module] = {module.name: module for module in (PRODUCTION, RECEIVED, DISPATCH)}


class Standing(NamedTuple):
    """`first_day` is that of the site's first opening balance; both are None before there is any."""

    first_day: date | None = None
    closed_through: date | None = None


def standing(site_id: str) -> Standing:
    found = rows("SELECT first_day, closed_through FROM site_ledger WHERE site_id = ?", (site_id,))
    if not found:
        return Standing()
    first_day, closed_through = found[0]
    return Standing(first_day and read_day(first_day), closed_through and read_day(closed_through))


def set_standing(site_id: str, now: Standing) -> None:
    """Call inside the transaction that changes it."""
    first_day, closed_through = (day and day.isoformat() for day in now)
    execute(
        "INSERT INTO site_ledger (site_id, first_day, closed_through) VALUES (?, ?, ?) "
        "ON CONFLICT (site_id) DO UPDATE SET "
        "first_day = excluded.first_day, closed_through = excluded.closed_through",
        (site_id, first_day, closed_through),
    )


def stored_days(site_id: str, start: date, end: date) -> set[date]:
    """The days of the range whose snapshots are stored."""
    found = rows(
        "SELECT date FROM snapshot_day WHERE site_id = ? AND date BETWEEN ? AND ?",
        (site_id, start.isoformat(), end.isoformat()),
    )
    return set(as_days([day for (day,) in found]))


def whole_days(site_id: str, start: date, end: date) -> set[date]:
    """The days of the range that have production, received and dispatch: a counted record of each, or a nil return."""
    reported = [reported_days(site_id, name, start, end) for name in INPUTS]
    return set.intersection(*reported)


def reported_days(site_id: str, name: str, start: date, end: date) -> set[date]:
    """The days with a counted record of a module, or with nothing to report: all day, or in each shift that works."""
    module, within = INPUTS[name], (site_id, start.isoformat(), end.isoformat())
    everything = " AND ".join(f"{field.column.column_name} = '{ANY}'" for field in module.dimensions)
    found = rows(
        f"SELECT date FROM {table_name(module)} "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND {everything} AND records > 0",
        within,
    )
    nils = rows(
        "SELECT date, shift FROM nil_return "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND module = ? AND {COUNTED_SQL}",
        (*within, name),
    )
    shifts: dict[date, set[str]] = {}
    for day, shift in nils:
        shifts.setdefault(read_day(day), set()).add(shift)
    entered = {read_day(day) for (day,) in found}
    if not shifts:
        return entered
    # Read from the book: the list in memory may be of the moment before this transaction's turn came.
    site = Site.get_by_id(site_id)
    return entered | {day for day, declared in shifts.items() if covers_day(site, name, declared)}


def covers_day(site: Site, name: str, declared: Collection[str]) -> bool:
    """Whether nil returns of these shifts ("" is the day) say that the whole day had nothing to report."""
    working = site.work_shifts.split()
    return "" in declared or (has_shifts(name) and bool(working) and set(working) <= set(declared))


def store_days(site_id: str, days: Iterable[date]) -> None:
    execute_many(
        "INSERT INTO snapshot_day (site_id, date) VALUES (?, ?) ON CONFLICT (site_id, date) DO NOTHING",
        [(site_id, day.isoformat()) for day in sorted(days)],
    )


def withdraw_days(site_id: str, days: Iterable[date]) -> None:
    """Take the snapshots of days away whose inputs are not there any more."""
    for table in ("snapshot_day", "inventory_snapshot"):
        execute_many(
            f"DELETE FROM {table} WHERE site_id = ? AND date = ?",
            [(site_id, day.isoformat()) for day in sorted(days)],
        )
