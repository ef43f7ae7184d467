"""A field: one column of a record, declared once for forms, JSON, files, filters and documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import peewee
from pydantic import TypeAdapter

from deskops.errors import Message, say
from deskops.schema import kinds
from deskops.schema.columns import (
    ClockField,
    DayField,
    DensityField,
    HoursField,
    LinesField,
    MomentField,
    PercentField,
    TonsField,
    VolumeField,
)
from deskops.schema.kinds import Kind
from deskops.schema.references import Reference


@dataclass(frozen=True)
class AnyOf:
    """A filter by one or more values. Of a reference: its id or code (`codes`), or an attribute of it (`by`)."""

    name: str
    by: str = ""
    codes: bool = True
    label: str = ""


@dataclass(frozen=True)
class Contains:
    """A filter by a piece of text, any letter case; counted by an index within sites and dates."""

    name: str
    label: str = ""


@dataclass(frozen=True)
class Range:
    """The filter by days, both ends included."""

    start: str
    end: str
    also: tuple[str, ...] = ()


Filter = AnyOf | Contains | Range
NOT_A_CHOICE = say("This value is not one of the choices")


@dataclass(frozen=True)
class Instead:
    """Another name a reference may be sent by: `choose` finds the row for a text, `check` says whether both agree."""

    name: str
    choose: Callable[[str], Reference | None]
    agrees: Callable[[Reference, str], bool]
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Field:
    """One column. Type, length, choices, default and null stand on the column; all else stands here.

    `between` are the least and most value; `also` further names it may be sent by; `personal` keeps its
    values out of the audit trail (a salted digest stands there).
    """

    column: peewee.Field
    label: str
    unit: str = ""
    wire: str = ""
    also: tuple[str, ...] = ()
    instead: Instead | None = None
    filters: tuple[Filter, ...] = ()
    between: tuple[Decimal | int | None, Decimal | int | None] = (None, None)
    invalid: Message = NOT_A_CHOICE
    personal: bool = False

    @cached_property
    def name(self) -> str:
        """The attribute of the record."""
        return self.column.name

    @cached_property
    def key(self) -> str:
        """The name on the wire."""
        return self.wire or camel(self.name) + ("Id" if self.reference else "")

    @cached_property
    def reference(self) -> type[Reference] | None:
        return self.column.rel_model if isinstance(self.column, peewee.ForeignKeyField) else None

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.column)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.column.choices or ())

    @cached_property
    def required(self) -> bool:
        return not self.column.null and self.column.default is None

    @property
    def empty(self) -> Any:
        """The value when nothing is sent."""
        default = self.column.default
        return default() if callable(default) else default

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        least, most = self.between
        length = (
            getattr(self.column, "max_length", None) if self.kind in (kinds.TEXT, kinds.LONG_TEXT) else None
        )
        return kinds.adapter(self.kind, ge=least, le=most, max_length=length)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name it may be sent by, its own first."""
        return (self.key, *self.also)

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Every name that tells something of it, its group's too."""
        return frozenset((*self.names, *([self.instead.name] if self.instead else [])))

    @cached_property
    def json_keys(self) -> tuple[str, ...]:
        """The keys it answers with: a reference by id answers with its card too."""
        return (self.key, camel(self.name)) if self.reference and self.key != self.name else (self.key,)


def itself(value: Any) -> Any:
    return value


@dataclass(frozen=True, eq=False)
class Derived:
    """A value that `reckon` makes of a record's attributes `of`, in this order; read-only wherever it is written.

    What is made of one reference alone, or of nothing, is made once for many records.
    """

    key: str
    label: str
    kind: Kind
    of: tuple[str, ...]
    reckon: Callable[..., Any] = itself
    unit: str = ""


COLUMN_KINDS: Sequence[tuple[type[peewee.Field], Kind]] = (
    (TonsField, kinds.TONS),
    (HoursField, kinds.HOURS),
    (PercentField, kinds.PERCENT),
    (VolumeField, kinds.VOLUME),
    (DensityField, kinds.DENSITY),
    (DayField, kinds.DAY),
    (MomentField, kinds.MOMENT),
    (ClockField, kinds.CLOCK_TIME),
    (LinesField, kinds.LINES),
    (peewee.ForeignKeyField, kinds.REFERENCE),
    (peewee.IntegerField, kinds.COUNT),
    (peewee.CharField, kinds.TEXT),
)


def kind_of(column: peewee.Field) -> Kind:
    """The kind that a column's class and choices stand for."""
    if column.choices:
        return kinds.CHOICE
    if isinstance(column, peewee.CharField) and getattr(column, "max_length", 0) >= 500:
        return kinds.LONG_TEXT
    return next(kind for column_type, kind in COLUMN_KINDS if isinstance(column, column_type))


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
