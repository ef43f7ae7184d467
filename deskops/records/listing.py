"""Reading records: the one list that the table, the JSON, the totals line and the export share.

A list costs the same few statements however long it is: one for its rows, one for its count, one for its sums.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.policy import READ
from deskops.database import is_sqlite, rows
from deskops.errors import NotFound
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query, Where
from deskops.records.record import COUNTED_SQL, LIVE_SQL, Record
from deskops.schema.fields import Field

BATCH = 1_000


@dataclass(frozen=True)
class Page:
    """One part of a list, with the exact count of the whole list. `next_cursor` is None at its end."""

    records: list[Any]
    total_count: int
    number: int
    size: int
    next_cursor: str | None
    ignored: tuple[str, ...]

    @property
    def pages(self) -> int:
        return -(-self.total_count // self.size)


def list_page(module: Module, query: Query) -> Page:
    """The records of one part of the list."""
    order = query.order
    found = fetch(module, query, order.size + 1, skip=(order.page - 1) * order.size)
    more = len(found) > order.size
    records = found[: order.size]
    cursor = query.cursor(sort_values(module, query, records[-1])) if more else None
    return Page(records, count(module, query), order.page, order.size, cursor, query.ignored)


def count(module: Module, query: Query) -> int:
    """How many records the list has, exactly."""
    if totals.can_count(query):
        return totals.count(module, query)
    where = conditions(module, query)
    return int(rows(f"SELECT COUNT(*) FROM {table(module)} WHERE {where.sql}", where.params)[0][0])


def sums(module: Module, query: Query) -> dict[str, Any]:
    """{measure: sum} over the list's counted records (neither void nor cancelled)."""
    if totals.can_count(query):
        return totals.sums(module, query)
    where = conditions(module, query)
    where.add(COUNTED_SQL)
    return totals.read_sums(module, table(module), where)


def walk(module: Module, query: Query) -> Iterator[list[Any]]:
    """All records of the list in its order, in batches: memory stays flat however many there are."""
    each = [walk_site(module, replace(query, sites=(site_id,))) for site_id in query.sites]
    if len(each) == 1:
        merged = each[0]
    else:
        merged = heapq.merge(
            *each, key=lambda record: sort_values(module, query, record), reverse=query.order.descending
        )
    while batch := list(islice(merged, BATCH)):
        yield batch


def walk_site(module: Module, query: Query) -> Iterator[Any]:
    """All records of one site's part of the list, read in batches by its index."""
    while True:
        found = fetch(module, query, BATCH)
        yield from found
        if len(found) < BATCH:
            return
        after = tuple(sort_values(module, query, found[-1]))
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


def fetch(module: Module, query: Query, limit: int, skip: int = 0) -> list[Record]:
    """Rows of the list. Several sites are read each by its own index, then merged."""
    if not query.sites:
        return []
    by = order_by(module, query)
    if len(query.sites) == 1:
        where = conditions(module, query)
        sql = (
            f"SELECT {columns(module)} FROM {table(module)} WHERE {where.sql} ORDER BY {by} LIMIT ? OFFSET ?"
        )
        return [module.model.from_row(row) for row in rows(sql, [*where.params, limit, skip])]
    parts: list[str] = []
    params: list[Any] = []
    for site_id in query.sites:
        where = conditions(module, replace(query, sites=(site_id,)))
        one_site = f"SELECT {columns(module)} FROM {table(module)} WHERE {where.sql} ORDER BY {by} LIMIT ?"
        parts.append(f"SELECT * FROM ({one_site}) AS s{len(parts)}")
        params += [*where.params, limit + skip]
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS merged ORDER BY {by} LIMIT ? OFFSET ?"
    return [module.model.from_row(row) for row in rows(sql, [*params, limit, skip])]


def conditions(module: Module, query: Query) -> Where:
    """The list's conditions on the records' table; live ones are asked for literally, as the partial indexes are."""
    where = Where()
    where.add_any("site_id", query.sites)
    if not query.include_void:
        where.add(LIVE_SQL)
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
        where.add(f"({', '.join(sort_columns(module, query))}) {sign} (?, ?, ?)", *query.order.after)
    return where


def sort_columns(module: Module, query: Query) -> list[str]:
    """The columns of the order. An empty value sorts as the least one, on either database."""
    field = module.schema.by_name[query.order.sort]
    column = field.column.column_name
    if field.column.null:
        column = f"COALESCE({column}, {empty_literal(field)})"
    return [column, "created_at", "id"]


def empty_literal(field: Field) -> str:
    return "-1" if field.kind.is_number else "''"


def order_by(module: Module, query: Query) -> str:
    direction = "DESC" if query.order.descending else "ASC"
    return ", ".join(f"{column} {direction}" for column in sort_columns(module, query))


def sort_values(module: Module, query: Query, record: Record) -> list[Any]:
    """The stored values of one record's place in the order."""
    field = module.schema.by_name[query.order.sort]
    value = record.__data__[field.name]
    value = (-1 if field.kind.is_number else "") if value is None else field.column.db_value(value)
    model = type(record)
    return [value, model.created_at.db_value(record.created_at), record.id]


def columns(module: Module) -> str:
    return ", ".join(field.column_name for field in module.model._meta.sorted_fields)


def table(module: Module) -> str:
    return str(module.model._meta.table_name)
