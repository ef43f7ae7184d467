"""The hours of the machines, worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from deskops.accounts.models import Site
from deskops.database import is_sqlite
from deskops.insight.utilization import downtime_reasons, target_rate, utilization_of_units, utilization_trend
from deskops.modules import EQUIPMENT
from tests.api_contract import Cast
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, entering, tons
from tests.statements import counted, plan_of

TYPES = ("CRUSHING_SCREENING", "EARTH_MOVING", "HAULING", "AUXILIARY")


def test_a_type_of_machine_ran_so_much_of_its_hours(alpha: Site, cast: Cast) -> None:
    """Crushing: run 6.5 + 5 + 1.25 = 12.75 of 8 + 8 + 3 = 19 hours, 67.11 %. Hauling: 0 of 8. Others: no hours."""
    enter = entering(alpha, cast("ben"))
    for unit, run, idle, down in (
        ("CRUSHER-01", 6.5, 1, 0.5),
        ("CRUSHER-02", 5, 3, 0),
        ("SCREEN-01", 1.25, 0, 1.75),
        ("DUMPTRUCK-01", 0, 8, 0),
        ("GENERATOR-01", 0, 0, 0),
    ):
        enter(EQUIPMENT, MONDAY, equipmentId=unit, runHours=run, idleHours=idle, downtimeHours=down)
    monday, tuesday = utilization_trend(alpha, MONDAY, TUESDAY)
    assert monday.date == MONDAY
    assert monday.rates == dict(zip(TYPES, (Decimal("67.11"), None, Decimal(0), None), strict=True))
    assert list(monday.rates) == list(TYPES)
    assert tuesday.rates == dict.fromkeys(TYPES)


def test_the_target_is_eighty_percent(alpha: Site) -> None:
    assert target_rate(alpha, MONDAY) == 80


def test_a_units_hours_are_summed_and_its_shares_add_up_to_a_hundred(alpha: Site, cast: Cast) -> None:
    """Run 6 + 7, idle 1 + 0, down 0 + 1 of 15 hours: 86.67 + 6.67 + 6.67 is 100.01, so the last part gives way."""
    enter = entering(alpha, cast("ben"))
    enter(EQUIPMENT, MONDAY, runHours=6, idleHours=1, downtimeHours=0)
    enter(EQUIPMENT, TUESDAY, runHours=7, idleHours=0, downtimeHours=1)
    (crusher,) = utilization_of_units(alpha, MONDAY, WEDNESDAY)
    assert crusher.unit.code == "CRUSHER-01"
    assert (crusher.run, crusher.idle, crusher.downtime, crusher.available) == (13, 1, 1, 15)
    assert crusher.shares == tons("86.67", "6.67", "6.66")


def test_units_stand_in_the_lists_order_and_only_those_with_records(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    for unit in ("GENERATOR-01", "CRUSHER-02", "LOADER-01"):
        enter(EQUIPMENT, MONDAY, equipmentId=unit)
    enter(EQUIPMENT, TUESDAY, equipmentId="EXCAVATOR-01")
    codes = [row.unit.code for row in utilization_of_units(alpha, MONDAY, MONDAY)]
    assert codes == ["CRUSHER-02", "LOADER-01", "GENERATOR-01"]


def test_a_unit_without_hours_has_no_shares(alpha: Site, cast: Cast) -> None:
    entering(alpha, cast("ben"))(EQUIPMENT, MONDAY, runHours=0, idleHours=0, downtimeHours=0)
    (crusher,) = utilization_of_units(alpha, MONDAY, MONDAY)
    assert (crusher.available, crusher.shares) == (0, tons("0", "0", "0"))


def test_a_reason_of_the_range_is_told_once_those_of_earlier_days_first(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    enter(EQUIPMENT, TUESDAY, shift="MORNING", downtimeReasons=["No power", "Belt change"])
    enter(EQUIPMENT, MONDAY, shift="NIGHT", downtimeReasons=["Screen blocked", "Belt change"])
    enter(EQUIPMENT, TUESDAY, shift="NIGHT", downtimeReasons=[])
    enter(EQUIPMENT, WEDNESDAY, downtimeReasons=["Too late"])
    enter(EQUIPMENT, MONDAY, equipmentId="LOADER-01", downtimeReasons=["Flat tyre"])
    enter(EQUIPMENT, MONDAY, equipmentId="SCREEN-01", downtimeReasons=[])
    reasons = {row.unit.code: row.reasons for row in utilization_of_units(alpha, MONDAY, TUESDAY)}
    assert reasons == {
        "CRUSHER-01": ("Screen blocked", "Belt change", "No power"),
        "SCREEN-01": (),
        "LOADER-01": ("Flat tyre",),
    }


def test_reasons_are_found_by_an_index_of_the_logs_that_have_some(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    entering(alpha, cast("ben"))(EQUIPMENT, MONDAY)
    with counted(monkeypatch) as asked:
        assert downtime_reasons(alpha, MONDAY, TUESDAY)
    plan = plan_of(asked[-1], (alpha.id, str(MONDAY), str(TUESDAY)))
    # Of a handful of logs PostgreSQL may take either index: it goes by what it last measured.
    assert "equipment_log_with_reasons" in plan if is_sqlite() else "Seq Scan" not in plan


def test_a_record_that_does_not_count_gives_no_reason(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    enter(EQUIPMENT, MONDAY, downtimeReasons=["Belt change"], status="CANCELLED")
    enter(EQUIPMENT, MONDAY, downtimeReasons=["No power"], status="PENDING")
    (crusher,) = utilization_of_units(alpha, MONDAY, MONDAY)
    assert crusher.reasons == ("No power",)
