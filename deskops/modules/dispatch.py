"""Dispatch: tons leaving the yard."""

from __future__ import annotations

import peewee

from deskops.modules.common import (
    MATERIAL_TYPE,
    OPERATIONS,
    READ_ONLY,
    UOM,
    Load,
    bookkeeping,
    heavy_load,
    load_fields,
    operation_field,
    tail,
)
from deskops.modules.loads import loads_into_tons
from deskops.records.module import Module
from deskops.schema.fields import Contains, Field
from deskops.schema.reading import Schema


class Dispatch(Load):
    destination = peewee.CharField(max_length=200, null=True)
    owner = peewee.CharField(max_length=200, null=True)
    reference = peewee.CharField(max_length=100, null=True)
    operation = peewee.CharField(max_length=10, choices=OPERATIONS, default="CRU-DIS")


DISPATCH = Module(
    name="dispatch",
    title="Dispatch",
    model=Dispatch,
    schema=Schema(
        fields=(
            *load_fields(Dispatch, received=False),
            Field(Dispatch.destination, "Destination", filters=(Contains("destination"),)),
            Field(Dispatch.owner, "Owner", filters=(Contains("owner"),), personal=True),
            Field(Dispatch.reference, "Reference", filters=(Contains("reference"),)),
            operation_field(Dispatch),
            *tail(Dispatch),
        ),
        derived=(MATERIAL_TYPE, UOM, *bookkeeping()),
        read_only=READ_ONLY,
        prepare=loads_into_tons,
    ),
    table=(
        "date",
        "time",
        "vehicleId",
        "material",
        "quantity",
        "trips",
        "destination",
        "owner",
        "reference",
        "operation",
        "status",
        "notes",
    ),
    seldom=("time", "loads", "trips", "operation", "status", "notes"),
    rules=(heavy_load,),
)
