"""The metrics and the flow trend by the API: the same tons as the list, exact, and refused in order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.database import utc_now
from deskops.modules import DISPATCH, EQUIPMENT, MODULES, PRODUCTION, RECEIVED
from deskops.records.module import Module
from tests.api_contract import OF_CHARTS, Api, bad_fields, body_of, data, enter, exactly, path, refused

TODAY = {"production": "production-today", "received": "received-today", "dispatch": "dispatched-today"}
METRICS = (*(f"metrics/{name}" for name in (*TODAY.values(), "inventory-current")), "dashboard/metrics")
with_tons = pytest.mark.parametrize("module", [MODULES[name] for name in TODAY], ids=list(TODAY))


def metric(api: Api, module: Module, site: Site) -> dict[str, Any]:
    return dict(data(api("vera").get(f"/api/metrics/{TODAY[module.name]}", siteId=site.code)))


@with_tons
def test_todays_tons_are_compared_with_yesterdays(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    today = alpha.today()
    for back, tons in ((0, 30.1), (1, 20), (6, 5.005), (7, 400)):
        enter(ben, module, alpha, today - timedelta(days=back), quantity=tons)
    told = metric(api, module, alpha)
    assert told.pop("updatedAt").startswith(utc_now().date().isoformat())
    assert told == {
        "value": 30.1,
        "previousValue": 20,
        "change": 50.5,
        "trend": "up",
        "sparkline": [5.005, 0, 0, 0, 0, 20, 30.1],
        "asOf": today.isoformat(),
        "completeness": {"there": 1, "expected": 1, "missing": []},
    }


@with_tons
def test_what_is_void_or_cancelled_is_in_no_figure_and_pending_is(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    gone = enter(ben, module, alpha, quantity=1)
    ben.delete(path(module, gone))
    enter(ben, module, alpha, status="CANCELLED", quantity=2)
    enter(ben, module, alpha, status="PENDING", quantity=4)
    assert metric(api, module, alpha)["value"] == 4


@with_tons
def test_sums_are_exact(module: Module, api: Api, alpha: Site) -> None:
    shifts: list[dict[str, Any]] = [{"shift": name} for name in ("MORNING", "AFTERNOON", "NIGHT")]
    for extra in shifts if module is PRODUCTION else [{}] * 3:
        enter(api("ben"), module, alpha, quantity=0.1, **extra)
    assert exactly(metric(api, module, alpha)["value"]) == Decimal("0.3")


def test_change_needs_something_to_divide_by(api: Api, alpha: Site) -> None:
    nothing = metric(api, RECEIVED, alpha)
    assert (nothing["value"], nothing["change"], nothing["trend"]) == (0, 0, "stable")
    enter(api("ben"), RECEIVED, alpha)
    assert metric(api, RECEIVED, alpha)["change"] == 100
    yesterday = alpha.today() - timedelta(days=1)
    enter(api("ben"), DISPATCH, alpha, yesterday)
    fallen = metric(api, DISPATCH, alpha)
    assert (fallen["change"], fallen["trend"]) == (-100, "down")


def test_a_change_is_stable_only_where_it_is_under_half_a_hundredth(api: Api, alpha: Site) -> None:
    enter(api("ben"), RECEIVED, alpha, alpha.today() - timedelta(days=1), quantity=100)
    enter(api("ben"), RECEIVED, alpha, quantity=100.004)
    stable = metric(api, RECEIVED, alpha)
    assert (stable["change"], stable["trend"]) == (0, "stable")
    enter(api("ben"), RECEIVED, alpha, quantity=0.001)
    risen = metric(api, RECEIVED, alpha)
    assert (risen["change"], risen["trend"]) == (0.01, "up")


def test_there_is_no_stock_before_the_first_opening_balance(api: Api, alpha: Site) -> None:
    enter(api("ben"), RECEIVED, alpha)
    stock = data(api("vera").get("/api/metrics/inventory-current", siteId=alpha.id))
    assert (stock["value"], stock["previousValue"], stock["asOf"]) == (0, 0, None)
    assert stock["breakdown"] == dict.fromkeys(
        ("opening", "production", "received", "dispatched", "adjustment"), 0
    )


def test_the_dashboard_compares_five_figures(api: Api, alpha: Site) -> None:
    """Utilization: 6.5 of 8 hours are 81.25 % today, 4 of 8 yesterday 50 %: 62.5 % more."""
    ben, yesterday = api("ben"), alpha.today() - timedelta(days=1)
    enter(ben, PRODUCTION, alpha, quantity=30)
    enter(ben, PRODUCTION, alpha, yesterday, quantity=20)
    enter(ben, RECEIVED, alpha, yesterday, quantity=7.125)
    enter(ben, DISPATCH, alpha, quantity=3)
    enter(ben, EQUIPMENT, alpha)
    enter(ben, EQUIPMENT, alpha, yesterday, runHours=4, idleHours=4, downtimeHours=0)
    assert data(api("vera").get("/api/dashboard/metrics", siteId=alpha.code)) == {
        "totalProduction": {"current": 30, "previous": 20, "percentageChange": 50},
        "totalDispatched": {"current": 3, "previous": 0, "percentageChange": 100},
        "totalReceived": {"current": 0, "previous": 7.125, "percentageChange": -100},
        "equipmentUtilization": {"current": 81.25, "previous": 50, "percentageChange": 62.5},
        "currentInventoryStatus": {"current": 0, "previous": 0, "percentageChange": 0},
    }


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_of_one_site_that_is_there_and_the_callers(
    name: str, api: Api, alpha: Site, beta: Site
) -> None:
    where = f"/api/{name}"
    assert refused(api("ben").get(where), 400, "MISSING_REQUIRED_PARAM") == {
        "param": "siteId",
        "missing": ["siteId"],
    }
    refused(api("ben").get(where, siteId="NOWHERE"), 400, "INVALID_SITE_ID")
    refused(api("ben").get(where, siteId=beta.code), 403, "FORBIDDEN")
    assert bad_fields(api("ada").get(where, siteId=[alpha.code, beta.code])) == {"siteId"}
    assert bad_fields(api("ben").get(where, siteId=alpha.code, days="7")) == {"days"}


def test_the_flow_trend_has_a_row_for_each_day(api: Api, alpha: Site, beta: Site) -> None:
    ada = api("ada")
    today = alpha.today()
    first, second = today - timedelta(days=2), today - timedelta(days=1)
    enter(ada, RECEIVED, alpha, first, quantity=10.25)
    enter(ada, RECEIVED, alpha, first, quantity=0.5)
    enter(ada, DISPATCH, alpha, first, quantity=12)
    enter(ada, RECEIVED, alpha, today, quantity=3)
    enter(ada, RECEIVED, beta, today, quantity=100)
    answer = api("vera").get("/api/charts/flow-trend", siteId=alpha.code, startDate=first, endDate=today)
    empty = {
        "received": 0,
        "dispatched": 0,
        "net": 0,
        "receivedCount": 0,
        "dispatchCount": 0,
        "complete": False,
    }
    assert data(answer) == [
        {
            "date": first.isoformat(),
            "received": 10.75,
            "dispatched": 12,
            "net": -1.25,
            "receivedCount": 2,
            "dispatchCount": 1,
            "complete": True,
        },
        empty | {"date": second.isoformat()},
        empty | {"date": today.isoformat(), "received": 3, "net": 3, "receivedCount": 1},
    ]
    assert body_of(answer).keys() == {"data", "timestamp", *OF_CHARTS}


def test_a_chart_is_refused_in_order(api: Api, alpha: Site) -> None:
    ben, where = api("ben"), "/api/charts/flow-trend"
    backwards = {"startDate": "2026-03-02", "endDate": "2026-03-01"}
    missing = refused(ben.get(where, colour="red"), 400, "MISSING_REQUIRED_PARAM")
    assert missing["missing"] == ["siteId", "startDate", "endDate"]
    refused(ben.get(where, siteId="NOWHERE", colour="red", **backwards), 400, "INVALID_SITE_ID")
    refused(ben.get(where, siteId=alpha.code, colour="red", **backwards), 400, "INVALID_DATE_RANGE")
    same_day = {"dateFrom": "2026-03-01", "dateTo": "2026-03-01"}
    assert bad_fields(ben.get(where, siteId=alpha.code, colour="red", **same_day)) == {"colour"}
    bad_day = {"startDate": "soon", "endDate": "2026-03-01"}
    assert bad_fields(ben.get(where, siteId=alpha.code, **bad_day)) == {"startDate"}
    assert len(data(ben.get(where, siteId=alpha.code, **same_day))) == 1


@with_tons
def test_list_metric_and_chart_show_the_same_tons(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    today = alpha.today().isoformat()
    for tons in (1.001, 2.002, 3.003):
        material = {1.001: "AGG-G1", 2.002: "AGG-S1"}.get(tons, "AGG-3/8")
        enter(ben, module, alpha, quantity=tons, materialId=material)
    days = {"siteId": alpha.code, "startDate": today, "endDate": today}
    listed = sum(exactly(record["quantity"]) for record in data(ben.get(path(module), **days)))
    assert listed == exactly(metric(api, module, alpha)["value"]) == Decimal("6.006")
    if module is not PRODUCTION:
        row = data(ben.get("/api/charts/flow-trend", **days))[0]
        assert exactly(row["received" if module is RECEIVED else "dispatched"]) == listed
