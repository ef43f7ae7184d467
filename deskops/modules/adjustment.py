"""Adjustments: tons that the stock gains or loses beside production, received and dispatch, each with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import peewee

from deskops.errors import Problem, say
from deskops.modules.common import (
    MATERIAL_TYPE,
    MOST_TONS,
    READ_ONLY,
    bookkeeping,
    head,
    material_field,
)
from deskops.modules.opening import STOCK_RIGHTS
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema import kinds
from deskops.schema.columns import TonsField
from deskops.schema.fields import AnyOf, Derived, Field
from deskops.schema.reading import Schema

FEED, SURVEY, MOISTURE, LOSS, OPENING = "FEED", "SURVEY", "MOISTURE", "LOSS", "OPENING"
KINDS = [
    (FEED, "Crusher feed consumed"),
    (SURVEY, "Survey correction"),
    (MOISTURE, "Moisture"),
    (LOSS, "Loss"),
    (OPENING, "Opening correction"),
]
# What these say is that tons are gone.
ALWAYS_OUT = (FEED, LOSS)


class Adjustment(Record):
    """`production_id` names the production entry that stated the feed; such a one changes with its entry alone."""

    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()
    kind = peewee.CharField(max_length=10, choices=KINDS)
    reason = peewee.CharField(max_length=500)
    production_id = peewee.CharField(max_length=36, null=True)


Adjustment.add_index(
    Adjustment.index(
        Adjustment.production_id,
        name="adjustment_of_production",
        unique=True,
        where=peewee.SQL("production_id IS NOT NULL AND voided_at IS NULL"),
    )
)


def the_sign_says_what_the_kind_says(record: Any) -> Iterator[Problem]:
    if not record.quantity:
        yield Problem("quantity", say("An adjustment of nothing changes nothing"))
    if record.kind in ALWAYS_OUT and record.quantity > 0:
        yield Problem("quantity", say("This kind takes tons away: send a negative quantity"))


ADJUSTMENTS = Module(
    name="adjustments",
    title="Adjustments",
    model=Adjustment,
    schema=Schema(
        fields=(
            *head(Adjustment),
            material_field(Adjustment),
            Field(Adjustment.quantity, "Quantity", unit="t", between=(Decimal(-MOST_TONS), MOST_TONS)),
            Field(Adjustment.kind, "Kind", filters=(AnyOf("kind"),)),
            Field(Adjustment.reason, "Reason", personal=True),
        ),
        derived=(
            MATERIAL_TYPE,
            Derived("productionId", "Production", kinds.TEXT, ("production_id",)),
            *bookkeeping(),
        ),
        read_only=READ_ONLY,
    ),
    table=("date", "material", "quantity", "kind", "reason"),
    rules=(the_sign_says_what_the_kind_says,),
    rights=STOCK_RIGHTS,
)
