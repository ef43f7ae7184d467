"""Fields that several modules share, each declared once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import peewee

from deskops.errors import Problem, say
from deskops.modules.reference import MATERIAL_TYPES, TON, Material, default_material
from deskops.records.record import Record
from deskops.schema import kinds
from deskops.schema.columns import ClockField, TonsField
from deskops.schema.fields import AnyOf, Contains, Derived, Field, Instead, Range

LEAST_TONS, MOST_TONS = Decimal("0.001"), Decimal("999999.999")
HEAVIEST_LOAD_TONS = Decimal("60")
MOST_TRIPS = 100_000
MOST_HOURS = Decimal(24)

OPERATIONS = [
    ("CRU-PRO", "Crusher Production"),
    ("CRU-DIS", "Crusher Dispatch"),
    ("CRU-OP", "Crusher Operation"),
    ("SEG-OP", "Segregation / Acceptance"),
]

# Keys an answer carries that a body may repeat; nothing is read from them.
READ_ONLY = frozenset(
    {"id", "createdAt", "updatedAt", "createdBy", "version", "voidedAt", "voidReason", "warnings"}
)


class Load(Record):
    """What a load in and a load out have in common. `loads` is the count, where it was given in loads."""

    time = ClockField(null=True)
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    loads = peewee.IntegerField(null=True)
    trips = peewee.IntegerField(null=True)
    vehicle = peewee.CharField(max_length=100, null=True)


def load_fields(model: type[Load], *, received: bool) -> tuple[Field, ...]:
    """The fields of a load, in the order a clerk types them: the vehicle first."""
    return (
        date_field(model),
        site_field(model),
        Field(model.time, "Time"),
        vehicle_field(model),
        material_field(model, received=received),
        quantity_field(model),
        loads_field(model),
        Field(model.trips, "Trips", between=(1, MOST_TRIPS)),
    )


def date_field(model: type[Record]) -> Field:
    return Field(model.date, "Date", filters=(Range("startDate", "endDate", also=("dateFrom", "dateTo")),))


def site_field(model: type[Record]) -> Field:
    return Field(model.site, "Site", invalid=say("Site ID not found"))


def status_field(model: type[Record]) -> Field:
    return Field(model.status, "Status", filters=(AnyOf("status"),))


def notes_field(model: type[Record]) -> Field:
    return Field(model.notes, "Notes", filters=(Contains("notes"),), personal=True)


def shift_field(model: Any) -> Field:
    return Field(model.shift, "Shift", filters=(AnyOf("shift"),))


def operation_field(model: Any) -> Field:
    return Field(
        model.operation, "Operation", filters=(AnyOf("operation"),), invalid=say("Invalid operation type")
    )


def quantity_field(model: Any) -> Field:
    return Field(model.quantity, "Quantity", unit="t", also=("qtyTon",), between=(LEAST_TONS, MOST_TONS))


def loads_field(model: Any) -> Field:
    return Field(model.loads, "Loads", between=(1, MOST_TRIPS))


def vehicle_field(model: Any) -> Field:
    return Field(
        model.vehicle,
        "Vehicle",
        wire="vehicleId",
        also=("vehicleRef",),
        filters=(Contains("vehicleId", "Vehicle"),),
        personal=True,
    )


def material_field(model: Any, *, received: bool = False) -> Field:
    """The material, by id or code, or by its type: then that type's default."""

    def agrees(row: Any, material_type: str) -> bool:
        return bool(row.material_type == material_type)

    return Field(
        model.material,
        "Material",
        filters=(AnyOf("materialType", by="material_type"),),
        instead=Instead("materialType", partial(default_material, received=received), agrees, MATERIAL_TYPES),
        invalid=say("Invalid material ID"),
    )


def bookkeeping() -> tuple[Derived, ...]:
    """What every record answers beside its fields."""
    return (
        Derived("id", "ID", kinds.TEXT, ("id",)),
        Derived("siteCode", "Site code", kinds.TEXT, ("site",), lambda site: site.code),
        Derived("createdAt", "Created", kinds.MOMENT, ("created_at",)),
        Derived("createdBy", "Created by", kinds.TEXT, ("created_by",)),
        Derived("updatedAt", "Updated", kinds.MOMENT, ("updated_at",)),
        Derived("version", "Version", kinds.COUNT, ("version",)),
        Derived("voidedAt", "Voided", kinds.MOMENT, ("voided_at",)),
        Derived("voidReason", "Reason of the void", kinds.LONG_TEXT, ("void_reason",)),
    )


MATERIAL_TYPE = Derived(
    "materialType", "Material type", kinds.TEXT, ("material",), lambda material: material.material_type
)
UOM = Derived("uom", "Unit", kinds.TEXT, (), lambda: TON)


def heavy_load(record: Any) -> list[Problem]:
    """A doubt: more than a truck carries."""
    trips = record.trips or 1
    if record.quantity / trips <= HEAVIEST_LOAD_TONS:
        return []
    return [
        Problem(
            "quantity",
            say("More than %(most)s t a trip: is the unit right?", most=HEAVIEST_LOAD_TONS),
            soft=True,
        )
    ]


def head(model: type[Record]) -> tuple[Field, ...]:
    return (date_field(model), site_field(model))


def tail(model: type[Record]) -> tuple[Field, ...]:
    return (status_field(model), notes_field(model))
