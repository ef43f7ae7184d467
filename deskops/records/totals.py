"""Daily totals and counts of every module, kept in the writing transaction.

One row for each site, day and combination of the module's enumerated fields, void ones apart: so that a count or a sum
over any such filter reads a few rows, however many records there are. `verify` recomputes them from the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

import peewee

from deskops.database import BaseModel, execute_many, rows
from deskops.records.module import Change, Module, from_stored
from deskops.records.query import Query, Where
from deskops.records.record import CANCELLED, Record
from deskops.schema.columns import DayField


@cache
def table_for(module: Module) -> type[BaseModel]:
    """The totals table of a module: `{module}_total`."""
    names = [field.column.column_name for field in module.dimensions]
    columns: dict[str, Any] = {"site_id": peewee.CharField(max_length=36), "date": DayField()}
    columns |= {name: peewee.CharField(max_length=36) for name in names}
    columns |= {"is_void": peewee.SmallIntegerField(), "records": peewee.BigIntegerField(default=0)}
    columns |= {field.column.column_name: peewee.BigIntegerField(default=0) for field in module.measures}
    key = peewee.CompositeKey("site_id", "date", *names, "is_void")
    columns["Meta"] = type("Meta", (), {"primary_key": key, "table_name": f"{module.name}_total"})
    return type(f"{module.name.capitalize()}Total", (BaseModel,), columns)


def keep(module: Module, changes: Sequence[Change]) -> None:
    """Bring the totals in step with these changes."""
    deltas: dict[tuple[Any, ...], list[int]] = {}
    for change in changes:
        for record, sign in ((change.before, -1), (change.after, 1)):
            if record is not None:
                add(deltas, module, record, sign)
    measures = [field.column.column_name for field in module.measures]
    key = key_columns(module)
    summed = ["records", *measures]
    columns = [*key, *summed]
    sql = (
        f"INSERT INTO {table_name(module)} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        + ", ".join(f"{name} = {table_name(module)}.{name} + excluded.{name}" for name in summed)
    )
    execute_many(sql, [(*group, *delta) for group, delta in sorted(deltas.items()) if any(delta)])


def add(deltas: dict[tuple[Any, ...], list[int]], module: Module, record: Record, sign: int) -> None:
    values = record.__data__
    dimensions = [values[field.name] for field in module.dimensions]
    group = (record.site_id, record.date.isoformat(), *dimensions, 0 if record.is_live else 1)
    delta = deltas.get(group)
    if delta is None:
        delta = deltas[group] = [0] * (1 + len(module.measures))
    delta[0] += sign
    for place, field in enumerate(module.measures, start=1):
        value = values[field.name]
        if value:
            delta[place] += sign * int(field.column.db_value(value))


def key_columns(module: Module) -> list[str]:
    return ["site_id", "date", *(field.column.column_name for field in module.dimensions), "is_void"]


def table_name(module: Module) -> str:
    return f"{module.name}_total"


def can_count(query: Query) -> bool:
    """Whether every filter of the query is one that totals are kept by."""
    return not query.texts


def count(module: Module, query: Query) -> int:
    """How many records the query has, exactly: from the totals, or by an index within its sites and days."""
    where = where_of(module, query)
    if not query.include_void:
        where.add("is_void = 0")
    return int(
        rows(f"SELECT COALESCE(SUM(records), 0) FROM {table_name(module)} WHERE {where.sql}", where.params)[
            0
        ][0]
    )


def sums(module: Module, query: Query) -> dict[str, Any]:
    """{measure: sum} over the counted records of the query (neither void nor cancelled), in the measures' own units."""
    where = where_of(module, query)
    where.add("is_void = 0")
    where.add("status <> ?", CANCELLED)
    return read_sums(module, table_name(module), where)


def read_sums(module: Module, table: str, where: Where) -> dict[str, Any]:
    """{measure: sum} of any table that has the measures' columns."""
    measures = module.measures
    columns = ", ".join(f"COALESCE(SUM({field.column.column_name}), 0)" for field in measures)
    found = rows(f"SELECT {columns} FROM {table} WHERE {where.sql}", where.params)[0]
    return {field.name: from_stored(field, int(value)) for field, value in zip(measures, found, strict=True)}


def by_day(module: Module, site_id: str, start: date, end: date, measure: str) -> dict[date, tuple[int, Any]]:
    """{day: (records, sum of the measure)} of the counted records of one site; days without any are absent."""
    field = module.schema.by_name[measure]
    found = rows(
        f"SELECT date, SUM(records), SUM({field.column.column_name}) FROM {table_name(module)} "
        "WHERE site_id = ? AND date BETWEEN ? AND ? AND is_void = 0 AND status <> ? "
        "GROUP BY date HAVING SUM(records) > 0 ORDER BY date",
        (site_id, start.isoformat(), end.isoformat(), CANCELLED),
    )
    return {as_day(when): (int(number), from_stored(field, int(total))) for when, number, total in found}


def as_day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def where_of(module: Module, query: Query) -> Where:
    where = Where()
    where.add_any("site_id", query.sites)
    where.add("date BETWEEN ? AND ?", query.start.isoformat(), query.end.isoformat())
    for name, chosen in query.chosen.items():
        where.add_any(module.schema.by_name[name].column.column_name, chosen)
    return where


def verify(module: Module) -> list[str]:
    """Recompute the totals from the records; answers one line for each difference, none when they agree."""
    key = key_columns(module)
    names = ["records", *(field.column.column_name for field in module.measures)]
    kept = {
        tuple(map(str, row[: len(key)])): tuple(map(int, row[len(key) :]))
        for row in rows(f"SELECT {', '.join(key + names)} FROM {table_name(module)}")
    }
    from_records = {
        tuple(map(str, row[: len(key)])): tuple(map(int, row[len(key) :]))
        for row in rows(recount_sql(module))
    }
    return list(differences(names, kept, from_records))


def recount_sql(module: Module) -> str:
    dimensions = ["site_id", "date", *(field.column.column_name for field in module.dimensions)]
    void = "CASE WHEN voided_at IS NULL THEN 0 ELSE 1 END"
    measures = [f"COALESCE(SUM({field.column.column_name}), 0)" for field in module.measures]
    groups = ", ".join([*dimensions, void])
    columns = ", ".join([groups, "COUNT(*)", *measures])
    return f"SELECT {columns} FROM {module.model._meta.table_name} GROUP BY {groups}"


def differences(names: list[str], kept: dict[Any, Any], from_records: dict[Any, Any]) -> Iterable[str]:
    zero = (0,) * len(names)
    for group in sorted(kept.keys() | from_records.keys()):
        have, should = kept.get(group, zero), from_records.get(group, zero)
        for name, one, other in zip(names, have, should, strict=True):
            if one != other:
                yield f"{' '.join(group)}: {name} is {one}, the records say {other}"
