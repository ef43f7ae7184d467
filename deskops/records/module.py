"""A module, declared: what differs between modules is this data, what is the same is the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import peewee

from deskops.accounts.policy import CORRECT, CREATE, VOID
from deskops.errors import DeskOpsError, Problem
from deskops.records.column import Column, columns_of
from deskops.records.record import COUNTED_SQL, Record
from deskops.schema.columns import ScaledField
from deskops.schema.fields import AnyOf, Contains, Derived, Field, Filter
from deskops.schema.reading import Schema


class Change(NamedTuple):
    """A record before and after a write: None before it was created; after a void it is there, void."""

    before: Record | None
    after: Record | None


class Rights(NamedTuple):
    """What one must be allowed to, to enter, correct and void records of a module."""

    create: str = CREATE
    correct: str = CORRECT
    void: str = VOID


USUAL_RIGHTS = Rights()

Rule = Callable[[Any], Iterable[Problem]]
Check = Callable[[Sequence[Change]], Mapping[int, DeskOpsError]]


class Listed(Protocol):
    """What a list's question is read by: a module is one."""

    @property
    def name(self) -> str: ...

    @property
    def filters(self) -> Mapping[str, tuple[Field, Filter]]: ...

    @property
    def sortable(self) -> Mapping[str, Any]: ...

    @property
    def model(self) -> Any: ...


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
    rights: Rights = USUAL_RIGHTS

    def __repr__(self) -> str:
        return f"<Module {self.name}>"

    def __post_init__(self) -> None:
        for index in indexes(self):
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
    def sortable(self) -> dict[str, peewee.Field]:
        """{name to sort by: column}: the day, the moment of entry, and every number that is never empty.

        Each has an index of its own, and an index of what may be empty would not serve the order.
        """
        numbers = {field.key: field.column for field in self.measures if not field.column.null}
        return {"date": self.model.date, "createdAt": self.model.created_at, **numbers}

    def json(self, record: Record) -> dict[str, Any]:
        """The record as the API answers it."""
        return {key: column.json(record) for key, column in self.columns.items()}


def indexes(module: Module) -> Sequence[peewee.Index]:
    """What serves a list in each of its orders and the undoing of an import, and what holds the unique key."""
    model, name = module.model, module.model._meta.table_name
    found = [
        model.index(model.site, model.date, model.created_at, model.id, name=f"{name}_in_order"),
        model.index(model.import_id, name=f"{name}_imported", where=peewee.SQL("import_id IS NOT NULL")),
    ]
    for column in module.sortable.values():
        if column is not model.date:
            order = in_order(model, column)
            found.append(model.index(model.site, *order, name=f"{name}_by_{column.column_name}"))
    if module.unique:
        columns = [getattr(model, column) for column in module.unique]
        found.append(model.index(*columns, name=f"{name}_unique", unique=True, where=peewee.SQL(COUNTED_SQL)))
    return found


def in_order(model: type[Record], column: peewee.Field) -> list[peewee.Field]:
    """The columns of an order: ties break by the moment of entry, then by id."""
    return [column, *([model.created_at] if column is not model.created_at else []), model.id]


def stored(field: Field, value: Any) -> Any:
    """A field's value as its column keeps it: tons as kilograms, a reference as its id."""
    if field.reference:
        return value.id if value is not None else None
    return field.column.db_value(value)


def from_stored(field: Field, value: int) -> Any:
    """A sum of stored values as the field's own unit."""
    return field.column.python_value(value) if isinstance(field.column, ScaledField) else value
