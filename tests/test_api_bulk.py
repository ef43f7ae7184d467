"""Many records in one request: all of them or none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.modules import RECEIVED
from deskops.records.module import Module
from tests.api_contract import (
    Api,
    always,
    bad_fields,
    body_of,
    data,
    enter,
    every_module,
    path,
    refused,
)
from tests.samples import sample


def batch(module: Module, site: Site, count: int, **values: Any) -> dict[str, Any]:
    today = site.today()
    return {
        "records": [sample(module.name, site, today - timedelta(days=day), **values) for day in range(count)]
    }


def stored(api: Api, module: Module, site: Site) -> int:
    return int(body_of(api("ben").get(path(module), **always(site)))["meta"]["totalCount"])


@every_module
def test_a_batch_is_answered_in_its_order(module: Module, api: Api, alpha: Site) -> None:
    body = batch(module, alpha, 5)
    records = data(api("ben").post(f"{path(module)}/bulk", body), 201)
    assert [record["date"] for record in records] == [sent["date"] for sent in body["records"]]
    assert stored(api, module, alpha) == 5


@every_module
def test_one_bad_record_refuses_the_batch_and_every_bad_one_is_named(
    module: Module, api: Api, alpha: Site
) -> None:
    body = batch(module, alpha, 4)
    body["records"][1]["status"] = "GONE"
    body["records"][3] = {"siteId": "NOWHERE"}
    rows = refused(api("ben").post(f"{path(module)}/bulk", body), 400, "VALIDATION_ERROR")["rows"]
    assert rows.keys() == {"1", "3"}
    assert rows["1"] == {"status": ["This value is not one of the choices"]}
    assert rows["3"]["siteId"] == ["Site ID not found"]
    assert stored(api, module, alpha) == 0


def test_a_record_that_is_no_object_is_named(api: Api, alpha: Site) -> None:
    answer = api("ben").post("/api/received/bulk", {"records": [sample("received", alpha), 7]})
    assert refused(answer, 400, "VALIDATION_ERROR")["rows"] == {"1": {"record": ["Must be a JSON object"]}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "records"),
        ({"records": []}, "records"),
        ({"records": {}}, "records"),
        ({"records": [{}] * 1_001}, "records"),
        ({"records": [{}], "dryRun": True}, "dryRun"),
    ],
    ids=["nothing", "none", "no list", "1,001", "another key"],
)
def test_only_a_list_of_1_to_1000_records_is_taken(
    body: dict[str, Any], field: str, api: Api, alpha: Site
) -> None:
    assert bad_fields(api("ben").post("/api/received/bulk", body)) == {field}


def test_a_thousand_records_are_one_request(api: Api, alpha: Site) -> None:
    body = {"records": [sample("received", alpha, quantity=0.001)] * 1_000}
    assert len(data(api("ben").post("/api/received/bulk", body), 201)) == 1_000
    assert stored(api, RECEIVED, alpha) == 1_000


def test_a_taken_key_refuses_the_batch_and_names_its_row(api: Api, alpha: Site) -> None:
    ben = api("ben")
    body = batch_of_production(alpha)
    enter_second = data(ben.post("/api/production", body["records"][1]), 201)
    details = refused(ben.post("/api/production/bulk", body), 409, "DUPLICATE_RECORD")
    assert (details["row"], details["id"]) == (1, enter_second["id"])
    twice = {"records": [body["records"][0]] * 2}
    details = refused(ben.post("/api/production/bulk", twice), 409, "DUPLICATE_RECORD")
    # The record that would hold it was not stored.
    assert details.keys() == {"key", "row"}
    assert details["row"] == 1


def batch_of_production(site: Site) -> dict[str, Any]:
    return {"records": [sample("production", site, shift=shift) for shift in ("MORNING", "AFTERNOON")]}


def test_hours_beyond_the_day_are_named_by_row(api: Api, alpha: Site) -> None:
    hours: dict[str, Any] = {"runHours": 16, "idleHours": 0, "downtimeHours": 0}
    body = {"records": [sample("equipment", alpha, shift=shift, **hours) for shift in ("MORNING", "NIGHT")]}
    rows = refused(api("ben").post("/api/equipment/bulk", body), 400, "VALIDATION_ERROR")["rows"]
    assert {index: set(fields) for index, fields in rows.items()} == {"1": {"runHours"}}


@every_module
def test_a_repeated_batch_answers_the_first_records(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    body = batch(module, alpha, 3)
    first = data(ben.post(f"{path(module)}/bulk", body, Idempotency_Key="week 7"), 201)
    assert data(ben.post(f"{path(module)}/bulk", body, Idempotency_Key="week 7"), 201) == first
    for other in ({"records": body["records"][:2]}, batch(module, alpha, 4)):
        again = ben.post(f"{path(module)}/bulk", other, Idempotency_Key="week 7")
        refused(again, 409, "IDEMPOTENCY_CONFLICT")
    assert stored(api, module, alpha) == 3


def test_a_key_of_one_record_is_taken_for_a_batch_too(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(ben.post("/api/received", sample("received", alpha), Idempotency_Key="gate 1"), 201)
    refused(
        ben.post("/api/received/bulk", batch(RECEIVED, alpha, 2), Idempotency_Key="gate 1"),
        409,
        "IDEMPOTENCY_CONFLICT",
    )
    assert stored(api, RECEIVED, alpha) == 1


def test_doubts_of_a_batch_stand_by_row(api: Api, alpha: Site) -> None:
    records = [sample("received", alpha), sample("received", alpha, quantity=90)]
    answer = api("ben").post("/api/received/bulk", {"records": records})
    assert {row: set(told) for row, told in body_of(answer)["warnings"].items()} == {"1": {"quantity"}}


def test_one_record_of_a_foreign_site_refuses_the_batch(api: Api, alpha: Site, beta: Site) -> None:
    body = {"records": [sample("received", alpha), sample("received", beta)]}
    refused(api("ben").post("/api/received/bulk", body), 403, "FORBIDDEN")
    assert stored(api, RECEIVED, alpha) == 0
    assert len(data(api("ada").post("/api/received/bulk", body), 201)) == 2


def test_a_batch_is_only_posted(api: Api, alpha: Site) -> None:
    refused(api("ben").get("/api/received/bulk"), 405, "METHOD_NOT_ALLOWED")
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    refused(ben.open("PUT", path(RECEIVED, record), json=record), 405, "METHOD_NOT_ALLOWED")
