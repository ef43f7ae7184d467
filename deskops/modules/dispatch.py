"""Dispatch: tons leaving the yard."""

from __future__ import annotations

import peewee

from deskops.modules.common import (
    MATERIAL_TYPE,
    OPERATIONS,
    READ_ONLY,
    UOM,
    bookkeeping,
    head,
    heavy_load,
    loads_into_tons,
    material_field,
    operation_field,
    quantity_field,
    tail,
    vehicle_field,
)
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema.columns import ClockField, TonsField
from deskops.schema.fields import Contains, Field
from deskops.schema.reading import Schema


class Dispatch(Record):
    time = ClockField(null=True)
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    loads = peewee.IntegerField(null=True)
    trips = peewee.IntegerField(null=True)
    vehicle = peewee.CharField(max_length=100, null=True)
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
            *head(Dispatch),
            Field(Dispatch.time, "Time"),
            vehicle_field(Dispatch),
            material_field(Dispatch),
            quantity_field(Dispatch),
            Field(Dispatch.loads, "Loads", between=(1, 100_000)),
            Field(Dispatch.trips, "Trips", between=(1, 100_000)),
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
    table=("date", "time", "vehicleId", "material", "quantity", "trips", "destination", "owner", "reference", "operation", "status", "notes"),
    rules=(heavy_load,),
)
