"""What was entered and declared on the days of a site: read for a whole range at once, a few statements each."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from deskops.database import rows
from deskops.ledger.chain import read_day
from deskops.modules.nil import REPORTED, has_shifts
from deskops.records import totals
from deskops.records.cube import ANY, table_name
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL, SHIFT_NAMES
from deskops.schema.columns import MomentField

# (module, day, shift), "" being records and nil returns that name no shift.
Place = tuple[str, date, str]


class Nil(NamedTuple):
    """A live nil return. `at` is UTC, `by` its author's id."""

    id: str
    at: datetime
    by: str


class First(NamedTuple):
    """The first counted record of a place: when it was entered, UTC, and by whose id."""

    at: datetime
    by: str


def counts(site_id: str, start: date, end: date) -> dict[Place, int]:
    """How many counted records each place has; places without any are absent."""
    found: dict[Place, int] = {}
    for name, module in REPORTED.items():
        by = ("shift",) if has_shifts(name) else ()
        for total in totals.by_day(module, site_id, start, end, [], by=by):
            found[name, total.day, total.group[0] if by else ""] = total.records
    return found


def nils(site_id: str, start: date, end: date) -> dict[Place, Nil]:
    """The live nil returns of the range."""
    found = rows(
        "SELECT module, date, shift, id, created_at, created_by FROM nil_return "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND {COUNTED_SQL}",
        (site_id, start.isoformat(), end.isoformat()),
    )
    return {
        (name, read_day(day), shift): Nil(key, read_moment(at), by) for name, day, shift, key, at, by in found
    }


def firsts(site_id: str, start: date, end: date) -> dict[Place, First]:
    """The first record of each place that has any: one look at an index each, however many records it has."""
    found: dict[Place, First] = {}
    for name, module in REPORTED.items():
        params = (site_id, site_id, start.isoformat(), end.isoformat())
        for day, shift, at, by in rows(first_records_sql(module, has_shifts(name)), params):
            found[name, read_day(day), shift] = First(read_moment(at), by)
    return found


def first_records_sql(module: Module, by_shift: bool) -> str:
    """(day, shift, moment, author) of the first record of each place that the totals know of.

    Its parameters are the site, twice, the first and the last day. The day is a range and part of the order, so that
    PostgreSQL looks at the day's records in their order, and not at all of the site's from the oldest on.
    """
    table = module.model._meta.table_name
    shift = "told.shift" if by_shift else "''"
    of_shift = "AND one.shift = told.shift" if by_shift else ""
    # Named one by one, so that rows are found by their key.
    shifts = ", ".join(f"'{name}'" for name in ("", *SHIFT_NAMES))
    cut = " AND ".join(
        f"told.shift IN ({shifts})" if column == "shift" else f"told.{column} = '{ANY}'"
        for column in (field.column.column_name for field in module.dimensions)
    )
    return (
        "SELECT found.date, found.shift, record.created_at, record.created_by FROM ("
        f"SELECT told.date AS date, {shift} AS shift, ("
        f"SELECT one.id FROM {table} AS one "
        f"WHERE one.site_id = ? AND one.date BETWEEN told.date AND told.date {of_shift} "
        f"AND {COUNTED_SQL} ORDER BY one.date, one.created_at, one.id LIMIT 1) AS id "
        f"FROM {table_name(module)} AS told "
        f"WHERE told.site_id = ? AND told.date BETWEEN ? AND ? AND {cut} AND told.records > 0"
        f") AS found JOIN {table} AS record ON record.id = found.id"
    )


def read_moment(stored: datetime | str) -> datetime:
    """SQLite tells a moment as its text, PostgreSQL as a datetime."""
    found = MomentField().python_value(stored)
    assert found is not None
    return found
