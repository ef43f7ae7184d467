"""Manpower: how many people of a role were present and absent in a shift, and the hours they worked."""

from __future__ import annotations

from decimal import Decimal

import peewee

from deskops.errors import Problem, say
from deskops.modules.common import MOST_HOURS, READ_ONLY, bookkeeping, head, shift_field, tail
from deskops.modules.reference import ManpowerRole
from deskops.records.module import Module
from deskops.records.record import SHIFTS, Record
from deskops.schema import kinds
from deskops.schema.columns import HoursField
from deskops.schema.fields import AnyOf, Derived, Field
from deskops.schema.reading import Schema

MOST_PEOPLE = 500
ZERO = Decimal(0)
SCHEDULED = ("present_count", "absent_count")


class Manpower(Record):
    shift = peewee.CharField(max_length=10, choices=SHIFTS, default="")
    role = peewee.ForeignKeyField(ManpowerRole, on_delete="RESTRICT", index=False)
    present_count = peewee.IntegerField(default=0)
    absent_count = peewee.IntegerField(default=0)
    total_hours = HoursField(default=ZERO)


def attendance(present: int, absent: int) -> Decimal:
    """present ÷ (present + absent), in percent; 0 with nobody scheduled."""
    return kinds.percent(present, present + absent)


def hours_fit_the_people(record: Manpower) -> list[Problem]:
    if record.total_hours <= record.present_count * MOST_HOURS:
        return []
    return [
        Problem(
            "totalHours", say("More than 24 hours for each of %(people)s people", people=record.present_count)
        )
    ]


MANPOWER = Module(
    name="manpower",
    title="Manpower",
    model=Manpower,
    schema=Schema(
        fields=(
            *head(Manpower),
            shift_field(Manpower),
            Field(
                Manpower.role,
                "Role",
                wire="role",
                also=("roleId",),
                filters=(AnyOf("role"),),
                invalid=say("Invalid role"),
            ),
            Field(Manpower.present_count, "Present", also=("headcount",), between=(0, MOST_PEOPLE)),
            Field(Manpower.absent_count, "Absent", between=(0, MOST_PEOPLE)),
            Field(
                Manpower.total_hours,
                "Hours",
                unit="h",
                also=("hours",),
                between=(ZERO, MOST_PEOPLE * MOST_HOURS),
            ),
            *tail(Manpower),
        ),
        derived=(
            Derived("roleName", "Role name", kinds.TEXT, ("role",), lambda role: role.name),
            Derived("attendanceRate", "Attendance", kinds.PERCENT, SCHEDULED, attendance, unit="%"),
            *bookkeeping(),
        ),
        read_only=READ_ONLY,
    ),
    table=(
        "date",
        "shift",
        "role",
        "presentCount",
        "absentCount",
        "totalHours",
        "attendanceRate",
        "status",
        "notes",
    ),
    seldom=("status", "notes"),
    rules=(hours_fit_the_people,),
    unique=("site", "date", "shift", "role"),
)
