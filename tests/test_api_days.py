"""The days by the API: what each owes, nil returns, closing and reopening."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.modules import DISPATCH, OPENINGS
from deskops.records import service
from tests.api_contract import MOMENT, Api, bad_fields, body_of, data, refused
from tests.conftest import user_of
from tests.entries import MONDAY
from tests.samples import as_read, sample
from tests.stock_book import STONE, Book
from tests.test_days import FIVE

TUESDAY = MONDAY + timedelta(days=1)
NIL = {"module": "dispatch", "reason": "Sandstorm"}


@pytest.fixture
def book(alpha: Site) -> Book:
    """Alpha with 100 t of stone since Monday, and nothing to report on Monday."""
    kept = Book(alpha, SYSTEM)
    kept.enter(OPENINGS, 0, STONE, "100")
    kept.nil(0, FIVE)
    return kept


def of(site: Site, what: str, day: Any = MONDAY) -> str:
    return f"/api/days/{site.code}/{day}/{what}"


def days(api: Api, site: Site, end: Any = MONDAY) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data(
        api("vera").get("/api/days", siteId=site.code, startDate=MONDAY, endDate=end)
    )
    return found


def test_a_day_says_what_is_missing_and_what_had_nothing_to_report(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(ben.post("/api/production", sample("production", alpha, MONDAY)), 201)
    data(ben.post(of(alpha, "nil"), {"module": "equipment", "shift": "NIGHT"}), 201)
    data(ben.post(of(alpha, "nil"), {"module": "manpower"}), 201)
    assert days(api, alpha) == [
        {
            "date": "2026-03-02",
            "state": "OPEN",
            "due": True,
            "missing": [{"module": name} for name in ("opening", "received", "dispatch", "equipment")],
            "nil": [{"module": "manpower"}],
            "inputs": {"there": 2, "expected": 6},
            "snapshotStored": False,
            "closedAt": None,
            "closedBy": None,
        }
    ]


def test_shifts_are_named_where_the_site_works_in_shifts(api: Api, alpha: Site) -> None:
    data(api("ada").patch(f"/api/sites/{alpha.code}", {"workShifts": ["MORNING", "NIGHT"]}))
    data(api("ben").post("/api/production", sample("production", alpha, MONDAY)), 201)
    data(api("ben").post(of(alpha, "nil"), {"module": "equipment", "shift": "MORNING"}), 201)
    [day] = days(api, alpha)
    assert {"module": "production", "shift": "NIGHT"} in day["missing"]
    assert {"module": "production", "shift": "MORNING"} not in day["missing"]
    assert day["nil"] == [{"module": "equipment", "shift": "MORNING"}]


def test_the_days_come_whole_and_ascending(api: Api, alpha: Site) -> None:
    answer = api("ben").get(
        "/api/days", siteId=alpha.id, startDate="2026-03-01", endDate="2026-05-31T08:00:00Z"
    )
    found = [day["date"] for day in data(answer)]
    assert found == sorted(found)
    assert body_of(answer)["meta"] == {"page": 1, "pageSize": 92, "totalCount": 92, "totalPages": 1}


def test_no_day_is_too_far_ahead_to_be_told(api: Api, alpha: Site) -> None:
    found = data(
        api("vera").get("/api/days", siteId=alpha.code, startDate="9999-12-30", endDate="9999-12-31")
    )
    assert [(one["date"], one["due"], one["missing"]) for one in found] == [
        ("9999-12-30", False, []),
        ("9999-12-31", False, []),
    ]


def test_the_days_are_judged_in_the_order_of_every_other_figure(api: Api, alpha: Site) -> None:
    ben = api("ben")
    backwards = {"startDate": "2026-02-02", "endDate": "2026-02-01"}
    refused(ben.get("/api/days", siteId="BETA-02", **backwards, colour="red"), 403, "FORBIDDEN")
    refused(ben.get("/api/days", siteId="NOWHERE", endDate="x"), 400, "MISSING_REQUIRED_PARAM")
    refused(ben.get("/api/days", siteId="NOWHERE", **backwards), 400, "INVALID_SITE_ID")
    refused(ben.get("/api/days", siteId=alpha.code, **backwards, colour="red"), 400, "INVALID_DATE_RANGE")
    assert bad_fields(
        ben.get("/api/days", siteId=alpha.code, startDate=MONDAY, endDate=MONDAY, colour="red")
    ) == {"colour"}


def test_a_nil_return_is_answered_as_it_stands(api: Api, alpha: Site) -> None:
    nil = data(api("ben").post(of(alpha, "nil"), NIL), 201)
    assert (nil["module"], nil["shift"], nil["reason"], nil["date"]) == (
        "dispatch",
        None,
        "Sandstorm",
        "2026-03-02",
    )
    assert (nil["siteCode"], nil["createdBy"]) == (alpha.code, user_of("ben").id)
    refused(api("ben").post(of(alpha, "nil"), NIL), 409, "DUPLICATE_RECORD")


def test_a_nil_return_that_is_sent_again_with_its_key_is_declared_once(api: Api, alpha: Site) -> None:
    ben = api("ben")
    first, again = (ben.post(of(alpha, "nil"), NIL, Idempotency_Key="gate") for _ in range(2))
    assert data(first, 201) == data(again, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(
        ben.post(of(alpha, "nil"), {"module": "received"}, Idempotency_Key="gate"),
        409,
        "IDEMPOTENCY_CONFLICT",
    )


def test_where_something_was_entered_there_was_something_to_report(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(ben.post("/api/dispatch", sample("dispatch", alpha, MONDAY)), 201)
    details = refused(ben.post(of(alpha, "nil"), NIL), 409, "DAY_BLOCKED")
    assert details["blockers"] == [{"kind": "RECORDS", "module": "dispatch", "count": 1}]


def test_a_record_that_is_entered_later_withdraws_the_nil_return(api: Api, alpha: Site) -> None:
    data(api("ben").post(of(alpha, "nil"), NIL), 201)
    service.create(DISPATCH, as_read(sample("dispatch", alpha, MONDAY)), SYSTEM)
    assert days(api, alpha)[0]["nil"] == []
    refused(api("ben").delete(of(alpha, "nil"), module="dispatch"), 404, "NOT_FOUND")


def test_a_nil_return_is_withdrawn_by_parameters_or_by_a_body(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(ben.post(of(alpha, "nil"), {"module": "production", "shift": "NIGHT"}), 201)
    refused(ben.delete(of(alpha, "nil"), module="production"), 404, "NOT_FOUND")
    answer = ben.delete(of(alpha, "nil"), module="production", shift="NIGHT", reason="We did")
    assert (answer.status_code, answer.data) == (204, b"")
    data(ben.post(of(alpha, "nil"), NIL), 201)
    assert ben.open("DELETE", of(alpha, "nil"), json={"module": "dispatch"}).status_code == 204
    assert days(api, alpha)[0]["nil"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, "module"),
        ({"module": "opening"}, "module"),
        ({"module": "production", "shift": "EVENING"}, "shift"),
        ({"module": "dispatch", "shift": "NIGHT"}, "shift"),
        ({"module": "dispatch", "reason": "x" * 501}, "reason"),
        ({"module": "dispatch", "reason": 5}, "reason"),
        ({"module": "dispatch", "siteId": "ALPHA-01", "colour": 1}, "siteId colour"),
    ],
    ids=str,
)
def test_a_bad_nil_return_is_refused_by_its_fields(
    body: dict[str, Any], fields: str, api: Api, alpha: Site
) -> None:
    assert bad_fields(api("ben").post(of(alpha, "nil"), body)) == set(fields.split())


def test_what_withdraws_nothing_is_refused(api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert refused(ben.delete(of(alpha, "nil")), 400, "MISSING_REQUIRED_PARAM")["param"] == "module"
    assert bad_fields(ben.delete(of(alpha, "nil"), module="gravel")) == {"module"}
    assert bad_fields(ben.delete(of(alpha, "nil"), module=["production", "dispatch"])) == {"module"}
    assert bad_fields(ben.delete(of(alpha, "nil"), module="dispatch", colour="red")) == {"colour"}
    assert bad_fields(ben.open("DELETE", of(alpha, "nil"), json={"reason": 5})) == {"module", "reason"}
    refused(ben.open("DELETE", of(alpha, "nil"), data=b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_day_closes_and_opens_again(api: Api, alpha: Site, book: Book) -> None:
    ann = api("ann")
    closed = data(ann.post(of(alpha, "close"), {}))
    assert (closed["state"], closed["snapshotStored"], closed["missing"]) == ("CLOSED", True, [])
    assert MOMENT.fullmatch(closed["closedAt"])
    assert closed["closedBy"] == user_of("ann").id
    assert days(api, alpha, TUESDAY)[0] == closed
    body = sample("dispatch", alpha, MONDAY)
    assert refused(ann.post("/api/dispatch", body), 409, "DAY_CLOSED")["closedThrough"] == "2026-03-02"
    opened = data(ann.post(of(alpha, "reopen"), {"reason": "A ticket came late"}))
    assert opened == closed | {"state": "REOPENED", "closedAt": None, "closedBy": None}
    data(ann.post("/api/dispatch", body), 201)


def test_what_blocks_a_close_is_told_with_its_cure(api: Api, alpha: Site, book: Book) -> None:
    ann = api("ann")
    data(ann.post(of(alpha, "nil", TUESDAY), {"module": "dispatch"}), 201)
    details = refused(ann.post(of(alpha, "close", TUESDAY), {}), 409, "DAY_BLOCKED")
    told = [{key: one[key] for key in one.keys() - {"message"}} for one in details["blockers"]]
    assert told == [
        {"kind": "EARLIER_DAY_OPEN", "date": "2026-03-02"},
        *(
            {"kind": "MISSING_INPUT", "module": name, "date": "2026-03-03"}
            for name in ("production", "received", "equipment", "manpower")
        ),
    ]
    assert all(one["message"] for one in details["blockers"])
    data(ann.post(of(alpha, "close"), {}))
    assert bad_fields(ann.post(of(alpha, "close", TUESDAY), {"override": True})) == {"reason"}
    forced = {"override": True, "reason": "The lists were lost"}
    assert data(ann.post(of(alpha, "close", TUESDAY), forced))["state"] == "CLOSED"
    assert refused(ann.post(of(alpha, "close"), {}), 409, "DAY_BLOCKED") == {"blockers": []}


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("close", {"override": "yes"}, "override"),
        ("close", {"reason": 5}, "reason"),
        ("close", {"reason": "x" * 501}, "reason"),
        ("close", {"force": True}, "force"),
        ("reopen", {}, "reason"),
        ("reopen", {"reason": " "}, "reason"),
        ("reopen", {"reason": []}, "reason"),
        ("reopen", {"reason": "Late", "override": "yes"}, "override"),
    ],
    ids=str,
)
def test_a_bad_body_is_refused_by_its_fields(
    what: str, body: dict[str, Any], field: str, api: Api, alpha: Site
) -> None:
    assert bad_fields(api("ann").post(of(alpha, what), body)) == {field}


def test_a_day_outside_the_ledger_is_a_bad_date(api: Api, alpha: Site, book: Book) -> None:
    for day in (MONDAY - timedelta(days=1), alpha.today() + timedelta(days=1)):
        assert bad_fields(api("ann").post(of(alpha, "close", day), {})) == {"date"}
    assert bad_fields(api("ann").post(of(alpha, "nil", "2990-01-01"), NIL)) == {"date"}


@pytest.mark.parametrize("what", ["nil", "close", "reopen"])
def test_a_path_that_names_no_site_or_no_day_leads_nowhere(what: str, api: Api, alpha: Site) -> None:
    ann = api("ann")
    for day in ("2026-13-01", "20260302", "today", "2026-W10-1", "2026-03-02T00:00:00"):
        refused(ann.post(of(alpha, what, day), {}), 404, "NOT_FOUND")
    refused(ann.post(f"/api/days/NOWHERE/{MONDAY}/{what}", {}), 404, "NOT_FOUND")
    refused(ann.post(f"/api/days/BETA-02/{MONDAY}/{what}", {}), 403, "FORBIDDEN")
    assert ann.post(f"/api/days/{alpha.id}/{MONDAY}/{what}", {}).status_code in (400, 409)
