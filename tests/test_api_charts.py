"""The charts by the API: their keys, their numbers, and what is wrong about a question told at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.modules import EQUIPMENT, MANPOWER, PRODUCTION, RECEIVED
from tests.api_contract import OF_CHARTS, Api, bad_fields, body_of, data, enter, refused
from tests.clients import ApiClient
from tests.entries import MONDAY, TUESDAY

CHARTS = (
    "flow-trend",
    "production-vs-target",
    "manpower-attendance",
    "equipment-utilization",
    "recycling-rate",
    "inventory-levels",
)
ROLES = ("EQUIPMENT_DRIVER", "CRUSHER_OPERATOR", "MAINTENANCE_WORKER", "LABORER", "SECURITY")
every_chart = pytest.mark.parametrize("name", CHARTS)


def ask(script: ApiClient, name: str, site: Site, start: date, end: date, **further: Any) -> Any:
    where = f"/api/charts/{name}"
    return script.get(where, siteId=site.code, startDate=start, endDate=end, **further)


def test_production_is_told_against_the_target(api: Api, alpha: Site) -> None:
    enter(api("ben"), PRODUCTION, alpha, MONDAY, quantity=12.5)
    answer = ask(api("vera"), "production-vs-target", alpha, MONDAY, TUESDAY)
    untold = {"target": None, "variance": None, "variancePercent": None}
    assert data(answer) == [
        {"date": "2026-03-02", "production": 12.5, "complete": True, **untold},
        {"date": "2026-03-03", "production": 0, "complete": False, **untold},
    ]
    assert body_of(answer).keys() == {"data", "timestamp", *OF_CHARTS}


def test_attendance_is_told_by_role(api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, MANPOWER, alpha, MONDAY, presentCount=14, absentCount=2, totalHours=112.5)
    enter(ben, MANPOWER, alpha, MONDAY, role="SECURITY", presentCount=2, absentCount=0, totalHours=16)
    enter(ben, MANPOWER, alpha, MONDAY, shift=None, presentCount=0, absentCount=0, totalHours=0)
    nobody = dict.fromkeys(ROLES, 0)
    assert data(ask(api("vera"), "manpower-attendance", alpha, MONDAY, TUESDAY)) == [
        {
            "date": "2026-03-02",
            "shift": "MORNING",
            "present": nobody | {"LABORER": 14, "SECURITY": 2},
            "presentHours": nobody | {"LABORER": 112.5, "SECURITY": 16},
            "absent": 2,
            "totalScheduled": 18,
            "attendanceRate": 88.89,
            "targetRate": None,
        },
        {
            "date": "2026-03-02",
            "shift": None,
            "present": nobody,
            "presentHours": nobody,
            "absent": 0,
            "totalScheduled": 0,
            "attendanceRate": None,
            "targetRate": None,
        },
    ]
    assert data(ask(api("vera"), "manpower-attendance", alpha, MONDAY, TUESDAY, shift="NIGHT")) == []


def test_utilization_is_told_by_type_and_day_beside_its_target(api: Api, alpha: Site) -> None:
    enter(api("ben"), EQUIPMENT, alpha, MONDAY, runHours=6.5, idleHours=1, downtimeHours=0.5)
    answer = ask(api("vera"), "equipment-utilization", alpha, MONDAY, TUESDAY)
    unknown = dict.fromkeys(("CRUSHING_SCREENING", "EARTH_MOVING", "HAULING", "AUXILIARY"))
    assert data_beside(answer, "targetRate") == [
        {"date": "2026-03-02", **unknown, "CRUSHING_SCREENING": 81.25},
        {"date": "2026-03-03", **unknown},
    ]
    assert body_of(answer)["targetRate"] == 80
    named = ask(api("vera"), "equipment-utilization", alpha, MONDAY, TUESDAY, view="trend")
    assert data_beside(named, "targetRate") == data_beside(answer, "targetRate")


def test_utilization_is_told_by_unit(api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, EQUIPMENT, alpha, MONDAY, runHours=6, idleHours=1, downtimeHours=1, equipmentId="SCREEN-01")
    enter(ben, EQUIPMENT, alpha, TUESDAY, runHours=7, idleHours=0, downtimeHours=0, equipmentId="SCREEN-01")
    answer = ask(api("vera"), "equipment-utilization", alpha, MONDAY, TUESDAY, view="composition")
    assert data(answer) == [
        {
            "unit": "SCREEN-01",
            "def": "SCREEN",
            "type": "CRUSHING_SCREENING",
            "runTime": 86.67,
            "idleTime": 6.67,
            "downtime": 6.66,
            "runHours": 13,
            "idleHours": 1,
            "downtimeHours": 1,
            "totalAvailableHours": 15,
            "downtimeReasons": ["Belt change"],
        }
    ]
    assert body_of(answer).keys() == {"data", "timestamp", *OF_CHARTS}


def test_the_recycling_rate_is_told_with_its_moving_average_where_asked(api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, RECEIVED, alpha, MONDAY, materialId="RAW-CONCRETE", quantity=15)
    enter(ben, RECEIVED, alpha, MONDAY, materialId="RAW-MIXED", quantity=5)
    plain = data(ask(api("vera"), "recycling-rate", alpha, MONDAY, TUESDAY))
    tuesday = {"rate": None, "recycledMaterial": 0, "totalReceived": 0, "targetRate": 75, "variance": None}
    tuesday["complete"] = False
    assert plain == [
        {
            "date": "2026-03-02",
            "rate": 75,
            "recycledMaterial": 15,
            "totalReceived": 20,
            "targetRate": 75,
            "variance": 0,
            "complete": True,
        },
        {"date": "2026-03-03", **tuesday},
    ]
    averaged = data(ask(api("vera"), "recycling-rate", alpha, MONDAY, TUESDAY, average=7))
    assert averaged == [row | {"movingAverage": 75} for row in plain]


def test_a_chart_tells_which_inputs_of_its_days_are_there_and_how_old_they_are(api: Api, alpha: Site) -> None:
    """Of Monday and Tuesday received has three of four, of two shifts each production one of four."""
    ann = api("ann")
    first = body_of(ask(ann, "flow-trend", alpha, MONDAY, TUESDAY))
    assert (first["completeness"], first["updatedAt"]) == ({"there": 0, "expected": 4}, None)
    load = enter(ann, RECEIVED, alpha, MONDAY)
    enter(ann, RECEIVED, alpha, TUESDAY)
    ann.post(f"/api/days/{alpha.code}/{MONDAY}/nil", {"module": "dispatch"})
    assert body_of(ask(ann, "flow-trend", alpha, MONDAY, TUESDAY))["completeness"] == {
        "there": 3,
        "expected": 4,
    }
    api("ada").patch(f"/api/sites/{alpha.code}", {"workShifts": ["MORNING", "NIGHT"]})
    enter(ann, PRODUCTION, alpha, MONDAY, shift="MORNING")
    told = body_of(ask(ann, "production-vs-target", alpha, MONDAY, TUESDAY))
    assert (told["completeness"], told["data"][0]["complete"]) == ({"there": 1, "expected": 4}, False)
    assert body_of(ask(ann, "recycling-rate", alpha, MONDAY, MONDAY))["updatedAt"] > load["createdAt"]


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("manpower-attendance", "shift", "EVENING"),
        ("manpower-attendance", "shift", ["NIGHT", "MORNING"]),
        ("equipment-utilization", "view", "heatmap"),
        ("inventory-levels", "groupBy", "site"),
        ("recycling-rate", "average", "1"),
        ("recycling-rate", "average", "91"),
        ("recycling-rate", "average", "7.0"),
        ("recycling-rate", "average", "²"),
        ("recycling-rate", "average", "seven"),
    ],
)
def test_a_choice_there_is_not_is_refused_beside_all_else(
    name: str, parameter: str, value: Any, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    assert bad_fields(ask(ben, name, alpha, MONDAY, TUESDAY, **{parameter: value})) == {parameter}
    soon = ben.get(
        f"/api/charts/{name}",
        siteId=alpha.code,
        startDate="soon",
        endDate=TUESDAY,
        colour="red",
        **{parameter: value},
    )
    assert bad_fields(soon) == {parameter, "startDate", "colour"}


def test_a_choice_of_another_chart_is_no_parameter(api: Api, alpha: Site) -> None:
    assert bad_fields(ask(api("ben"), "flow-trend", alpha, MONDAY, TUESDAY, average=7)) == {"average"}


def test_an_empty_choice_is_none(api: Api, alpha: Site) -> None:
    answer = ask(api("ben"), "equipment-utilization", alpha, MONDAY, MONDAY, view="")
    assert body_of(answer)["targetRate"] == 80


@every_chart
def test_a_chart_is_of_one_site_of_the_callers_and_its_days(
    name: str, api: Api, alpha: Site, beta: Site
) -> None:
    ben, where = api("ben"), f"/api/charts/{name}"
    missing = refused(ben.get(where), 400, "MISSING_REQUIRED_PARAM")
    assert missing["missing"] == ["siteId", "startDate", "endDate"]
    refused(ask(ben, name, beta, MONDAY, TUESDAY), 403, "FORBIDDEN")
    refused(ask(ben, name, alpha, TUESDAY, MONDAY), 400, "INVALID_DATE_RANGE")
    refused(ask(ben, name, alpha, date(2000, 1, 1), MONDAY), 400, "INVALID_DATE_RANGE")


@every_chart
def test_a_chart_without_records_is_answered_all_the_same(name: str, api: Api, alpha: Site) -> None:
    days = 0 if name == "manpower-attendance" else 2
    assert len(body_of(ask(api("vera"), name, alpha, MONDAY, TUESDAY))["data"]) == days


def data_beside(answer: Any, key: str) -> Any:
    """The rows of a chart that tells this key beside them."""
    body = body_of(answer)
    assert body.keys() == {"data", key, "timestamp", *OF_CHARTS}
    return body["data"]
