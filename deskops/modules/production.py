"""Production: tons of a material crushed in a shift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peewee

from deskops.errors import Problem, say
from deskops.modules.common import (
    LEAST_TONS,
    MATERIAL_TYPE,
    MOST_TONS,
    OPERATIONS,
    READ_ONLY,
    UOM,
    bookkeeping,
    head,
    loads_field,
    material_field,
    operation_field,
    quantity_field,
    shift_field,
    tail,
)
from deskops.modules.feed import FEED, feed_is_whole, feed_of, spread_feed
from deskops.modules.loads import loads_into_tons
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.records.record import SHIFTS, Record
from deskops.schema.columns import TonsField
from deskops.schema.fields import Derived, Field
from deskops.schema.reading import Schema


class Production(Record):
    shift = peewee.CharField(max_length=10, choices=SHIFTS, default="")
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    loads = peewee.IntegerField(null=True)
    operation = peewee.CharField(max_length=10, choices=OPERATIONS, default="CRU-PRO")
    feed_material = peewee.ForeignKeyField(
        Material, null=True, on_delete="RESTRICT", index=False, backref="feeds"
    )
    feed_quantity = TonsField(null=True)


def spread(sent: Mapping[str, Any], held: Any) -> tuple[Mapping[str, Any], list[Problem]]:
    """What was sent, with loads as tons and the feed as its two fields."""
    sent, loads = loads_into_tons(sent, held)
    sent, feed = spread_feed(sent, held)
    return sent, loads + feed


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
            Field(Production.feed_material, "Feed material", invalid=say("Invalid material ID")),
            Field(Production.feed_quantity, "Feed consumed", unit="t", between=(LEAST_TONS, MOST_TONS)),
            *tail(Production),
        ),
        derived=(
            MATERIAL_TYPE,
            UOM,
            Derived("feed", "Feed", FEED, ("feed_material", "feed_quantity"), feed_of),
            *bookkeeping(),
        ),
        read_only=READ_ONLY,
        prepare=spread,
    ),
    table=("date", "shift", "material", "quantity", "operation", "feed", "status", "notes"),
    seldom=("loads", "operation", "status", "notes"),
    rules=(products_are_final, feed_is_whole),
    unique=("site", "date", "shift", "material", "operation"),
)
