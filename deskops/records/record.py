"""What every operational record has, whatever its module."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import peewee

from deskops.accounts.models import Site
from deskops.database import BaseModel, utc_now
from deskops.schema import references
from deskops.schema.columns import DayField, IdField, LinesField, MomentField, ScaledField
from deskops.schema.references import Reference

ACTIVE, PENDING, COMPLETED, CANCELLED = "ACTIVE", "PENDING", "COMPLETED", "CANCELLED"
STATUSES = [(status, status.capitalize()) for status in (ACTIVE, PENDING, COMPLETED, CANCELLED)]
SHIFT_NAMES = ("MORNING", "AFTERNOON", "NIGHT")
SHIFTS = [(shift, shift.capitalize()) for shift in SHIFT_NAMES]

LIVE_SQL = "voided_at IS NULL"
COUNTED_SQL = "voided_at IS NULL AND status <> 'CANCELLED'"


def new_salt() -> str:
    return secrets.token_hex(8)


class Record(BaseModel):
    """One entry of a day's book. `client_key` is unique for ever: what is sent twice is stored once."""

    id = IdField()
    site = peewee.ForeignKeyField(Site, on_delete="RESTRICT", index=False)
    date = DayField()
    status = peewee.CharField(max_length=10, choices=STATUSES, default=ACTIVE)
    notes = peewee.CharField(max_length=500, null=True)
    version = peewee.IntegerField(default=1)
    created_at = MomentField(default=utc_now)
    created_by = peewee.CharField(max_length=36)
    updated_at = MomentField(default=utc_now)
    client_key = peewee.CharField(max_length=64, null=True, unique=True)
    client_digest = peewee.CharField(max_length=64, null=True)
    import_id = peewee.CharField(max_length=36, null=True)
    voided_at = MomentField(null=True)
    voided_by = peewee.CharField(max_length=36, null=True)
    void_reason = peewee.CharField(max_length=500, null=True)
    salt = peewee.CharField(max_length=16, default=new_salt)

    # Whether a day later than the site's today may be meant.
    may_lie_ahead = False

    if TYPE_CHECKING:
        site_id: str
        _dirty: set[str]

    @property
    def is_live(self) -> bool:
        return self.voided_at is None

    @property
    def is_counted(self) -> bool:
        """Whether it stands in the sums: neither void nor cancelled."""
        return self.voided_at is None and self.status != CANCELLED

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """A record from a row of all its columns, its references taken from the lists in memory."""
        record = cls.__new__(cls)
        record.__data__ = {
            name: value if read is None else read(value)
            for (name, read), value in zip(read_columns(cls), row, strict=True)
        }
        record.__rel__ = {
            name: references.by_id(model, key)
            for name, model in referring_columns(cls)
            if (key := record.__data__[name]) is not None
        }
        record._dirty = set()
        return record

    def copy(self, **values: Any) -> Self:
        """The same record with other values; references may be given as rows."""
        twin = type(self).__new__(type(self))
        twin.__data__ = dict(self.__data__)
        twin.__rel__ = dict(self.__rel__)
        twin._dirty = set()
        for name, value in values.items():
            setattr(twin, name, value)
        return twin

    @classmethod
    def new(cls, values: Mapping[str, Any]) -> Self:
        """A record of these checked values, references as rows; all else as the columns' defaults have it."""
        constants, made, references_ = defaults_of(cls)
        record = cls.__new__(cls)
        record.__data__ = constants | {name: make() for name, make in made}
        record.__data__ |= values
        record.__data__["updated_at"] = record.__data__["created_at"]
        record.__rel__ = {}
        for name in references_:
            row = record.__rel__[name] = values.get(name)
            record.__data__[name] = row.id if row is not None else None
        record._dirty = set(record.__data__)
        return record

    def row(self) -> tuple[Any, ...]:
        """The values of all columns as the database stores them."""
        value_of = self.__data__.get
        return tuple(
            [
                value_of(name) if store is None else store(value_of(name))
                for name, store in stored_columns(type(self))
            ]
        )


@cache
def defaults_of(
    model: type[Record],
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], list[str]]:
    """The defaults that are the same for all, those that are made for each, and the references' names."""
    columns = model._meta.sorted_fields
    constants = {column.name: None if callable(column.default) else column.default for column in columns}
    made = [
        (column.name, column.default)
        for column in columns
        if callable(column.default) and column.name != "updated_at"
    ]
    return constants, made, [one.name for one in columns if isinstance(one, peewee.ForeignKeyField)]


@cache
def stored_columns(model: type[Record]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """(attribute, how its value is stored) of every column, in order; None where it is stored as it is."""
    as_it_is = (peewee.ForeignKeyField, peewee.CharField, peewee.IntegerField)
    own = (ScaledField, DayField, MomentField, LinesField)
    return [
        (one.name, one.db_value if isinstance(one, own) or not isinstance(one, as_it_is) else None)
        for one in model._meta.sorted_fields
    ]


@cache
def read_columns(model: type[Record]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """(attribute, how its stored value is read) of every column, in order; None where it is read as it is."""
    return [
        (name, None if store is None else model._meta.fields[name].python_value)
        for name, store in stored_columns(model)
    ]


@cache
def referring_columns(model: type[Record]) -> list[tuple[str, type[Reference]]]:
    """(attribute, list) of every column that refers to a row of a reference list."""
    columns = model._meta.sorted_fields
    return [(one.name, one.rel_model) for one in columns if isinstance(one, peewee.ForeignKeyField)]
