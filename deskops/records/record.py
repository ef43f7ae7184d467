"""What every operational record has, whatever its module."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import peewee

from deskops.accounts.models import Site
from deskops.database import BaseModel, utc_now
from deskops.schema import references
from deskops.schema.columns import DayField, IdField, MomentField

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
        record.__data__ = {}
        record.__rel__ = {}
        record._dirty = set()
        for column, value in zip(cls._meta.sorted_fields, row, strict=True):
            if isinstance(column, peewee.ForeignKeyField):
                record.__rel__[column.name] = references.by_id(column.rel_model, value)
            record.__data__[column.name] = column.python_value(value)
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

    def row(self) -> tuple[Any, ...]:
        """The values of all columns as the database stores them."""
        return tuple(
            column.db_value(self.__data__.get(column.name)) for column in type(self)._meta.sorted_fields
        )
