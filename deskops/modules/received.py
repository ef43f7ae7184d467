"""Received: tons of rubble arriving at the yard."""

from __future__ import annotations

import peewee

from deskops.modules.common import (
    MATERIAL_TYPE,
    READ_ONLY,
    UOM,
    bookkeeping,
    head,
    heavy_load,
    loads_into_tons,
    material_field,
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


class Received(Record):
    time = ClockField(null=True)
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    loads = peewee.IntegerField(null=True)
    trips = peewee.IntegerField(null=True)
    vehicle = peewee.CharField(max_length=100, null=True)
    source = peewee.CharField(max_length=200, null=True)


RECEIVED = Module(
    name="received",
    title="Received",
    model=Received,
    schema=Schema(
        fields=(
            *head(Received),
            Field(Received.time, "Time"),
            vehicle_field(Received),
            material_field(Received, received=True),
            quantity_field(Received),
            Field(Received.loads, "Loads", between=(1, 100_000)),
            Field(Received.trips, "Trips", between=(1, 100_000)),
            Field(Received.source, "Source", filters=(Contains("source"),)),
            *tail(Received),
        ),
        derived=(MATERIAL_TYPE, UOM, *bookkeeping()),
        read_only=READ_ONLY,
        prepare=loads_into_tons,
    ),
    table=("date", "time", "vehicleId", "material", "quantity", "trips", "source", "status", "notes"),
    rules=(heavy_load,),
)
