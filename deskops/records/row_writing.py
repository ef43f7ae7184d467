"""Rows as they leave: stored rows of a module written column by column, for a page of 25 and a stream of a million.

A row holds the stored values of all columns of the module's table, in order. What is written is what a Record of
the row answers by `Column.value`; most columns need no Record for it, and a reference is written once for all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any

import peewee

from deskops.records.column import Column
from deskops.records.module import Module
from deskops.schema import kinds, references
from deskops.schema.fields import itself, kind_of
from deskops.schema.kinds import Kind, moment_json

Row = Sequence[Any]
Stored = Sequence[Any]
WriteStored = Callable[[Stored], Iterable[Any]]


@dataclass(frozen=True)
class Form:
    """A way of writing: `cell_of` answers how a kind writes one value, None too.

    `quick` are the kinds whose stored values are written as they come from the database, a whole column at once.
    """

    cell_of: Callable[[Kind], Callable[[Any], Any]]
    quick: Mapping[Kind, WriteStored]


@dataclass(frozen=True)
class Batch:
    """Rows by column: `stored` are {attribute: values}, `referred` {attribute: {id: row of the reference list}}."""

    stored: Mapping[str, Sequence[Any]]
    referred: Mapping[str, Mapping[Any, Any]]

    def attributes(self, field: peewee.Field) -> Iterable[Any]:
        """The attribute of each record."""
        stored = self.stored[field.name]
        if field.name in self.referred:
            return map(self.referred[field.name].__getitem__, stored)
        return map(field.python_value, stored)


class RowWriter:
    """Writes rows of a module in these columns: `cells` answers one tuple for each row."""

    def __init__(self, module: Module, columns: Iterable[Column], form: Form) -> None:
        columns = list(columns)
        fields = module.model._meta.fields
        self._names = [field.name for field in module.model._meta.sorted_fields]
        needed = {name for column in columns for name in column.of}
        self._referring = [fields[name] for name in sorted(needed) if is_reference(fields[name])]
        self._writers = [
            column_writer(column, [fields[name] for name in column.of], form) for column in columns
        ]

    def cells(self, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
        if not rows:
            return iter(())
        stored = dict(zip(self._names, zip(*rows, strict=True), strict=True))
        referred = {field.name: rows_referred_to(field, stored[field.name]) for field in self._referring}
        batch = Batch(stored, referred)
        return zip(*[write(batch) for write in self._writers], strict=True)


def column_writer(
    column: Column, fields: Sequence[peewee.Field], form: Form
) -> Callable[[Batch], Iterable[Any]]:
    """How this column of a batch is written: quickly where its kind and source allow, else value by value."""
    write, value = form.cell_of(column.kind), column.value_of
    if not fields:
        constant = write(value())
        return lambda batch: repeat(constant, len(batch.stored["id"]))
    if len(fields) > 1:
        return lambda batch: [
            write(value(*each)) for each in zip(*map(batch.attributes, fields), strict=True)
        ]
    [field] = fields
    name, quick = field.name, form.quick.get(column.kind)
    if is_reference(field):
        return lambda batch: written_once(batch, name, lambda row: write(value(row)))
    if quick and column.reckon is itself and kind_of(field) is column.kind:
        return lambda batch: quick(batch.stored[name])
    return lambda batch: [write(value(each)) for each in batch.attributes(field)]


def written_once(batch: Batch, name: str, write: Callable[[Any], Any]) -> Iterable[Any]:
    """What depends on a reference alone, written once for each row of its list."""
    cells = {key: write(row) for key, row in batch.referred[name].items()}
    return map(cells.__getitem__, batch.stored[name])


def is_reference(field: peewee.Field) -> bool:
    return isinstance(field, peewee.ForeignKeyField)


def rows_referred_to(field: Any, keys: Iterable[str | None]) -> dict[str | None, Any]:
    return {key: None if key is None else references.by_id(field.rel_model, key) for key in set(keys)}


def unless_none(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else write(value)


def numbers(kind: Kind) -> WriteStored:
    """Stored whole numbers of this kind as JSON numbers: the nearest to the decimal, whole ones without a point."""
    scale = 10 ** (kind.places or 0)
    return lambda stored: [
        value if value is None else value / scale if value % scale else value // scale for value in stored
    ]


def texts_or_none(stored: Stored) -> list[str | None]:
    return [value or None for value in stored]


def day_texts(stored: Stored) -> list[str | None]:
    """SQLite tells a day as its text, PostgreSQL as a date."""
    return [value.isoformat() if isinstance(value, date) else value for value in stored]


def moment_texts(stored: Stored) -> list[str | None]:
    """SQLite tells a moment as its text to the microsecond, PostgreSQL as a datetime."""
    return [
        f"{value[:10]}T{value[11:23]}Z" if isinstance(value, str) else value and moment_json(value)
        for value in stored
    ]


JSON = Form(
    cell_of=lambda kind: unless_none(kind.json),
    quick={
        kinds.TONS: numbers(kinds.TONS),
        kinds.HOURS: numbers(kinds.HOURS),
        kinds.COUNT: itself,
        kinds.DAY: day_texts,
        kinds.MOMENT: moment_texts,
        kinds.CHOICE: texts_or_none,
        kinds.CLOCK_TIME: texts_or_none,
        kinds.TEXT: texts_or_none,
        kinds.LONG_TEXT: texts_or_none,
    },
)


class JsonRows:
    """Rows of a module as the API answers them: one object a row, as `Module.json` makes it of a Record."""

    def __init__(self, module: Module) -> None:
        self._keys = tuple(module.columns)
        self._writer = RowWriter(module, module.columns.values(), JSON)

    def objects(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        keys = self._keys
        return [dict(zip(keys, cells, strict=True)) for cells in self._writer.cells(rows)]
