"""A module, declared: what differs between modules is this data, what is the same is the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import peewee

from deskops.errors import DeskOpsError, Problem
from deskops.records.record import COUNTED_SQL, Record
from deskops.schema import kinds
from deskops.schema.columns import ScaledField
from deskops.schema.fields import AnyOf, Contains, Derived, Field, Filter
from deskops.schema.kinds import Kind
from deskops.schema.reading import Schema


class Change(NamedTuple):
    """A record before and after a write: None before it was created; after a void it is there, void."""

    before: Record | None
    after: Record | None


Rule = Callable[[Any], Iterable[Problem]]
Check = Callable[[Sequence[Change]], Mapping[int, DeskOpsError]]


class Column(NamedTuple):
    """One output of a record: a cell of a table, a key of the JSON, a column of a file."""

    key: str
    label: str
    unit: str
    kind: Kind
    value: Callable[[Any], Any]

    def plain(self, record: Record) -> str:
        """Text that reads back through the same kind; empty for nothing."""
        value = self.value(record)
        return "" if value is None else self.kind.plain(value)

    def json(self, record: Record) -> Any:
        value = self.value(record)
        return None if value is None else self.kind.json(value)


@dataclass(frozen=True, eq=False, repr=False)
class Module:
    """`rules` judge one record by itself, `checks` a batch against what is stored, inside its transaction.

    `unique` names the columns that no two counted records share. `table` are the keys a page shows, in order;
    `seldom` those that an entry rarely needs: a form asks for them last, and only who opens them stops there.
    """

    name: str
    title: str
    model: type[Record]
    schema: Schema
    table: tuple[str, ...]
    seldom: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    checks: tuple[Check, ...] = ()
    unique: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Module {self.name}>"

    def __post_init__(self) -> None:
        for index in indexes(self.model, self.unique):
            self.model.add_index(index)

    @cached_property
    def filters(self) -> dict[str, tuple[Field, Filter]]:
        """{parameter: (field, filter)} of every filter but the site's and the date's."""
        return {
            one.name: (field, one)
            for field in self.schema.fields
            for one in field.filters
            if isinstance(one, AnyOf | Contains)
        }

    @cached_property
    def dimensions(self) -> tuple[Field, ...]:
        """The enumerated fields by which totals are kept."""
        return tuple(
            field for field in self.schema.fields if any(isinstance(one, AnyOf) for one in field.filters)
        )

    @cached_property
    def measures(self) -> tuple[Field, ...]:
        """The fields that are summed."""
        return tuple(field for field in self.schema.fields if field.kind.is_number)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Every output by its key, in order: fields and derived values as the schema lists them."""
        found: dict[str, Column] = {}
        items: tuple[Field | Derived, ...] = (*self.schema.fields, *self.schema.derived)
        for item in items:
            for column in columns_of(item):
                found[column.key] = column
        return found

    @cached_property
    def sortable(self) -> dict[str, Field]:
        """{name to sort by: field}: a field's key, or its plain name."""
        named = [
            (name, field)
            for field in self.schema.fields
            for name in (field.json_keys)
            if field.kind not in (kinds.LINES, kinds.LONG_TEXT)
        ]
        return dict(named)

    def json(self, record: Record) -> dict[str, Any]:
        """The record as the API answers it."""
        told = {}
        for key, value_of, write in self._json_columns:
            value = value_of(record)
            told[key] = value if value is None else write(value)
        return told

    @cached_property
    def _json_columns(self) -> tuple[tuple[str, Callable[[Any], Any], Callable[[Any], Any]], ...]:
        return tuple((key, column.value, column.kind.json) for key, column in self.columns.items())


def indexes(model: type[Record], unique: tuple[str, ...]) -> Sequence[peewee.Index]:
    """What serves a list in its order and the undoing of an import, and what holds the unique key."""
    name = model._meta.table_name
    found = [
        model.index(model.site, model.date, model.created_at, model.id, name=f"{name}_in_order"),
        model.index(model.import_id, name=f"{name}_imported", where=peewee.SQL("import_id IS NOT NULL")),
    ]
    if unique:
        columns = [getattr(model, column) for column in unique]
        found.append(model.index(*columns, name=f"{name}_unique", unique=True, where=peewee.SQL(COUNTED_SQL)))
    return found


CARD = Kind("card", dict, plain=lambda row: f"{row.code} {row.name}", json=lambda row: row.card())
CODE = Kind("code", str, plain=lambda row: row.code, json=lambda row: row.code)


def columns_of(item: Field | Derived) -> list[Column]:
    if isinstance(item, Derived):
        return [Column(item.key, item.label, item.unit, item.kind, item.value)]
    value = attribute(item.name)
    if not item.reference:
        return [Column(item.key, item.label, item.unit, item.kind, value)]
    if item.key == item.name:
        return [Column(item.key, item.label, item.unit, CODE, value)]
    return [
        Column(item.key, f"{item.label} ID", "", item.kind, value),
        Column(item.name, item.label, item.unit, CARD, value),
    ]


def attribute(name: str) -> Callable[[Any], Any]:
    """The value of this attribute, an empty text as None."""

    def value(record: Any) -> Any:
        found = getattr(record, name)
        return None if found == "" else found

    return value


def stored(field: Field, value: Any) -> Any:
    """A field's value as its column keeps it: tons as kilograms, a reference as its id."""
    if field.reference:
        return value.id if value is not None else None
    return field.column.db_value(value)


def from_stored(field: Field, value: int) -> Any:
    """A sum of stored values as the field's own unit."""
    return field.column.python_value(value) if isinstance(field.column, ScaledField) else value
