"""Crusher feed: what a production entry says it consumed leaves the stock of the raw material, with the entry."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from deskops.accounts.models import Site
from deskops.exports import jobs
from deskops.modules import ADJUSTMENTS, PRODUCTION
from deskops.modules.reference import Material
from deskops.records import service
from deskops.schema import references
from tests import sound
from tests.api_contract import Api, Cast, bad_fields, data, enter, path, refused
from tests.clients import ApiClient
from tests.samples import sample

FEED = {"materialId": "RAW-MIXED", "quantity": 14.2}


def with_feed(script: ApiClient, site: Site, **values: Any) -> dict[str, Any]:
    return enter(script, PRODUCTION, site, **{"feed": FEED, **values})


def adjustments(script: ApiClient) -> list[dict[str, Any]]:
    return list(data(script.get(path(ADJUSTMENTS))))


def id_of(code: str) -> str:
    material = references.find(Material, code)
    assert material
    return str(material.id)


def test_the_feed_is_answered_and_taken_out_of_the_stock(api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = with_feed(ben, alpha)
    raw = id_of("RAW-MIXED")
    assert record["feed"] == {"materialId": raw, "quantity": 14.2}
    assert (record["feedMaterialId"], record["feedQuantity"]) == (raw, 14.2)
    assert record["feedMaterial"]["code"] == "RAW-MIXED"
    (taken,) = adjustments(ben)
    assert (taken["materialId"], taken["quantity"], taken["kind"]) == (raw, -14.2, "FEED")
    assert (taken["productionId"], taken["date"]) == (record["id"], record["date"])


@pytest.mark.parametrize("values", [{}, {"feed": None}, {"feed": None, "feedMaterialId": None}])
def test_an_entry_needs_no_feed(values: dict[str, Any], api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, PRODUCTION, alpha, **values)
    assert (record["feed"], record["feedMaterial"], record["feedQuantity"]) == (None, None, None)
    assert adjustments(ben) == []


@pytest.mark.parametrize(
    ("feed", "told"),
    [
        ("RAW-MIXED 14.2", {"feed"}),
        (14.2, {"feed"}),
        ([], {"feed"}),
        ({}, {"feed"}),
        ({"materialId": "RAW-MIXED"}, {"feed"}),
        ({"quantity": 14.2}, {"feed"}),
        ({**FEED, "uom": "TON"}, {"feed"}),
        ({**FEED, "materialId": "NONE"}, {"feedMaterialId"}),
        ({**FEED, "materialId": None}, {"feedMaterialId"}),
        ({**FEED, "quantity": 0}, {"feedQuantity"}),
        ({**FEED, "quantity": "much"}, {"feedQuantity"}),
        ({**FEED, "quantity": 1.2345}, {"feedQuantity"}),
        ({**FEED, "quantity": None}, {"feedQuantity"}),
    ],
    ids=str,
)
def test_what_is_no_feed_is_refused(feed: Any, told: set[str], api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert bad_fields(ben.post("/api/production", sample("production", alpha, feed=feed))) == told
    record = with_feed(ben, alpha)
    assert bad_fields(ben.patch(path(PRODUCTION, record), {"feed": feed})) == told
    assert len(adjustments(ben)) == 1


def test_both_ways_to_say_it_agree_or_are_refused(api: Api, alpha: Site) -> None:
    ben = api("ben")
    body = sample("production", alpha, feed=FEED, feedMaterialId="RAW-MIXED", feedQuantity=14.2)
    record = data(ben.post("/api/production", body), 201)
    other = body | {"shift": "NIGHT", "feedQuantity": 15}
    assert bad_fields(ben.post("/api/production", other)) == {"feed"}
    two_keys = sample("production", alpha, shift="NIGHT", feedMaterialId="RAW-MIXED", feedQuantity=14.2)
    assert data(ben.post("/api/production", two_keys), 201)["feed"] == record["feed"]


@pytest.mark.parametrize(
    "change",
    [
        {"feed": {"materialId": "RAW-CONCRETE", "quantity": 9}},
        {"feedMaterialId": "RAW-CONCRETE", "feedQuantity": 9},
    ],
    ids=["feed", "two keys"],
)
def test_a_record_that_was_read_is_sent_back_with_another_feed(
    change: dict[str, Any], api: Api, alpha: Site
) -> None:
    ben = api("ben")
    record = with_feed(ben, alpha)
    unchanged = data(ben.patch(path(PRODUCTION, record), record))
    assert unchanged["feed"] == record["feed"]
    changed = data(ben.patch(path(PRODUCTION, record), unchanged | change))
    assert changed["feed"] == {"materialId": id_of("RAW-CONCRETE"), "quantity": 9}
    (taken,) = adjustments(ben)
    assert (taken["materialId"], taken["quantity"]) == (id_of("RAW-CONCRETE"), -9)
    none = data(ben.patch(path(PRODUCTION, record), changed | {"feed": None}))
    assert none["feed"] is None
    assert adjustments(ben) == []
    back = data(
        ben.patch(path(PRODUCTION, record), none | {"feedMaterialId": "RAW-MIXED", "feedQuantity": 1})
    )
    assert back["feed"] == {"materialId": id_of("RAW-MIXED"), "quantity": 1}


def test_a_correction_that_says_nothing_of_the_feed_leaves_it(api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = with_feed(ben, alpha)
    assert data(ben.patch(path(PRODUCTION, record), {"notes": "dry"}))["feed"] == record["feed"]
    assert data(ben.patch(path(PRODUCTION, record), {"feedQuantity": 15}))["feed"]["quantity"] == 15
    assert bad_fields(ben.patch(path(PRODUCTION, record), {"feedMaterialId": None})) == {"feedMaterialId"}


def test_the_adjustment_of_an_entry_changes_with_its_entry_alone(api: Api, alpha: Site) -> None:
    ann = api("ann")
    record = with_feed(ann, alpha)
    (taken,) = adjustments(ann)
    for answer in (
        ann.delete(path(ADJUSTMENTS, taken), reason="not so much"),
        ann.patch(path(ADJUSTMENTS, taken), {"quantity": -3}),
    ):
        assert bad_fields(answer) == {"productionId"}
    assert ann.delete(path(PRODUCTION, record), reason="typed twice").status_code == 204
    assert adjustments(ann) == []
    refused(ann.get(path(ADJUSTMENTS, taken)), 404, "NOT_FOUND")


def test_many_at_once_state_their_feed(api: Api, alpha: Site) -> None:
    ben = api("ben")
    bodies = [sample("production", alpha, shift=shift, feed=FEED) for shift in ("MORNING", "NIGHT")]
    records = data(ben.post("/api/production/bulk", {"records": bodies}), 201)
    assert {one["productionId"] for one in adjustments(ben)} == {record["id"] for record in records}


def test_lists_and_files_tell_the_feed(api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = with_feed(ben, alpha)
    asked = f"/api/production?startDate={record['date']}&endDate={record['date']}"
    (listed,) = data(ben.open("GET", asked))
    assert listed["feed"] == record["feed"]
    line = ben.open("GET", asked, headers={"Accept": "application/x-ndjson"}).text
    assert json.loads(line)["feed"] == record["feed"]
    head, row = ben.open("GET", asked, headers={"Accept": "text/csv"}).text.splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=True))
    assert cells["feed"] == "RAW-MIXED 14.200"
    assert (cells["feedMaterialId"], cells["feedQuantity"]) == ("RAW-MIXED", "14.200")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_tells_the_feed(ending: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    with_feed(ben, alpha)
    asked = sound.export_body(alpha, flat=True) | {
        "module": "production",
        "format": ending,
        "columns": ["feed", "feedMaterial", "feedQuantity"],
    }
    job = data(ben.post("/api/export", asked), 201)["jobId"]
    jobs.run(job)
    file = ben.get(f"/api/export/{job}/download")
    if ending == "csv":
        _, row = csv.reader(io.StringIO(file.text))
        assert row == ["RAW-MIXED 14.200", "RAW-MIXED MIXED C&D DEBRIS", "14.200"]
    else:
        cells = [*load_workbook(io.BytesIO(file.data))["Production"].values][1]
        assert cells == ("RAW-MIXED 14.200", "RAW-MIXED MIXED C&D DEBRIS", 14.2)
    file.close()


def test_a_form_states_it_in_its_two_fields(alpha: Site, cast: Cast) -> None:
    typed = {name: str(value) for name, value in sample("production", alpha).items()}
    typed |= {"feedMaterialId": "RAW-MIXED", "feedQuantity": "14,2"}
    record = service.create(PRODUCTION, typed, cast("ben"), strict=False).record
    assert (record.feed_material.code, record.feed_quantity) == ("RAW-MIXED", Decimal("14.200"))
