"""The stock by the API: snapshots of a day or a range, and what a day without any waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.exports import jobs
from deskops.insight.inventory import COLUMNS
from deskops.modules import ADJUSTMENTS, DISPATCH, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import MATERIAL_TYPES
from tests import reference
from tests.api_contract import Api, bad_fields, body_of, data, refused
from tests.clients import ApiClient
from tests.stock_book import RUBBLE, STONE, Book

Cast = Callable[[str], Actor]
WHERE = "/api/inventory"


@pytest.fixture
def week(alpha: Site, cast: Cast) -> Book:
    """Days 0 and 2 of Alpha's last week are stored; stone from 100 t: 110.5 t, then 120 t; rubble 30 t on day 2."""
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=6))
    book.enter(OPENINGS, 0, STONE, "100")
    book.enter(PRODUCTION, 0, STONE, "12.5", shift="MORNING")
    book.enter(DISPATCH, 0, STONE, "2")
    book.nil(0, ["received"])
    book.enter(RECEIVED, 2, STONE, "10")
    book.enter(RECEIVED, 2, RUBBLE, "30")
    book.enter(ADJUSTMENTS, 2, STONE, "-0.5", kind="LOSS", reason="Washed away")
    book.nil(2, ["production", "dispatch"])
    return book


def ask(script: ApiClient, site: Site, **params: Any) -> Any:
    return script.get(WHERE, siteId=site.code, **params)


def days(book: Book, first: int = 0, last: int = 6) -> dict[str, Any]:
    return {"startDate": book.day(first), "endDate": book.day(last)}


def test_the_snapshots_of_a_day_are_told_with_their_parts(api: Api, alpha: Site, week: Book) -> None:
    answer = ask(api("vera"), alpha, date=week.day(2))
    rubble_last = data(answer)
    assert [row["materialId"] for row in rubble_last] == ["MAT002", "MAT016"]
    moments = {key: rubble_last[0].pop(key) for key in ("createdAt", "updatedAt")}
    assert moments["createdAt"] <= moments["updatedAt"]
    assert rubble_last[0] == {
        "id": f"{alpha.id}/{week.day(2)}/MAT002",
        "date": week.day(2).isoformat(),
        "siteId": alpha.id,
        "siteCode": alpha.code,
        "site": {"code": alpha.code, "name": "Alpha Yard"},
        "materialId": "MAT002",
        "material": {"code": STONE, "name": "3/4", "category": "AGGREGATES", "uom": "TON"},
        "materialType": "COARSE_AGGREGATE",
        "uom": "TON",
        "opening": 110.5,
        "production": 0,
        "received": 10,
        "dispatched": 0,
        "adjustment": -0.5,
        "closing": 120,
        "incompleteSince": week.day(1).isoformat(),
    }
    assert body_of(answer)["meta"] == {"page": 1, "pageSize": 2, "totalCount": 2, "totalPages": 1}


def test_a_range_is_told_whole_newest_day_first(api: Api, alpha: Site, week: Book) -> None:
    vera = api("vera")
    found = data(ask(vera, alpha, **days(week)))
    told = [(row["date"], row["material"]["code"], row["closing"], row["incompleteSince"]) for row in found]
    first, second, last = (week.day(offset).isoformat() for offset in (0, 1, 2))
    assert told == [(last, STONE, 120, second), (last, RUBBLE, 30, second), (first, STONE, 110.5, None)]
    aliases = {"dateFrom": week.day(0), "dateTo": week.day(6)}
    assert data(ask(vera, alpha, **aliases)) == found
    ascending = data(ask(vera, alpha, **days(week), sortOrder="asc"))
    assert [row["closing"] for row in ascending] == [110.5, 120, 30]


def test_materials_are_chosen_as_in_lists(api: Api, alpha: Site, week: Book) -> None:
    def materials(*names: str, **further: Any) -> list[str]:
        answer = ask(api("vera"), alpha, **days(week, 2, 2), materialType=list(names), **further)
        assert body_of(answer)["meta"].get("ignored", []) == list(further)
        return [row["material"]["code"] for row in data(answer)]

    assert materials("MIXED_RUBBLE") == [RUBBLE]
    assert materials(STONE, "MAT016") == [STONE, RUBBLE]
    assert materials("FINE_SAND") == []
    assert materials(STONE, shift="NIGHT") == [STONE]
    assert bad_fields(ask(api("vera"), alpha, **days(week), materialType="GOLD")) == {"materialType"}


def test_a_day_without_snapshots_says_what_it_waits_for(api: Api, alpha: Site, week: Book) -> None:
    def missing(offset: int) -> list[dict[str, str]]:
        body = body_of(ask(api("vera"), alpha, date=week.day(offset)))
        assert body["data"] == []
        return list(body["meta"]["missing"])

    assert missing(1) == [{"module": name} for name in ("production", "received", "dispatch")]
    assert missing(-1)[0] == {"module": "opening"}
    api("ada").patch(f"/api/sites/{alpha.code}", {"workShifts": ["MORNING", "NIGHT"]})
    week.enter(PRODUCTION, 3, STONE, "1", shift="MORNING")
    week.nil(3, ["dispatch"])
    assert missing(3) == [{"module": "production", "shift": "NIGHT"}, {"module": "received"}]
    assert "missing" not in body_of(ask(api("vera"), alpha, date=week.day(2)))["meta"]
    assert "missing" not in body_of(ask(api("vera"), alpha, **days(week, 3, 4)))["meta"]


def test_a_question_has_one_day_or_two_ends(api: Api, alpha: Site, beta: Site, week: Book) -> None:
    ben, day = api("ben"), week.day(2)
    assert refused(ben.get(WHERE), 400, "MISSING_REQUIRED_PARAM")["missing"] == ["siteId", "date"]
    assert refused(ask(ben, alpha, startDate=day), 400, "MISSING_REQUIRED_PARAM")["missing"] == ["endDate"]
    assert bad_fields(ask(ben, alpha, date=day, **days(week))) == {"date"}
    assert bad_fields(ask(ben, alpha, date=day, endDate=day)) == {"date"}
    refused(ask(ben, alpha, **days(week, 2, 1)), 400, "INVALID_DATE_RANGE")
    refused(ben.get(WHERE, siteId="NOWHERE", date=day), 400, "INVALID_SITE_ID")
    refused(ask(ben, beta, date=day), 403, "FORBIDDEN")
    odd = ask(ben, alpha, date="soon", sortOrder="up", page=1)
    assert bad_fields(odd) == {"date", "sortOrder", "page"}


def test_the_list_is_not_sent_again_while_nothing_changes(api: Api, alpha: Site, week: Book) -> None:
    vera = api("vera")
    tag = ask(vera, alpha, **days(week)).headers["ETag"]
    query = {"siteId": alpha.code, **days(week)}
    seen = {"If-None-Match": tag}
    assert vera.open("GET", WHERE, query_string=query, headers=seen).status_code == 304
    week.enter(DISPATCH, 0, STONE, "1")
    changed = vera.open("GET", WHERE, query_string=query, headers=seen)
    assert [row["closing"] for row in data(changed)] == [119, 30, 109.5]


def exported(api: Api, **body: Any) -> tuple[str, bytes]:
    """The name and the bytes of a file that Vera asked for."""
    vera = api("vera")
    job = data(vera.post("/api/export", {"module": "inventory", **body}), 201)["jobId"]
    jobs.run(job)
    with vera.get(f"/api/export/{job}/download") as answer:
        return answer.headers["Content-Disposition"], answer.data


def lines(api: Api, **body: Any) -> list[str]:
    return exported(api, format="csv", **body)[1].decode().splitlines()


def test_the_snapshots_are_exported_as_a_file(api: Api, alpha: Site, week: Book) -> None:
    filters = {
        "siteId": alpha.code,
        "dateRange": {"start": week.day(0).isoformat(), "end": week.day(6).isoformat()},
    }
    columns = ["date", "materialId", "opening", "closing", "adjustment", "incompleteSince"]
    name, _ = exported(api, format="csv", filters=filters, columns=columns)
    assert f"{alpha.code}-inventory-{week.day(0)}-{week.day(6)}.csv" in name
    first, second, last = (week.day(offset) for offset in (0, 1, 2))
    assert lines(api, filters=filters, columns=columns) == [
        ",".join(columns),
        f"{last},AGG-3/4,110.500,120.000,-0.500,{second}",
        f"{last},RAW-MIXED,0.000,30.000,0.000,{second}",
        f"{first},AGG-3/4,100.000,110.500,0.000,",
    ]
    chosen = {**filters, "materialTypes": ["MIXED_RUBBLE"], "sortOrder": "asc"}
    rubble = lines(api, filters=chosen, columns=["site", "material", "uom", "closing"])
    assert rubble[1:] == ["ALPHA-01 Alpha Yard,RAW-MIXED MIXED C&D DEBRIS,TON,30.000"]


def test_a_file_has_the_rows_and_keys_of_the_list(api: Api, alpha: Site, week: Book) -> None:
    flat = {"siteId": alpha.code, "dateFrom": week.day(0).isoformat(), "dateTo": week.day(6).isoformat()}
    _, written = exported(api, format="xlsx", **flat)
    sheet = load_workbook(BytesIO(written))["Inventory"]
    heading, *rows = sheet.iter_rows(values_only=True)
    assert len(heading) == len(COLUMNS)
    listed = data(ask(api("vera"), alpha, **days(week)))
    place = list(COLUMNS).index("closing")
    assert [row[place] for row in rows] == [one["closing"] for one in listed]
    assert heading[place] == "Closing (t)"


def test_a_long_range_is_exported_in_pieces_in_its_order(api: Api, alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=200))
    book.enter(OPENINGS, 0, STONE, "100")
    stored = (0, 61, 62, 130, 200)
    for offset in stored:
        book.nil(offset)
    filters = {
        "siteId": alpha.code,
        "dateRange": {key: book.day(at).isoformat() for key, at in (("start", 0), ("end", 200))},
    }
    told = [
        lines(api, columns=["date"], filters=filters | {"sortOrder": order})[1:] for order in ("asc", "desc")
    ]
    ascending = [book.day(offset).isoformat() for offset in stored]
    assert told == [ascending, ascending[::-1]]


def test_an_export_of_the_stock_is_refused_what_its_list_does_not_have(api: Api, alpha: Site) -> None:
    day = alpha.today().isoformat()
    body = {
        "format": "csv",
        "module": "inventory",
        "filters": {
            "siteId": alpha.code,
            "dateRange": {"start": day, "end": day},
            "sortBy": "closing",
            "vehicleId": "x",
        },
        "columns": ["quantity"],
    }
    assert bad_fields(api("vera").post("/api/export", body)) == {"columns", "vehicleId", "sortBy"}


def test_the_page_of_exports_offers_the_stock(browse: Any, alpha: Site) -> None:
    page = browse("vera").get("/exports", module="inventory")
    assert '<option value="inventory" selected>' in page.text
    assert 'name="materialType"' in page.text
    assert 'name="shift"' not in page.text
    made = browse("vera").post("/exports", {"module": "inventory", "format": "csv", "siteId": alpha.code})
    assert made.status_code == 303


def test_every_key_of_a_snapshot_is_told() -> None:
    rows = reference.table("| key | meaning |", "## Inventory")
    assert {key for row in rows for key in reference.marked(row["key"])} == COLUMNS.keys()


def test_the_stock_is_told_as_a_metric(api: Api, alpha: Site, week: Book) -> None:
    """110.5 t at the start of day 2, 40 received, 0.5 lost: 150 t, 35.75 % more."""
    told = data(api("vera").get("/api/metrics/inventory-current", siteId=alpha.code))
    assert told.pop("updatedAt")
    assert told == {
        "value": 150,
        "previousValue": 110.5,
        "change": 35.75,
        "trend": "up",
        "sparkline": [110.5, 110.5, 150, 150, 150, 150, 150],
        "asOf": week.day(2).isoformat(),
        "breakdown": {
            "opening": 110.5,
            "production": 0,
            "received": 40,
            "dispatched": 0,
            "adjustment": -0.5,
        },
        "incompleteSince": week.day(1).isoformat(),
        "completeness": {
            "there": 1,
            "expected": 4,
            "missing": [{"module": name} for name in ("production", "received", "dispatch")],
        },
    }
    figures = data(api("vera").get("/api/dashboard/metrics", siteId=alpha.code))
    assert figures["currentInventoryStatus"] == {
        "current": 150,
        "previous": 110.5,
        "percentageChange": 35.75,
    }


def test_levels_are_told_by_type_or_by_material(api: Api, alpha: Site, week: Book) -> None:
    vera, where = api("vera"), "/api/charts/inventory-levels"
    body = body_of(vera.get(where, siteId=alpha.code, **days(week, 1, 2)))
    assert body["materials"] == list(MATERIAL_TYPES)
    unknown = dict.fromkeys(MATERIAL_TYPES)
    carried = {"date": week.day(1).isoformat(), "COARSE_AGGREGATE": 110.5, "complete": False}
    stored = {"date": week.day(2).isoformat(), "COARSE_AGGREGATE": 120, "MIXED_RUBBLE": 30, "complete": True}
    assert body["data"] == [unknown | carried, unknown | stored]
    assert body["completeness"] == {"there": 3, "expected": 6}
    by_material = body_of(vera.get(where, siteId=alpha.code, **days(week, 1, 1), groupBy="material"))
    assert by_material["materials"] == [STONE]
    assert by_material["data"] == [{"date": week.day(1).isoformat(), STONE: 110.5, "complete": False}]
    none = body_of(vera.get(where, siteId=alpha.code, **days(week, -2, -1), groupBy="material"))
    assert none["materials"] == []
