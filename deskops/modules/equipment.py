"""Equipment: the hours a machine ran, stood idle and was down in a shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import peewee

from deskops.database import rows
from deskops.errors import DeskOpsError, Problem, ValidationFailed, say
from deskops.modules.common import MOST_HOURS, READ_ONLY, bookkeeping, head, shift_field, tail
from deskops.modules.reference import Equipment
from deskops.records.module import Change, Module
from deskops.records.record import COUNTED_SQL, SHIFTS, Record
from deskops.schema import kinds
from deskops.schema.columns import HoursField, LinesField
from deskops.schema.fields import AnyOf, Derived, Field
from deskops.schema.reading import Schema

CONDITIONS = [(name, name.capitalize()) for name in ("OPERATIONAL", "MAINTENANCE", "BREAKDOWN", "IDLE")]
TOO_MANY_HOURS = say("Run, idle and downtime of a unit come to more than 24 hours a day")
ZERO = Decimal(0)
HOURS = ("run_hours", "idle_hours", "downtime_hours")


class EquipmentLog(Record):
    shift = peewee.CharField(max_length=10, choices=SHIFTS, default="")
    equipment = peewee.ForeignKeyField(Equipment, on_delete="RESTRICT", index=False)
    run_hours = HoursField(default=ZERO)
    idle_hours = HoursField(default=ZERO)
    downtime_hours = HoursField(default=ZERO)
    downtime_reasons = LinesField(default=())
    equipment_status = peewee.CharField(max_length=12, choices=CONDITIONS, default="")

    @property
    def hours(self) -> Decimal:
        """All hours of the row: what utilization divides by."""
        return self.run_hours + self.idle_hours + self.downtime_hours

    class Meta:
        table_name = "equipment_log"


# What a chart of the hours reads beside the totals: few logs have a reason.
EquipmentLog.add_index(
    EquipmentLog.index(
        EquipmentLog.site,
        EquipmentLog.date,
        name="equipment_log_with_reasons",
        where=peewee.SQL(f"downtime_reasons <> '' AND {COUNTED_SQL}"),
    )
)


def utilization(run: Decimal, idle: Decimal, downtime: Decimal) -> Decimal:
    """run ÷ (run + idle + downtime), in percent; 0 without hours."""
    return kinds.percent(run, run + idle + downtime)


def hours_fit_in_a_row(record: EquipmentLog) -> list[Problem]:
    return [Problem("runHours", TOO_MANY_HOURS)] if record.hours > MOST_HOURS else []


def hours_fit_in_a_day(changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
    """The hours of a unit on a day, all its shifts added up, are at most 24."""
    booked: dict[tuple[str, Any, str], Decimal] = {}
    refused: dict[int, DeskOpsError] = {}
    for index, change in enumerate(changes):
        log: Any = change.after
        if not log.is_counted:
            continue
        key = (log.site_id, log.date, log.equipment_id)
        if key not in booked:
            booked[key] = booked_hours(*key) - (change.before.hours if is_same_day(change) else ZERO)  # type: ignore[union-attr]
        if booked[key] + log.hours > MOST_HOURS:
            refused[index] = ValidationFailed.of([Problem("runHours", TOO_MANY_HOURS)])
        else:
            booked[key] += log.hours
    return refused


def is_same_day(change: Change) -> bool:
    """Whether the record before already counted for the same unit and day."""
    before: Any = change.before
    after: Any = change.after
    return bool(
        before
        and before.is_counted
        and (before.date, before.equipment_id) == (after.date, after.equipment_id)
    )


def booked_hours(site_id: str, day: Any, equipment_id: str) -> Decimal:
    """The hours that the stored logs of a unit and day hold."""
    found = rows(
        "SELECT run_hours, idle_hours, downtime_hours FROM equipment_log "
        f"WHERE site_id = ? AND date = ? AND equipment_id = ? AND {COUNTED_SQL}",
        (site_id, day.isoformat(), equipment_id),
    )
    return Decimal(sum(sum(row) for row in found)).scaleb(-2)


def hours_field(column: peewee.Field, label: str, also: tuple[str, ...] = ()) -> Field:
    return Field(column, label, unit="h", also=also, between=(ZERO, MOST_HOURS))


EQUIPMENT = Module(
    name="equipment",
    title="Equipment",
    model=EquipmentLog,
    schema=Schema(
        fields=(
            *head(EquipmentLog),
            shift_field(EquipmentLog),
            Field(
                EquipmentLog.equipment,
                "Unit",
                filters=(
                    AnyOf("equipmentId", label="Unit"),
                    AnyOf("equipmentType", by="type", codes=False, label="Type"),
                ),
                invalid=say("Invalid equipment ID"),
            ),
            hours_field(EquipmentLog.run_hours, "Run", also=("hours",)),
            hours_field(EquipmentLog.idle_hours, "Idle"),
            hours_field(EquipmentLog.downtime_hours, "Downtime"),
            Field(EquipmentLog.downtime_reasons, "Downtime reasons"),
            Field(EquipmentLog.equipment_status, "Condition"),
            *tail(EquipmentLog),
        ),
        derived=(
            Derived("def", "Definition", kinds.TEXT, ("equipment",), lambda unit: unit.definition),
            Derived("type", "Type", kinds.TEXT, ("equipment",), lambda unit: unit.type),
            Derived("utilizationRate", "Utilization", kinds.PERCENT, HOURS, utilization, unit="%"),
            *bookkeeping(),
        ),
        read_only=READ_ONLY,
    ),
    table=(
        "date",
        "shift",
        "equipment",
        "runHours",
        "idleHours",
        "downtimeHours",
        "utilizationRate",
        "downtimeReasons",
        "status",
        "notes",
    ),
    seldom=("equipmentStatus", "status", "notes"),
    rules=(hours_fit_in_a_row,),
    checks=(hours_fit_in_a_day,),
    unique=("site", "date", "shift", "equipment"),
)
