"""Reading records: the one list that the table, the JSON, the totals line and the export share.

A list costs the same few statements however long it is: its count and the days of a part are read from the totals,
its rows by an index.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.policy import READ
from deskops.database import is_sqlite, rows, snapshot
from deskops.errors import NotFound
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query, order_columns
from deskops.records.record import COUNTED_SQL, LIVE_SQL
from deskops.records.where import Where

BATCH = 1_000
Row = Sequence[Any]


@dataclass(frozen=True)
class Page:
    """One part of a list, with the exact count of the whole list. `next_cursor` is None at its end.

    `rows` are the records as they are stored, all columns in the model's order.
    """

    module: Module
    rows: list[Row]
    total_count: int
    number: int
    size: int
    next_cursor: str | None
    ignored: tuple[str, ...]

    @cached_property
    def records(self) -> list[Any]:
        return [self.module.model.from_row(row) for row in self.rows]

    @property
    def pages(self) -> int:
        return -(-self.total_count // self.size)


class Reach(NamedTuple):
    """By which index a part is read, on which days alone, and how many of their records come before it."""

    by: str
    days: Collection[str] = ()
    skip: int = 0


def list_page(module: Module, query: Query) -> Page:
    """One part of the list, its rows and its count of the same moment."""
    order = query.order
    with snapshot():
        total = count(module, query)
        found = part(module, query, total)
    more = len(found) > order.size
    shown = found[: order.size]
    cursor = query.cursor(place_of(module, query, shown[-1])) if more else None
    return Page(module, shown, total, order.page, order.size, cursor, query.ignored)


def part(module: Module, query: Query, total: int) -> list[Row]:
    """The rows of the part asked for, and one more where there is one."""
    order = query.order
    skip, size = (order.page - 1) * order.size, order.size + 1
    if skip >= total:
        return []
    if order.sort != "date":
        return fetch(module, query, size, cheaper_reach(module, query, total, skip))
    if not totals.can_count(query) or not (skip or query.chosen):
        return fetch(module, query, size, Reach(index_of(module, order.sort), skip=skip))
    return fetch(module, query, size, reach_by_totals(module, query, skip, size))


def reach_by_totals(module: Module, query: Query, skip: int, size: int) -> Reach:
    """The days that hold the part, as the totals have them: what lies before it is not read, nor what lies between."""
    query = from_cursor_on(query)
    if query.order.after is not None:
        # Of the cursor's own day an unknown number is behind it: as many more are looked for.
        day, held, _ = next(iter(totals.days_of_part(module, query, 0, 1)), ("", 0, 0))
        size += held if day == query.order.after[0] else 0
    days = totals.days_of_part(module, query, skip, size)
    before = days[0][2] if days else 0
    return Reach(index_of(module, "date"), [day for day, _, _ in days], skip - before)


def from_cursor_on(query: Query) -> Query:
    """The same list without the days that a cursor has behind it: the database would read them again."""
    order = query.order
    if order.after is None or order.sort != "date":
        return query
    day = date.fromisoformat(order.after[0])
    return replace(query, end=day) if order.descending else replace(query, start=day)


def cheaper_reach(module: Module, query: Query, total: int, skip: int) -> Reach:
    """By its own order, where few of the site's records have to be passed over; else by its days, and sorted.

    Where a filter has fewer records than there are days, by their days alone.
    """
    order = query.order
    everything = Query(sites=query.sites, start=date.min, end=date.max, include_void=True)
    in_days = replace(everything, start=query.start, end=query.end)
    few = bool(query.chosen) and totals.can_count(query) and total <= (query.end - query.start).days
    held = totals.count(module, in_days)
    by_days = held * total // (query.end - query.start).days if few else held
    passed = (order.page * order.size + 1) * totals.count(module, everything) / max(total, 1)
    if passed < by_days:
        return Reach(index_of(module, order.sort), skip=skip)
    days = totals.days_of_part(module, query, 0, total) if few else []
    return Reach(index_of(module, "date"), [day for day, _, _ in days], skip)


def index_of(module: Module, sort: str) -> str:
    return f"{table(module)}_in_order" if sort == "date" else f"{table(module)}_by_{sort}"


def count(module: Module, query: Query) -> int:
    """How many records the list has, exactly."""
    if totals.can_count(query):
        return totals.count(module, query)
    where = conditions(module, whole(query))
    source = f"{table(module)}{by_index(index_of(module, 'date'))}"
    return int(rows(f"SELECT COUNT(*) FROM {source} WHERE {where.sql}", where.params)[0][0])


def sums(module: Module, query: Query) -> dict[str, Any]:
    """{measure: sum} over the list's counted records (neither void nor cancelled)."""
    if totals.can_count(query):
        return totals.sums(module, query)
    where = conditions(module, whole(query))
    where.add(COUNTED_SQL)
    return totals.read_sums(module, table(module), where)


def whole(query: Query) -> Query:
    """The list itself, from whichever place it is read on."""
    return replace(query, order=replace(query.order, after=None))


def walk(module: Module, query: Query) -> Iterator[list[Row]]:
    """All rows of the list in its order, as they are stored, in batches: memory stays flat however many there are."""
    each = [walk_site(module, replace(query, sites=(site_id,))) for site_id in query.sites]
    if len(each) == 1:
        merged = each[0]
    else:
        at = [places(module)[column.name] for column in order_columns(module, query.order)]
        merged = heapq.merge(*each, key=itemgetter(*at), reverse=query.order.descending)
    while batch := list(islice(merged, BATCH)):
        yield batch


def walk_site(module: Module, query: Query) -> Iterator[Row]:
    """All rows of one site's part of the list, read in batches by its index."""
    reach = Reach(index_of(module, query.order.sort))
    while True:
        found = fetch(module, query, BATCH, reach)
        yield from found
        if len(found) < BATCH:
            return
        after = tuple(place_of(module, query, found[-1]))
        query = replace(query, order=replace(query.order, after=after, page=1))


def get(module: Module, record_id: str, actor: Actor, action: str = READ) -> Any:
    """One live record. Raises NotFound, or Forbidden for a site the actor may not see."""
    record = find(module, record_id)
    if record is None or not record.is_live:
        raise NotFound
    actor.require(action, record.site_id, record.created_by)
    return record


def find(module: Module, record_id: str, *, for_update: bool = False) -> Any:
    """The record with this id, void ones too, or None."""
    lock = " FOR UPDATE" if for_update and not is_sqlite() else ""
    found = rows(f"SELECT {columns(module)} FROM {table(module)} WHERE id = ?{lock}", (record_id,))
    return module.model.from_row(found[0]) if found else None


def fetch(module: Module, query: Query, limit: int, reach: Reach) -> list[Row]:
    """Rows of the list. Several sites are read each by its own index, then merged."""
    if not query.sites:
        return []
    by = order_by(module, query)
    query = from_cursor_on(query)
    parts: list[str] = []
    params: list[Any] = []
    for site_id in query.sites:
        where = conditions(module, replace(query, sites=(site_id,)), reach.days)
        source = f"{table(module)}{by_index(reach.by)}"
        parts.append(f"SELECT {columns(module)} FROM {source} WHERE {where.sql} ORDER BY {by} LIMIT ?")
        params += [*where.params, limit + reach.skip]
    if len(parts) == 1:
        return [*rows(f"{parts[0]} OFFSET ?", [*params[:-1], limit, reach.skip])]
    each = " UNION ALL ".join(f"SELECT * FROM ({one}) AS s{number}" for number, one in enumerate(parts))
    sql = f"SELECT * FROM ({each}) AS merged ORDER BY {by} LIMIT ? OFFSET ?"
    return [*rows(sql, [*params, limit, reach.skip])]


def by_index(name: str) -> str:
    """SQLite knows no figures to choose an index by: it is told. PostgreSQL keeps some."""
    return f" INDEXED BY {name}" if is_sqlite() else ""


def conditions(module: Module, query: Query, days: Collection[str] = ()) -> Where:
    """The list's conditions on the records' table; on these days alone, where some are given."""
    where = Where()
    where.add_any("site_id", query.sites)
    if not query.include_void:
        where.add(LIVE_SQL)
    if days:
        where.add_any("date", days)
    else:
        where.add("date BETWEEN ? AND ?", query.start.isoformat(), query.end.isoformat())
    for name, chosen in query.chosen.items():
        where.add_any(module.schema.by_name[name].column.column_name, chosen)
    for name, text in query.texts.items():
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.add(
            f"LOWER({module.schema.by_name[name].column.column_name}) LIKE LOWER(?) ESCAPE '\\'", pattern
        )
    if query.order.after is not None:
        sign = "<" if query.order.descending else ">"
        names = [column.column_name for column in order_columns(module, query.order)]
        where.add(f"({', '.join(names)}) {sign} ({', '.join('?' * len(names))})", *query.order.after)
    return where


def order_by(module: Module, query: Query) -> str:
    direction = "DESC" if query.order.descending else "ASC"
    return ", ".join(f"{column.column_name} {direction}" for column in order_columns(module, query.order))


def place_of(module: Module, query: Query, row: Row) -> list[Any]:
    """The stored values of one row's place in the order, the same on either database."""
    at = places(module)
    return [
        column.db_value(column.python_value(row[at[column.name]]))
        for column in order_columns(module, query.order)
    ]


@cache
def places(module: Module) -> dict[str, int]:
    """{attribute: its place in a row}."""
    return {column.name: place for place, column in enumerate(module.model._meta.sorted_fields)}


@cache
def columns(module: Module) -> str:
    return ", ".join(field.column_name for field in module.model._meta.sorted_fields)


def table(module: Module) -> str:
    return str(module.model._meta.table_name)
