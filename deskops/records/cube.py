"""How totals are kept: a cube of few cuts, brought in step in the writing transaction.

A record stands in one row for its site and day alone, in one for each of its module's enumerated fields alone, and in
one for all of them together; a field that a cut leaves out holds ANY. So a count or a sum reads a row a day for no
filter or one, and the fewest there can be for several, however many records there are.

A row counts apart the records that stand in the sums, those that are cancelled and those that are void; its sums are
of the first alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import peewee

from deskops.accounts.actor import Actor
from deskops.database import BaseModel, execute_many
from deskops.records.module import Change, Module
from deskops.records.record import Record
from deskops.schema.columns import DayField
from deskops.schema.fields import Field

ANY = "*"
# What is in lists and sums, in lists alone, in neither.
COUNTS = ("records", "cancelled", "voided")

Cut = tuple[Field, ...]


@cache
def table_for(module: Module) -> type[BaseModel]:
    """The totals table of a module: `{module}_total`."""
    names = [field.column.column_name for field in module.dimensions]
    columns: dict[str, Any] = {"site_id": peewee.CharField(max_length=36)}
    columns |= {name: peewee.CharField(max_length=36) for name in names}
    columns |= {"date": DayField()}
    columns |= {name: peewee.BigIntegerField(default=0) for name in summed_columns(module)}
    options = {"primary_key": peewee.CompositeKey(*key_columns(module)), "table_name": table_name(module)}
    columns["Meta"] = type("Meta", (), options)
    return type(f"{module.name.capitalize()}Total", (BaseModel,), columns)


def table_name(module: Module) -> str:
    return f"{module.name}_total"


def key_columns(module: Module) -> list[str]:
    """A cut's rows of one combination lie side by side, in the order of their days."""
    return ["site_id", *(field.column.column_name for field in module.dimensions), "date"]


def summed_columns(module: Module) -> list[str]:
    return [*COUNTS, *(field.column.column_name for field in module.measures)]


@cache
def cuts(module: Module) -> tuple[Cut, ...]:
    """The combinations of fields that rows are kept for, the finest first."""
    every = module.dimensions
    return tuple(dict.fromkeys((every, *((field,) for field in every), ())))


def keep(module: Module, changes: Sequence[Change], _actor: Actor) -> None:
    """Bring the totals in step with these changes."""
    finest: dict[tuple[Any, ...], list[int]] = {}
    for change in changes:
        for record, sign in ((change.before, -1), (change.after, 1)):
            if record is not None:
                add(finest, module, record, sign)
    deltas = rolled_up(module, finest)
    execute_many(
        adding_sql(module), [(*group, *delta) for group, delta in sorted(deltas.items()) if any(delta)]
    )


@cache
def adding_sql(module: Module) -> str:
    key, summed = key_columns(module), summed_columns(module)
    columns = [*key, *summed]
    return (
        f"INSERT INTO {table_name(module)} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        + ", ".join(f"{name} = {table_name(module)}.{name} + excluded.{name}" for name in summed)
    )


def add(deltas: dict[tuple[Any, ...], list[int]], module: Module, record: Record, sign: int) -> None:
    values = record.__data__
    dimensions = [values[field.name] for field in module.dimensions]
    group = (record.site_id, *dimensions, record.date.isoformat())
    delta = deltas.get(group)
    if delta is None:
        delta = deltas[group] = [0] * (len(COUNTS) + len(module.measures))
    delta[standing(record)] += sign
    if not record.is_counted:
        return
    for place, field in enumerate(module.measures, start=len(COUNTS)):
        value = values[field.name]
        if value:
            delta[place] += sign * int(field.column.db_value(value))


def standing(record: Record) -> int:
    """By which of the counts a record is counted."""
    if record.is_counted:
        return 0
    return 1 if record.is_live else 2


def rolled_up(
    module: Module, finest: Mapping[tuple[Any, ...], list[int]]
) -> dict[tuple[Any, ...], list[int]]:
    """The finest cut's deltas, and those of every other cut."""
    deltas = {group: list(delta) for group, delta in finest.items()}
    places = {field: place for place, field in enumerate(module.dimensions, start=1)}
    for (site_id, *values), delta in finest.items():
        blank = [site_id, *[ANY] * len(places), *values[len(places) :]]
        for cut in cuts(module)[1:]:
            group = blank.copy()
            for field in cut:
                group[places[field]] = values[places[field] - 1]
            sums = deltas.setdefault(tuple(group), [0] * len(delta))
            for place, number in enumerate(delta):
                sums[place] += number
    return deltas
