"""Daily totals and counts of every module: what boards, lists and charts read instead of the records.

`verify` recomputes them from the records, `rebuild` makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import repeat
from typing import Any, NamedTuple

from deskops.database import execute, rows
from deskops.records.cube import ANY, Cut, cuts, key_columns, summed_columns, table_name
from deskops.records.module import Module, from_stored
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL, LIVE_SQL
from deskops.records.where import Where
from deskops.schema import references
from deskops.schema.columns import ScaledField
from deskops.schema.fields import Field

Wanted = Mapping[str, Collection[str]]


class DayTotal(NamedTuple):
    """One day's counted records (of one combination of what was asked `by`): how many, and the sums of the measures."""

    day: date
    group: tuple[str, ...]
    records: int
    sums: tuple[Any, ...]


def can_count(query: Query) -> bool:
    """Whether every filter of the query is one that totals are kept by."""
    return not query.texts


def count(module: Module, query: Query) -> int:
    """How many records the query has, exactly."""
    where = within(module, query)
    sql = f"SELECT COALESCE(SUM({counts_of(query)}), 0) FROM {table_name(module)} WHERE {where.sql}"
    return int(rows(sql, where.params)[0][0])


def counted_records(module: Module, query: Query) -> int:
    """How many of the query's records stand in the sums."""
    where = within(module, query)
    sql = f"SELECT COALESCE(SUM(records), 0) FROM {table_name(module)} WHERE {where.sql}"
    return int(rows(sql, where.params)[0][0])


def sums(module: Module, query: Query) -> dict[str, Any]:
    """{measure: sum} over the counted records of the query (neither void nor cancelled), in the measures' own units."""
    return read_sums(module, table_name(module), within(module, query))


def read_sums(module: Module, table: str, where: Where) -> dict[str, Any]:
    """{measure: sum} of any table that has the measures' columns."""
    measures = module.measures
    columns = ", ".join(f"COALESCE(SUM({field.column.column_name}), 0)" for field in measures)
    found = rows(f"SELECT {columns} FROM {table} WHERE {where.sql}", where.params)[0]
    return {field.name: from_stored(field, int(value)) for field, value in zip(measures, found, strict=True)}


def days_of_part(module: Module, query: Query, skip: int, size: int) -> list[tuple[str, int, int]]:
    """The days, in the query's order, that hold its records from number `skip` on, `size` of them.

    Each as (day, its records, those of the days before it in the order).
    """
    where, held_sql = within(module, query), f"SUM({counts_of(query)})"
    direction = "DESC" if query.order.descending else "ASC"
    # A day holds one at least: no more days than records are needed.
    found = execute(
        f"SELECT date, {held_sql} FROM {table_name(module)} WHERE {where.sql} "
        f"GROUP BY date HAVING {held_sql} > 0 ORDER BY date {direction} LIMIT ?",
        [*where.params, skip + size],
    )
    days, before = [], 0
    for day, held in found:
        if before >= skip + size:
            break
        if before + held > skip:
            days.append((str(day), int(held), int(before)))
        before += held
    return days


def by_day(
    module: Module,
    site_id: str,
    start: date,
    end: date,
    measures: Sequence[str],
    *,
    by: Sequence[str] = (),
    where: Wanted | None = None,
) -> list[DayTotal]:
    """Each day's counted records of one site, ascending; a day (or a combination) without any is absent.

    `measures` are the fields to sum; `by` the enumerated fields whose combinations are told apart, each answered as
    stored (ids, choices) in `group`; `where` is {enumerated field: accepted stored values}.
    """
    fields = [module.schema.by_name[name] for name in measures]
    columns = ["date", *(module.schema.by_name[name].column.column_name for name in by)]
    sums = ["SUM(records)", *(f"SUM({field.column.column_name})" for field in fields)]
    query = Query(sites=(site_id,), start=start, end=end, chosen=where or {})
    found = counted(module, query, columns, sums, apart=by)
    if not found:
        return []
    # Column by column: three years are a thousand rows, and a chart reads several such series.
    days, *told = zip(*found, strict=True)
    groups = zip(*told[: len(by)], strict=True) if by else repeat(())
    records, *values = told[len(by) :]
    read = [map(reader_of(field), column) for field, column in zip(fields, values, strict=True)]
    summed = zip(*read, strict=True) if fields else repeat(())
    return list(map(DayTotal, as_days(days), groups, map(int, records), summed))


def counted(
    module: Module,
    query: Query,
    columns: Sequence[str],
    sums: Sequence[str],
    *,
    apart: Collection[str],
    params: Sequence[Any] = (),
) -> list[tuple[Any, ...]]:
    """One row of `sums` over the counted records for each combination of the columns, ascending.

    `apart` are the enumerated fields that the columns and the sums tell apart; `params` those of the sums.
    """
    where = within(module, query, apart)
    grouped = ", ".join(columns)
    return rows(
        f"SELECT {grouped}, {', '.join(sums)} FROM {table_name(module)} WHERE {where.sql} "
        f"GROUP BY {grouped} HAVING SUM(records) > 0 ORDER BY {grouped}",
        [*params, *where.params],
    )


def reader_of(field: Field) -> Callable[[Any], Any]:
    """What reads a sum of the field's column in the field's own unit."""
    return field.column.python_value if isinstance(field.column, ScaledField) else int


def as_days(told: Sequence[Any]) -> Iterable[date]:
    """SQLite tells a day as its text, PostgreSQL as a date."""
    return map(date.fromisoformat, told) if told and isinstance(told[0], str) else told


def counts_of(query: Query) -> str:
    """What a row counts of the list's records."""
    return "records + cancelled + voided" if query.include_void else "records + cancelled"


def within(module: Module, query: Query, by: Collection[str] = ()) -> Where:
    """The rows of the coarsest cut that tells the query's filters, and these fields, apart."""
    asked = {*query.chosen, *by}
    cut = next(cut for cut in reversed(cuts(module)) if asked <= {field.name for field in cut})
    where = Where()
    where.add_any("site_id", query.sites)
    for field in module.dimensions:
        values: Collection[str] = (ANY,)
        if field in cut:
            values = query.chosen[field.name] if field.name in query.chosen else values_of(field)
        where.add_any(field.column.column_name, values)
    where.add("date BETWEEN ? AND ?", query.start.isoformat(), query.end.isoformat())
    return where


def values_of(field: Field) -> list[str]:
    """Every value that an enumerated field can hold: named one by one, so that rows are found by their key."""
    if field.reference:
        return [row.id for row in references.every(field.reference)]
    return sorted({*field.choices, *([] if field.empty is None else [field.empty])})


def verify(module: Module) -> list[str]:
    """Recompute the totals from the records; answers one line for each difference, none when they agree."""
    return [line for cut in cuts(module) for line in differences(module, cut)]


def rebuild(module: Module) -> None:
    """Make the totals anew from the records. Call inside a transaction."""
    execute(f"DELETE FROM {table_name(module)}")
    columns = ", ".join(key_columns(module) + summed_columns(module))
    for cut in cuts(module):
        execute(f"INSERT INTO {table_name(module)} ({columns}) {recount_sql(module, cut)}")


def recount_sql(module: Module, cut: Cut) -> str:
    """One cut's rows, from the records."""
    names = [
        field.column.column_name if field in cut else f"'{ANY}' AS {field.column.column_name}"
        for field in module.dimensions
    ]
    groups = ["site_id", *(field.column.column_name for field in cut), "date"]
    counts = [sum_where(COUNTED_SQL), sum_where(f"{LIVE_SQL} AND NOT ({COUNTED_SQL})")]
    counts.append(sum_where(f"NOT ({LIVE_SQL})"))
    measures = [sum_where(COUNTED_SQL, field.column.column_name) for field in module.measures]
    columns = ", ".join(["site_id", *names, "date", *counts, *measures])
    return f"SELECT {columns} FROM {module.model._meta.table_name} GROUP BY {', '.join(groups)}"


def sum_where(condition: str, summed: str = "1") -> str:
    return f"SUM(CASE WHEN {condition} THEN COALESCE({summed}, 0) ELSE 0 END)"


def differences(module: Module, cut: Cut) -> Iterator[str]:
    """What one cut's rows and its records say differently; found by the database, however many they are."""
    key, summed = ", ".join(key_columns(module)), summed_columns(module)
    told_apart = [
        f"{field.column.column_name} {'<>' if field in cut else '='} '{ANY}'" for field in module.dimensions
    ]
    of_cut = " AND ".join(told_apart) or "1 = 1"
    nothing_said = ", ".join(f"0 AS said_{name}" for name in summed)
    kept = f"SELECT {key}, {nothing_said}, {', '.join(summed)} FROM {table_name(module)} WHERE {of_cut}"
    said = f"SELECT said.*, {', '.join('0' * len(summed))} FROM ({recount_sql(module, cut)}) AS said"
    pairs = ", ".join(f"SUM({name}), SUM(said_{name})" for name in summed)
    differ = " OR ".join(f"SUM({name}) <> SUM(said_{name})" for name in summed)
    found = rows(
        f"SELECT {key}, {pairs} FROM ({kept} UNION ALL {said}) AS either GROUP BY {key} HAVING {differ} ORDER BY {key}"
    )
    for row in found:
        group, numbers = row[: -2 * len(summed)], row[-2 * len(summed) :]
        for name, one, other in zip(summed, numbers[::2], numbers[1::2], strict=True):
            if one != other:
                yield f"{' '.join(map(str, group))}: {name} is {one}, the records say {other}"
