"""The chain of a material's days: opening + production + received − dispatched + adjustment = closing = next opening.

It is reckoned from the daily totals, on from the newest snapshot before; every statement reads one material's rows of
one site, in the order of their days, however many records there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from deskops.database import execute, rows, stamp
from deskops.modules import ADJUSTMENTS, DISPATCH, PRODUCTION, RECEIVED
from deskops.records.cube import ANY, table_name
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL

# {column of a snapshot: (the module whose tons it holds, whether they go in or out)}
FLOWS: dict[str, tuple[Module, int]] = {
    "production": (PRODUCTION, 1),
    "received": (RECEIVED, 1),
    "dispatched": (DISPATCH, -1),
    "adjustment": (ADJUSTMENTS, 1),
}
DIRECTION = dict(FLOWS.values())
COLUMNS = ("opening", *FLOWS, "closing")
NET = "production + received - dispatched + adjustment"


class Base(NamedTuple):
    """From where a chain is reckoned: the first day that counts, the kilograms at its start.

    `is_there` where the material has stock or a balance by then; `is_first` where no snapshot lies before.
    """

    since: date
    balance: int
    is_there: bool
    is_first: bool


def moves_of(column: str) -> str:
    """The daily kilograms of one flow of one material: site, material, first and last day are its parameters."""
    module, _ = FLOWS[column]
    told = ", ".join(f"{'quantity' if name == column else '0'} AS {name}" for name in FLOWS)
    dimensions = " AND ".join(
        f"{field.column.column_name} = " + ("?" if field.name == "material" else f"'{ANY}'")
        for field in module.dimensions
    )
    return (
        f"SELECT date, {told}, 1 AS moved, 0 AS stored FROM {table_name(module)} "
        f"WHERE site_id = ? AND {dimensions} AND date BETWEEN ? AND ? AND records > 0"
    )


STORED_DAYS = (
    f"SELECT date, {', '.join(f'0 AS {name}' for name in FLOWS)}, 0 AS moved, 1 AS stored "
    "FROM snapshot_day WHERE site_id = ? AND date BETWEEN ? AND ?"
)
DAYS = (
    f"SELECT date, {', '.join(f'SUM({name}) AS {name}' for name in FLOWS)}, "
    "MAX(moved) AS moved, MAX(stored) AS stored "
    f"FROM ({' UNION ALL '.join([*map(moves_of, FLOWS), STORED_DAYS])}) AS told GROUP BY date"
)
# PostgreSQL asks what a parameter beside a window is.
CHAIN = (
    f"SELECT date, closing - ({NET}) AS opening, {', '.join(FLOWS)}, closing, stored, seen FROM ("
    f"SELECT days.*, CAST(? AS BIGINT) + SUM({NET}) OVER (ORDER BY date) AS closing, "
    f"MAX(moved) OVER (ORDER BY date) AS seen FROM ({DAYS}) AS days) AS running"
)
RESTATE = (
    "INSERT INTO inventory_snapshot "
    f"(site_id, material_id, created_at, updated_at, date, {', '.join(COLUMNS)}) "
    f"SELECT ?, ?, ?, ?, date, {', '.join(COLUMNS)} FROM ({CHAIN}) AS chain "
    "WHERE stored = 1 AND (seen = 1 OR CAST(? AS INTEGER) = 1) AND date >= ? "
    "ON CONFLICT (site_id, material_id, date) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*COLUMNS, "updated_at"))
)


def base_of(site_id: str, material_id: str, day: date, first_day: date) -> Base:
    """Where a material's chain stands before a day."""
    found = rows(
        "SELECT date, closing FROM inventory_snapshot "
        "WHERE site_id = ? AND material_id = ? AND date < ? ORDER BY date DESC LIMIT 1",
        (site_id, material_id, day.isoformat()),
    )
    if found:
        return Base(read_day(found[0][0]) + timedelta(days=1), int(found[0][1]), True, False)
    found = rows(
        f"SELECT date, quantity FROM opening WHERE site_id = ? AND material_id = ? AND {COUNTED_SQL}",
        (site_id, material_id),
    )
    if found:
        return Base(read_day(found[0][0]), int(found[0][1]), True, True)
    return Base(first_day, 0, False, True)


def restate(site_id: str, material_id: str, start: date, first_day: date, end: date | None = None) -> None:
    """Reckon the snapshots of a material anew from a day on (to `end`), as far as their days are stored."""
    base = base_of(site_id, material_id, start, first_day)
    last = (end or date.max).isoformat()
    if base.is_first:
        execute(
            "DELETE FROM inventory_snapshot WHERE site_id = ? AND material_id = ? AND date BETWEEN ? AND ?",
            (site_id, material_id, start.isoformat(), last),
        )
    chain = chain_params(site_id, material_id, base, last)
    now = stamp()
    execute(RESTATE, [site_id, material_id, now, now, *chain, int(base.is_there), start.isoformat()])


def chain_params(site_id: str, material_id: str, base: Base, last: str) -> list[Any]:
    since = base.since.isoformat()
    of_flow = (site_id, material_id, since, last)
    return [base.balance, *of_flow * len(FLOWS), site_id, since, last]


def closings(site_id: str, material_id: str, base: Base, days: Iterable[date]) -> list[tuple[date, int]]:
    """(day, kilograms at its end) from the base on: of every day that has a figure, and of these."""
    params = chain_params(site_id, material_id, base, date.max.isoformat())
    told = {
        read_day(day): int(closing)
        for day, closing in rows(f"SELECT date, closing FROM ({CHAIN}) AS chain", params)
    }
    found, balance = [], base.balance
    for day in sorted({*told, *days}):
        balance = told.get(day, balance)
        found.append((day, balance))
    return found


def read_day(stored: Any) -> date:
    """SQLite tells a day as its text, PostgreSQL as a date."""
    return date.fromisoformat(stored) if isinstance(stored, str) else stored
