"""What a manager keeps, by the API: openings, adjustments, surveys, targets and tons per load."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.ledger.standing import Standing, set_standing
from deskops.modules import ADJUSTMENTS, FACTORS, LISTED, MODULES, OPENINGS, SURVEYS, TARGETS
from deskops.records.module import Module
from tests.api_contract import (
    Api,
    bad_fields,
    body_of,
    data,
    enter,
    exactly,
    measure_of,
    path,
    refused,
)
from tests.clients import ApiClient
from tests.samples import sample

KEPT = {name: module for name, module in LISTED.items() if name not in MODULES}
every_kept = pytest.mark.parametrize("module", KEPT.values(), ids=list(KEPT))
dated = pytest.mark.parametrize("module", [ADJUSTMENTS, SURVEYS, FACTORS, TARGETS], ids=lambda one: one.name)


def day_key(module: Module) -> str:
    return module.schema.by_name["date"].key


def text_key(module: Module) -> str:
    return "reason" if module is ADJUSTMENTS else "notes"


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


def on_days(script: ApiClient, module: Module, site: Site, count: int) -> list[dict[str, Any]]:
    """Records of as many days, the newest one today and first."""
    today = site.today()
    return [enter(script, module, site, today - timedelta(days=number)) for number in range(count)]


@every_kept
def test_a_manager_enters_one_and_finds_it_at_its_location(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    answer = ann.post(path(module), sample(module.name, alpha))
    record = data(answer, 201)
    assert record.keys() == module.columns.keys()
    assert record[day_key(module)] == alpha.today().isoformat()
    assert answer.headers["Location"] == path(module, record)
    found = ann.get(answer.headers["Location"])
    assert data(found) == record
    assert found.headers["ETag"] == answer.headers["ETag"]


@every_kept
def test_everybody_of_the_yard_reads_and_only_managers_write(module: Module, api: Api, alpha: Site) -> None:
    record = enter(api("ann"), module, alpha)
    for nick in ("ben", "vera"):
        script = api(nick)
        assert ids(data(script.get(path(module)))) == [record["id"]]
        assert data(script.get(path(module, record))) == record
        later = sample(module.name, alpha, alpha.today() - timedelta(days=1))
        refused(script.post(path(module), later), 403, "FORBIDDEN")
        refused(script.patch(path(module, record), {text_key(module): "mine"}), 403, "FORBIDDEN")
        refused(script.delete(path(module, record), reason="no"), 403, "FORBIDDEN")
    assert data(api("ann").get(path(module, record))) == record


@every_kept
def test_who_is_of_another_yard_sees_none_of_it(module: Module, api: Api, alpha: Site) -> None:
    record = enter(api("ann"), module, alpha)
    cleo = api("cleo")
    assert data(cleo.get(path(module))) == []
    refused(cleo.get(path(module), siteId=alpha.code), 403, "FORBIDDEN")
    refused(cleo.get(path(module, record)), 403, "FORBIDDEN")
    refused(cleo.post(path(module), {}), 403, "FORBIDDEN")


@every_kept
def test_what_was_read_and_sent_back_changes_nothing_but_the_version(
    module: Module, api: Api, alpha: Site
) -> None:
    ann = api("ann")
    record = enter(ann, module, alpha)
    again = data(ann.patch(path(module, record), record))
    changing = {"version", "updatedAt"}
    assert {key: again[key] for key in again.keys() - changing} == {
        key: record[key] for key in record.keys() - changing
    }


@every_kept
def test_a_correction_of_a_stale_version_is_refused(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    record = enter(ann, module, alpha)
    change = {text_key(module): "measured again"}
    current = data(ann.patch(path(module, record), change, If_Match='"1"'))
    assert current[text_key(module)] == "measured again"
    late = ann.patch(path(module, record), change, If_Match='"1"')
    assert refused(late, 412, "EDIT_CONFLICT")["current"] == current
    late = ann.open("DELETE", path(module, record), headers={"If-Match": '"1"'})
    assert refused(late, 412, "EDIT_CONFLICT")["current"] == current


@every_kept
def test_a_key_enters_one_record_however_often_it_is_sent(module: Module, api: Api, alpha: Site) -> None:
    ann, body = api("ann"), sample(module.name, alpha)
    first = data(ann.post(path(module), body, Idempotency_Key="count 1"), 201)
    again = ann.post(path(module), body, Idempotency_Key="count 1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert data(again, 201) == first
    other = body | {text_key(module): "another"}
    refused(ann.post(path(module), other, Idempotency_Key="count 1"), 409, "IDEMPOTENCY_CONFLICT")


@every_kept
def test_a_void_one_stays_with_its_reason(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    record = enter(ann, module, alpha)
    gone = ann.delete(path(module, record), reason="wrong pile")
    assert (gone.status_code, gone.data) == (204, b"")
    refused(ann.get(path(module, record)), 404, "NOT_FOUND")
    assert data(ann.get(path(module))) == []
    (kept,) = data(ann.get(path(module), includeVoid="true"))
    assert kept["voidReason"] == "wrong pile"
    # Its key is free again.
    assert enter(ann, module, alpha)["id"] != record["id"]


@every_kept
def test_every_bad_field_is_told_at_once(module: Module, api: Api, alpha: Site) -> None:
    ann, (measure, places) = api("ann"), measure_of(module)
    required = {field.key for field in module.schema.fields if field.required}
    assert bad_fields(ann.post(path(module), {})) == required
    finest: dict[str, Any] = {measure: 10 ** -(places + 1)}
    bad = sample(module.name, alpha, **finest) | {
        text_key(module): "n" * 501,
        "date": "31-12-2025",
        "colour": 1,
    }
    told = bad_fields(ann.post(path(module), bad))
    assert told - {"date", day_key(module)} == {measure, text_key(module), "colour"}
    assert told & {"date", day_key(module)}


@every_kept
def test_an_unknown_site_is_told_by_its_own_code(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    refused(ann.post(path(module), sample(module.name, alpha, siteId="NOWHERE")), 400, "INVALID_SITE_ID")
    refused(ann.get(path(module), siteId="NOWHERE"), 400, "INVALID_SITE_ID")


@every_kept
def test_a_list_needs_no_days_and_has_no_longest_range(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    newest, older = on_days(ann, module, alpha, 2)
    assert ids(data(ann.get(path(module)))) == ids([newest, older])
    wide = {"startDate": "1900-01-01", "endDate": "2999-12-31"}
    assert ids(data(ann.get(path(module), **wide))) == ids([newest, older])
    today = alpha.today().isoformat()
    assert ids(data(ann.get(path(module), startDate=today))) == [newest["id"]]
    yesterday = (alpha.today() - timedelta(days=1)).isoformat()
    assert ids(data(ann.get(path(module), endDate=yesterday))) == [older["id"]]
    refused(ann.get(path(module), startDate=today, endDate=yesterday), 400, "INVALID_DATE_RANGE")
    assert bad_fields(ann.get(path(module), startDate="zebra")) == {"startDate"}
    assert bad_fields(ann.get(path(module), colour="red")) == {"colour"}


@every_kept
def test_a_filter_that_a_list_has_no_column_for_is_ignored_and_named(
    module: Module, api: Api, alpha: Site
) -> None:
    record = enter(api("ann"), module, alpha)
    answer = api("ann").get(path(module), status="ACTIVE", shift="NIGHT")
    assert ids(data(answer)) == [record["id"]]
    assert body_of(answer)["meta"]["ignored"] == ["status", "shift"]


@pytest.mark.parametrize("module", [OPENINGS, ADJUSTMENTS, SURVEYS, FACTORS], ids=lambda each: each.name)
def test_a_list_comes_in_pages_and_is_walked_by_cursor(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    expected = ids(on_days(ann, module, alpha, 5))
    met: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        answer = ann.get(path(module), pageSize=2, **cursor)
        met += ids(data(answer))
        meta = body_of(answer)["meta"]
        assert (meta["totalCount"], meta["totalPages"]) == (5, 3)
        cursor = {"cursor": meta.get("nextCursor", "")}
    assert met == expected
    assert not cursor["cursor"]
    assert ids(data(ann.get(path(module), pageSize=2, page=3))) == expected[4:]


def test_targets_come_whole_and_have_no_pages(api: Api, alpha: Site) -> None:
    ann = api("ann")
    expected = ids(on_days(ann, TARGETS, alpha, 30))
    answer = ann.get("/api/targets", siteId=alpha.code)
    assert ids(data(answer)) == expected
    assert body_of(answer)["meta"] == {"page": 1, "pageSize": 30, "totalCount": 30, "totalPages": 1}
    assert bad_fields(ann.get("/api/targets", page="2", pageSize="5", cursor="x")) == {
        "page",
        "pageSize",
        "cursor",
    }
    upwards = ann.get("/api/targets", sortOrder="asc")
    assert ids(data(upwards)) == expected[::-1]


@every_kept
def test_a_list_comes_at_once_as_csv_and_as_lines(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    records = on_days(ann, module, alpha, 3)
    lines = ann.open("GET", path(module), headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["id"] for line in lines.text.splitlines()] == ids(records)
    answer = ann.open("GET", path(module), headers={"Accept": "text/csv"})
    head, *rows = answer.text.splitlines()
    assert head.split(",") == list(module.columns)
    assert len(rows) == 3
    assert answer.headers["Content-Disposition"].endswith(f"-{module.name}.csv")


@every_kept
def test_a_list_is_told_unchanged_until_something_is_entered(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    tag = ann.get(path(module)).headers["ETag"]
    assert ann.open("GET", path(module), headers={"If-None-Match": tag}).status_code == 304
    enter(ann, module, alpha)
    assert ann.open("GET", path(module), headers={"If-None-Match": tag}).status_code == 200


@every_kept
def test_numbers_are_exact_to_their_last_decimal(module: Module, api: Api, alpha: Site) -> None:
    measure, places = measure_of(module)
    value = Decimal("-8.125" if module is ADJUSTMENTS else "8.125" if places == 3 else "8.12")
    values: dict[str, Any] = {measure: float(value)}
    record = enter(api("ann"), module, alpha, **values)
    assert exactly(data(api("ann").get(path(module, record)))[measure]) == value


@every_kept
def test_a_closed_day_takes_none_but_a_survey(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    record = enter(ann, module, alpha)
    today = alpha.today()
    set_standing(alpha.id, Standing(today, today))
    yesterday = sample(module.name, alpha, today - timedelta(days=1))
    change = ann.patch(path(module, record), {text_key(module): "late"})
    if module is SURVEYS:
        data(change)
        data(ann.post(path(module), yesterday), 201)
        assert ann.delete(path(module, record)).status_code == 204
        return
    assert refused(change, 409, "DAY_CLOSED")["closedThrough"] == today.isoformat()
    refused(ann.post(path(module), yesterday), 409, "DAY_CLOSED")
    refused(ann.delete(path(module, record)), 409, "DAY_CLOSED")


@every_kept
def test_there_is_no_bulk_route(module: Module, api: Api, alpha: Site) -> None:
    body = {"records": [sample(module.name, alpha)]}
    refused(api("ann").post(f"{path(module)}/bulk", body), 404, "NOT_FOUND")


def test_a_material_is_opened_once(api: Api, alpha: Site) -> None:
    ann = api("ann")
    first = enter(ann, OPENINGS, alpha, materialId="AGG-3/4")
    again = sample("openings", alpha, alpha.today() - timedelta(days=3), materialId="AGG-3/4")
    details = refused(ann.post(path(OPENINGS), again), 409, "DUPLICATE_RECORD")
    assert details["id"] == first["id"]
    assert details["key"]["materialId"] == "AGG-3/4"
    assert enter(ann, OPENINGS, alpha, materialId="FINE-WASHED", quantity=0)["quantity"] == 0


def test_what_has_stock_already_is_adjusted_not_opened(api: Api, alpha: Site) -> None:
    ann, yesterday = api("ann"), alpha.today() - timedelta(days=1)
    enter(ann, OPENINGS, alpha, yesterday, materialId="BASE-CRUSHED")
    for name in ("production", "received", "dispatch"):
        enter(ann, LISTED[name], alpha, yesterday, materialId="AGG-3/4", quantity=1)
    late = ann.post(path(OPENINGS), sample("openings", alpha, materialId="AGG-3/4"))
    assert refused(late, 409, "DUPLICATE_RECORD")["key"]["date"] == yesterday.isoformat()
    assert enter(ann, ADJUSTMENTS, alpha, kind="OPENING", quantity=5)["kind"] == "OPENING"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"quantity": 0}, {"quantity"}),
        ({"quantity": 5, "kind": "FEED"}, {"quantity"}),
        ({"quantity": 5, "kind": "LOSS"}, {"quantity"}),
        ({"kind": "WIND"}, {"kind"}),
        ({"reason": " "}, {"reason"}),
        ({"quantity": -1_000_000}, {"quantity"}),
    ],
)
def test_an_adjustment_says_what_its_kind_says(
    values: dict[str, Any], told: set[str], api: Api, alpha: Site
) -> None:
    assert bad_fields(api("ann").post(path(ADJUSTMENTS), sample("adjustments", alpha, **values))) == told


def test_adjustments_are_found_by_kind_and_material(api: Api, alpha: Site) -> None:
    ann = api("ann")
    loss = enter(ann, ADJUSTMENTS, alpha)
    moist = enter(ann, ADJUSTMENTS, alpha, kind="MOISTURE", quantity=2.5, materialId="FINE-WASHED")
    assert ids(data(ann.get(path(ADJUSTMENTS), kind="LOSS"))) == [loss["id"]]
    assert ids(data(ann.get(path(ADJUSTMENTS), materialType="FINE_SAND"))) == [moist["id"]]
    assert bad_fields(ann.get(path(ADJUSTMENTS), kind="WIND")) == {"kind"}


def test_a_survey_answers_its_tons_and_their_error(api: Api, alpha: Site) -> None:
    survey = enter(api("ann"), SURVEYS, alpha, volume=812.5, density=1.6, errorPercent=4)
    assert (survey["tons"], survey["errorTons"]) == (1300, 52)
    body = sample("surveys", alpha, alpha.today() - timedelta(days=1))
    del body["errorPercent"]
    assert data(api("ann").post(path(SURVEYS), body), 201)["errorPercent"] == 5


def test_a_target_answers_from_and_may_lie_ahead(api: Api, alpha: Site) -> None:
    ann, ahead = api("ann"), (alpha.today() + timedelta(days=40)).isoformat()
    record = data(
        ann.post("/api/targets", {"siteId": alpha.code, "from": ahead, "recyclingPercent": 60}), 201
    )
    assert (record["from"], record["recyclingPercent"], record["productionTons"]) == (ahead, 60, None)
    assert "date" not in record
    both = {"siteId": alpha.code, "from": ahead, "date": alpha.today().isoformat(), "recyclingPercent": 60}
    assert "from" in bad_fields(ann.post("/api/targets", both))
    taken = ann.post("/api/targets", {"siteId": alpha.code, "from": ahead, "productionTons": 5})
    assert refused(taken, 409, "DUPLICATE_RECORD")["id"] == record["id"]


def test_a_target_names_something_and_low_is_under_short(api: Api, alpha: Site) -> None:
    ann, bare = api("ann"), {"siteId": alpha.code, "from": alpha.today().isoformat()}
    assert bad_fields(ann.post("/api/targets", bare)) == {"productionTons"}
    assert bad_fields(ann.post("/api/targets", bare | {"stockLowTons": 6, "stockWarnTons": 5})) == {
        "stockLowTons"
    }
    assert bad_fields(ann.post("/api/targets", bare | {"attendancePercent": 101})) == {"attendancePercent"}
    record = data(ann.post("/api/targets", bare | {"productionTons": 0}), 201)
    assert bad_fields(ann.patch(path(TARGETS, record), {"productionTons": None})) == {"productionTons"}


@dated
def test_two_of_a_day_are_one_too_many_but_for_adjustments(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    enter(ann, module, alpha)
    again = ann.post(path(module), sample(module.name, alpha))
    if module is ADJUSTMENTS:
        data(again, 201)
    else:
        refused(again, 409, "DUPLICATE_RECORD")


@dated
def test_tomorrow_is_refused_but_for_a_target(module: Module, api: Api, alpha: Site) -> None:
    tomorrow: date = alpha.today() + timedelta(days=1)
    answer = api("ann").post(path(module), sample(module.name, alpha, tomorrow))
    if module is TARGETS:
        data(answer, 201)
    else:
        assert bad_fields(answer) == {"date"}
