"""Surveys: a stockpile measured on the ground, to hold the book against."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import peewee

from deskops.modules.common import (
    MATERIAL_TYPE,
    READ_ONLY,
    bookkeeping,
    head,
    material_field,
    notes_field,
)
from deskops.modules.opening import STOCK_RIGHTS
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema import kinds
from deskops.schema.columns import DensityField, PercentField, VolumeField
from deskops.schema.fields import Derived, Field
from deskops.schema.reading import Schema

KILOGRAM = Decimal("0.001")
# What a stockpile of rubble can weigh: loose sand has 1.2 t a cubic meter, solid rock under 3.
LIGHTEST, DENSEST = Decimal("0.1"), Decimal(5)
MOST_VOLUME = Decimal("999999.999")
USUAL_ERROR = Decimal(5)


class Survey(Record):
    """Measured at the end of the day. `error_percent` is the measurement's own error, either way."""

    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    volume = VolumeField()
    density = DensityField()
    error_percent = PercentField(default=USUAL_ERROR)


def surveyed_tons(volume: Decimal, density: Decimal) -> Decimal:
    """volume (m³) × density (t/m³), to the kilogram, halves away from zero."""
    return (volume * density).quantize(KILOGRAM, ROUND_HALF_UP)


def error_tons(volume: Decimal, density: Decimal, error_percent: Decimal) -> Decimal:
    """Half the width of the band that the true tons lie in."""
    return (volume * density * error_percent / 100).quantize(KILOGRAM, ROUND_HALF_UP)


SURVEYS = Module(
    name="surveys",
    title="Surveys",
    model=Survey,
    schema=Schema(
        fields=(
            *head(Survey),
            material_field(Survey),
            Field(Survey.volume, "Volume", unit="m³", between=(Decimal(0), MOST_VOLUME)),
            Field(Survey.density, "Density", unit="t/m³", between=(LIGHTEST, DENSEST)),
            Field(Survey.error_percent, "Error", unit="%", between=(Decimal(0), Decimal(100))),
            notes_field(Survey),
        ),
        derived=(
            MATERIAL_TYPE,
            Derived("tons", "Tons", kinds.TONS, ("volume", "density"), surveyed_tons, unit="t"),
            Derived(
                "errorTons", "Error", kinds.TONS, ("volume", "density", "error_percent"), error_tons, unit="t"
            ),
            *bookkeeping(),
        ),
        read_only=READ_ONLY,
    ),
    table=("date", "material", "volume", "density", "errorPercent", "tons", "notes"),
    seldom=("errorPercent", "notes"),
    unique=("site", "date", "material"),
    rights=STOCK_RIGHTS,
)
