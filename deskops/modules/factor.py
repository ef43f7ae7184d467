"""Tons per load, dated: the module that they are entered by."""

from __future__ import annotations

from decimal import Decimal

from deskops.modules.common import MATERIAL_TYPE, READ_ONLY, bookkeeping, head, material_field, notes_field
from deskops.modules.loads import LoadFactor
from deskops.modules.opening import STOCK_RIGHTS
from deskops.records.module import Module
from deskops.schema.fields import Field
from deskops.schema.reading import Schema

LIGHTEST_LOAD, HEAVIEST_LOAD = Decimal("0.001"), Decimal(1000)

FACTORS = Module(
    name="factors",
    title="Tons per load",
    model=LoadFactor,
    schema=Schema(
        fields=(
            *head(LoadFactor),
            material_field(LoadFactor),
            Field(
                LoadFactor.tons_per_load, "Tons per load", unit="t", between=(LIGHTEST_LOAD, HEAVIEST_LOAD)
            ),
            notes_field(LoadFactor),
        ),
        derived=(MATERIAL_TYPE, *bookkeeping()),
        read_only=READ_ONLY,
    ),
    table=("date", "material", "tonsPerLoad", "notes"),
    seldom=("notes",),
    unique=("site", "date", "material"),
    rights=STOCK_RIGHTS,
)
