"""Attendance by day and shift, worked by hand."""

from __future__ import annotations

from decimal import Decimal

from deskops.accounts.models import Site
from deskops.insight.attendance import ShiftAttendance, manpower_attendance
from deskops.modules import MANPOWER
from tests.api_contract import Cast
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, entering

ROLES = ("EQUIPMENT_DRIVER", "CRUSHER_OPERATOR", "MAINTENANCE_WORKER", "LABORER", "SECURITY")
NOBODY = dict.fromkeys(ROLES, 0)


def test_a_shift_tells_people_and_hours_of_every_role(alpha: Site, cast: Cast) -> None:
    """8 + 6 + 5 + 28 + 2 = 49 of 54 scheduled are 90.74 %; 49 people of 8 hours are 392."""
    enter = entering(alpha, cast("ben"))
    for role, present, absent in zip(ROLES, (8, 6, 5, 28, 2), (1, 0, 1, 3, 0), strict=True):
        enter(MANPOWER, MONDAY, role=role, presentCount=present, absentCount=absent, totalHours=present * 8)
    (row,) = manpower_attendance(alpha, MONDAY, WEDNESDAY)
    assert row == ShiftAttendance(
        MONDAY,
        "MORNING",
        5,
        dict(zip(ROLES, (8, 6, 5, 28, 2), strict=True)),
        dict(zip(ROLES, map(Decimal, (64, 48, 40, 224, 16)), strict=True)),
    )
    assert (row.scheduled, row.rate, sum(row.hours.values())) == (54, Decimal("90.74"), 392)


def test_every_role_is_a_key_and_only_shifts_with_records_are_rows(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    enter(MANPOWER, MONDAY, role="SECURITY", presentCount=2, absentCount=0, totalHours=16.5)
    (row,) = manpower_attendance(alpha, MONDAY, MONDAY)
    assert list(row.present) == list(row.hours) == list(ROLES)
    assert row.present == NOBODY | {"SECURITY": 2}
    assert row.hours == NOBODY | {"SECURITY": Decimal("16.5")}
    assert manpower_attendance(alpha, TUESDAY, WEDNESDAY) == []


def test_shifts_stand_in_the_order_of_the_day_and_no_shift_last(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    for day in (TUESDAY, MONDAY):
        for shift in (None, "NIGHT", "AFTERNOON", "MORNING"):
            enter(MANPOWER, day, shift=shift)
    rows = manpower_attendance(alpha, MONDAY, TUESDAY)
    shifts = ["MORNING", "AFTERNOON", "NIGHT", ""]
    assert [(row.date, row.shift) for row in rows] == [
        (day, one) for day in (MONDAY, TUESDAY) for one in shifts
    ]


def test_one_shift_can_be_asked_for(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    for shift, present in ((None, 1), ("MORNING", 2), ("NIGHT", 4)):
        enter(MANPOWER, MONDAY, shift=shift, presentCount=present, totalHours=1)
    (night,) = manpower_attendance(alpha, MONDAY, MONDAY, "NIGHT")
    assert (night.shift, night.present["LABORER"]) == ("NIGHT", 4)


def test_nobody_scheduled_is_no_rate(alpha: Site, cast: Cast) -> None:
    entering(alpha, cast("ben"))(MANPOWER, MONDAY, presentCount=0, absentCount=0, totalHours=0)
    (row,) = manpower_attendance(alpha, MONDAY, MONDAY)
    assert (row.scheduled, row.rate) == (0, None)


def test_everybody_absent_is_a_rate_of_nought(alpha: Site, cast: Cast) -> None:
    entering(alpha, cast("ben"))(MANPOWER, MONDAY, presentCount=0, absentCount=3, totalHours=0)
    (row,) = manpower_attendance(alpha, MONDAY, MONDAY)
    assert (row.scheduled, row.rate) == (3, 0)
