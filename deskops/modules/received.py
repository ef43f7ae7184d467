"""Received: tons of rubble arriving at the yard."""

from __future__ import annotations

from functools import partial

import peewee

from deskops.modules.common import (
    MATERIAL_TYPE,
    READ_ONLY,
    UOM,
    Load,
    bookkeeping,
    heavy_load,
    load_fields,
    tail,
)
from deskops.modules.loads import loads_into_tons
from deskops.records.module import Module
from deskops.schema.fields import Contains, Field
from deskops.schema.reading import Schema


class Received(Load):
    source = peewee.CharField(max_length=200, null=True)


RECEIVED = Module(
    name="received",
    title="Received",
    model=Received,
    schema=Schema(
        fields=(
            *load_fields(Received, received=True),
            Field(Received.source, "Source", filters=(Contains("source"),)),
            *tail(Received),
        ),
        derived=(MATERIAL_TYPE, UOM, *bookkeeping()),
        read_only=READ_ONLY,
        prepare=partial(loads_into_tons, received=True),
    ),
    table=("date", "time", "vehicleId", "material", "quantity", "trips", "source", "status", "notes"),
    seldom=("time", "loads", "trips", "status", "notes"),
    rules=(heavy_load,),
)
