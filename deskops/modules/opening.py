"""Openings: the balance of a material at the start of a day, entered by hand once; the stock is reckoned from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import peewee

from deskops.accounts.policy import KEEP_STOCK
from deskops.database import rows
from deskops.errors import DeskOpsError, DuplicateRecord, say
from deskops.modules.common import (
    MATERIAL_TYPE,
    MOST_TONS,
    READ_ONLY,
    bookkeeping,
    head,
    material_field,
    notes_field,
)
from deskops.modules.reference import Material
from deskops.records.module import Change, Module, Rights
from deskops.records.record import Record
from deskops.schema.columns import TonsField
from deskops.schema.fields import Field
from deskops.schema.reading import Schema

STOCK_RIGHTS = Rights(KEEP_STOCK, KEEP_STOCK, KEEP_STOCK)


class Opening(Record):
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    quantity = TonsField()


def nothing_before(changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
    """A material with a snapshot before the day has a balance already: that is adjusted, not begun anew."""
    refused: dict[int, DeskOpsError] = {}
    for index, change in enumerate(changes):
        one = change.after
        if one is None or not one.is_counted:
            continue
        found = rows(
            "SELECT MIN(date) FROM inventory_snapshot WHERE site_id = ? AND material_id = ? AND date < ?",
            (one.site_id, one.__data__["material"], one.date.isoformat()),
        )
        if found[0][0] is not None:
            text = say("There is stock of this material before that day: enter an adjustment of kind OPENING")
            key = {"materialId": one.__data__["material"], "date": str(found[0][0])}
            refused[index] = DuplicateRecord(text, key=key)
    return refused


OPENINGS = Module(
    name="openings",
    title="Openings",
    model=Opening,
    schema=Schema(
        fields=(
            *head(Opening),
            material_field(Opening),
            Field(Opening.quantity, "Quantity", unit="t", between=(Decimal(0), MOST_TONS)),
            notes_field(Opening),
        ),
        derived=(MATERIAL_TYPE, *bookkeeping()),
        read_only=READ_ONLY,
    ),
    table=("date", "material", "quantity", "notes"),
    seldom=("notes",),
    checks=(nothing_before,),
    unique=("site", "material"),
    rights=STOCK_RIGHTS,
)
