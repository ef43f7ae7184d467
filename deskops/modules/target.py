"""Targets: what a site aims at from a day on. What a row does not name stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from deskops.errors import Problem, say
from deskops.modules.common import MOST_TONS, READ_ONLY, bookkeeping, notes_field, site_field
from deskops.modules.opening import STOCK_RIGHTS
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema.columns import PercentField, TonsField
from deskops.schema.fields import Field, Range
from deskops.schema.reading import Schema

PERCENT = (Decimal(0), Decimal(100))
TONS = (Decimal(0), MOST_TONS)


class Target(Record):
    """In force from `date` on. A production of 0 says that there is no aim any more."""

    may_lie_ahead = True

    production_tons = TonsField(null=True)
    utilization_percent = PercentField(null=True)
    recycling_percent = PercentField(null=True)
    attendance_percent = PercentField(null=True)
    stock_low_tons = TonsField(null=True)
    stock_warn_tons = TonsField(null=True)


AIMS = (
    Field(Target.production_tons, "Production a day", unit="t", between=TONS),
    Field(Target.utilization_percent, "Utilization", unit="%", between=PERCENT),
    Field(Target.recycling_percent, "Recycling", unit="%", between=PERCENT),
    Field(Target.attendance_percent, "Attendance", unit="%", between=PERCENT),
    Field(Target.stock_low_tons, "Stock is low under", unit="t", between=TONS),
    Field(Target.stock_warn_tons, "Stock is short under", unit="t", between=TONS),
)


def something_is_aimed_at(record: Any) -> Iterator[Problem]:
    if all(getattr(record, aim.name) is None for aim in AIMS):
        yield Problem(AIMS[0].key, say("Name at least one target"))


def low_is_under_short(record: Any) -> Iterator[Problem]:
    low, short = record.stock_low_tons, record.stock_warn_tons
    if low is not None and short is not None and low > short:
        yield Problem("stockLowTons", say("Must be at most the tons under which stock is short"))


TARGETS = Module(
    name="targets",
    title="Targets",
    model=Target,
    schema=Schema(
        fields=(
            Field(
                Target.date,
                "From",
                wire="from",
                also=("date",),
                filters=(Range("startDate", "endDate", also=("dateFrom", "dateTo")),),
            ),
            site_field(Target),
            *AIMS,
            notes_field(Target),
        ),
        derived=bookkeeping(),
        read_only=READ_ONLY,
    ),
    table=("from", *(aim.key for aim in AIMS), "notes"),
    seldom=("notes",),
    rules=(something_is_aimed_at, low_is_under_short),
    unique=("site", "date"),
    rights=STOCK_RIGHTS,
)
