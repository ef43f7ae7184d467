"""Production: tons of a material crushed in a shift."""

from __future__ import annotations

import peewee

from deskops.errors import Problem, say
from deskops.modules.common import (
    MATERIAL_TYPE,
    OPERATIONS,
    READ_ONLY,
    UOM,
    bookkeeping,
    head,
    loads_field,
    loads_into_tons,
    material_field,
    operation_field,
    quantity_field,
    shift_field,
    tail,
)
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.records.record import SHIFTS, Record
from deskops.schema.columns import TonsField
from deskops.schema.reading import Schema


class Production(Record):
    shift = peewee.CharField(max_length=10, choices=SHIFTS, default="")
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    loads = peewee.IntegerField(null=True)
    operation = peewee.CharField(max_length=10, choices=OPERATIONS, default="CRU-PRO")


def products_are_final(record: Production) -> list[Problem]:
    """A doubt: raw debris is received, not produced."""
    if record.material.is_final:
        return []
    return [
        Problem(
            "materialId",
            say("%(material)s is crusher feed: is it really a product?", material=record.material.name),
            soft=True,
        )
    ]


PRODUCTION = Module(
    name="production",
    title="Production",
    model=Production,
    schema=Schema(
        fields=(
            *head(Production),
            shift_field(Production),
            material_field(Production),
            quantity_field(Production),
            loads_field(Production),
            operation_field(Production),
            *tail(Production),
        ),
        derived=(MATERIAL_TYPE, UOM, *bookkeeping()),
        read_only=READ_ONLY,
        prepare=loads_into_tons,
    ),
    table=("date", "shift", "material", "quantity", "operation", "status", "notes"),
    seldom=("loads", "operation", "status", "notes"),
    rules=(products_are_final,),
    unique=("site", "date", "shift", "material", "operation"),
)
